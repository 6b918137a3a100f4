import type { EffectId, Instant } from '../ports/values.js';
import type { ProcessRecord } from '../ports/executor.js';
import type { EscalationOption } from '../loop/escalations.js';
import type { EscalationReason } from '../loop/reasons.js';
import type { Step } from './model.js';

/** What the shell owes a track now: data, a function of state alone. */
export type Action =
  | { readonly do: 'start'; readonly step: Step; readonly visit: number; readonly rule: string }
  | {
      readonly do: 'ask';
      readonly role: string;
      readonly effect: EffectId;
      readonly step: Step;
      readonly visit: number;
    }
  | {
      readonly do: 'work';
      readonly step: 'EXECUTE' | 'FIX';
      readonly ready: ReadonlySet<string>;
      readonly slots: number;
    }
  | { readonly do: 'settle'; readonly taskId: string; readonly runId: string; readonly effect: EffectId }
  | { readonly do: 'recover'; readonly effect: EffectId; readonly taskId?: string; readonly process?: ProcessRecord }
  | { readonly do: 'board'; readonly boardId: string; readonly form: 'full' | 'quick' }
  | { readonly do: 'apply'; readonly approvalId: string }
  | { readonly do: 'close'; readonly step: Step; readonly visit: number; readonly outcome: 'pass' | 'fail' }
  | {
      readonly do: 'escalate';
      readonly reason: EscalationReason;
      readonly rule: string;
      /** What is offered: the options of the reason that make sense now. */
      readonly options: readonly EscalationOption[];
    }
  | { readonly do: 'finish'; readonly part: CompletionPart; readonly effect: EffectId }
  | { readonly do: 'wait'; readonly until?: Instant; readonly timer?: string }
  | { readonly do: 'await'; readonly approvals: readonly string[] }
  | {
      readonly do: 'stop';
      readonly reason: 'completed' | 'blocked' | 'paused' | 'cancelled' | 'budget' | 'stopped' | 'error';
    }
  | { readonly do: 'none'; readonly because: string };

/** Parts of the completion protocol, in their order. */
export const completionParts = ['commit', 'report', 'retrospective', 'cleanup'] as const;
export type CompletionPart = (typeof completionParts)[number];
