import type { Finding } from '../../kernel/finding.js';
import type { Call, WireError, Write } from './calls.js';

/** Documents of the business, tier by tier, and reviews of phases. */
export interface DocumentsApi {
  /** What a synchronisation would ask for, and what does not fit now; writes nothing. */
  check(query?: { trackId?: string | undefined }, o?: Call): Promise<DocumentCheck>;
  /** Asks the scribe; resolves when that has begun, `get` tells how it goes. `EXECUTOR_MISSING`, `LEASE_HELD`. */
  sync(input?: { trackId?: string | undefined }, o?: Write): Promise<DocumentSync>;
  /** A synchronisation that was asked for. The last hundred of an engine are known: the record is decision-log.md. */
  get(id: string, o?: Call): Promise<DocumentSync>;
  /**
   * Reviews a phase by its number (default: the last complete one) and writes the report beside the phase reports. No agent.
   * `PLAN_NOT_FOUND`, `VALIDATION_FAILED`.
   */
  review(trackId: string, input?: { phase?: string | undefined }, o?: Write): Promise<PhaseReview>;
}

export interface DocumentCheck {
  trigger: string;
  impacts: readonly string[];
  /** What workers of the track flagged. */
  reasons: readonly string[];
  /** In the order in which they are written. */
  tiers: readonly { tier: number; name: string; rule: string; documents: readonly string[] }[];
  findings: readonly Finding[];
}

export interface DocumentSync {
  id: string;
  /** `failed`: the documents do not fit (`findings`), or it broke off (`error`). */
  status: 'running' | 'done' | 'failed';
  what: string;
  trackId?: string;
  startedAt: string;
  endedAt?: string;
  /** Paths that were changed. */
  documents: readonly string[];
  findings: readonly Finding[];
  commit?: string;
  error?: WireError;
}

export interface PhaseReview {
  trackId: string;
  phase: string;
  title: string;
  verdict: 'PASS' | 'FAIL';
  /** Where the report lies. */
  path: string;
  /** The report, Markdown. */
  text: string;
  checks: readonly { name: string; result: string; detail?: string | undefined }[];
  findings: readonly Finding[];
}
