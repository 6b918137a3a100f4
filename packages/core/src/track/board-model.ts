import type { Json } from '../ports/values.js';
import type { Step } from './model.js';

/** A requirement the board attached to its approval; verified at EVALUATE_EXECUTION. */
export interface Condition {
  readonly id: string;
  readonly text: string;
  readonly director: string;
  readonly verify: { readonly kind: 'check' | 'command' | 'evaluator' | 'person'; readonly ref: string };
  readonly met?: boolean;
  readonly evidence?: Json;
}

export interface BoardReference {
  readonly state: 'open' | 'waiting' | 'concluded';
  readonly kind: string;
  readonly checkpoint: string;
  readonly step: Step;
  readonly visit: number;
  readonly verdict?: string;
}

/** What a board is asked about. */
export interface Proposal {
  readonly title: string;
  readonly text: string;
  readonly subject: string;
  readonly subjectRevision: number;
}

/** Plain data gathered by the shell, by topic: plan, spec, changed, manifests, tests, secrets, sizes … */
export interface Facts {
  readonly [topic: string]: Json;
}

export interface Assessment {
  readonly verdict: 'APPROVE' | 'CONCERNS' | 'REJECT';
  /** 1 to 10. */
  readonly score: number;
  readonly breakdown?: Json;
  readonly keyPoints: readonly string[];
  readonly concerns: readonly string[];
  readonly recommendations: readonly string[];
  readonly questions?: readonly string[];
  readonly blocking: boolean;
  readonly evidence?: Json;
}

export interface Remark {
  readonly from: string;
  /** A director's code, or `ALL`. */
  readonly to: string;
  readonly kind: 'CHALLENGE' | 'AGREE' | 'QUESTION' | 'CLARIFY';
  readonly message: string;
  readonly changesMyVerdict: boolean;
  readonly round: number;
}

export interface Vote {
  readonly verdict: 'APPROVE' | 'REJECT' | 'ABSTAIN';
  /** 0 to 1; it does not change the count. */
  readonly confidence: number;
  readonly conditions: readonly Omit<Condition, 'id' | 'director'>[];
  readonly dissentNoted?: string;
}

export type BoardVerdict = 'APPROVED' | 'APPROVED_WITH_REVIEW' | 'REJECTED' | 'ESCALATE';
export type BoardForm = 'full' | 'quick' | 'deepDive' | 'tieBreak' | 'postMortem';

export interface BoardSession {
  readonly id: string;
  readonly revision: number;
  readonly checkpoint: string;
  readonly kind: string;
  readonly status: 'ASSESSING' | 'DISCUSSING' | 'VOTING' | 'RESOLVING' | 'COMPLETE' | 'CANCELLED';
  readonly round: number;
  readonly proposal: Proposal;
  readonly directors: readonly string[];
  readonly waitingFor: readonly string[];
  readonly assessments: Readonly<Record<string, Assessment>>;
  readonly remarks: readonly Remark[];
  readonly votes: Readonly<Record<string, Vote>>;
  readonly verdict?: BoardVerdict;
  readonly conditions: readonly Condition[];
}
