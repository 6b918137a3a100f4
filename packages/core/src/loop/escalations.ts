import { namedReasons } from './reasons.js';
import type { EscalationReason, NamedReason } from './reasons.js';

/** Where an answer leads. Nothing leads to COMPLETE past the gates. */
export const outcomes = ['retry', 'extend', 'replan', 'skip-task', 'fail-track', 'resolved'] as const;
export type LeadsTo = (typeof outcomes)[number];

export interface EscalationOption {
  readonly id: string;
  readonly label: string;
  readonly leadsTo: LeadsTo;
}

export interface Escalation {
  /** The first one is taken by a plain "approve". What leads to `skip-task` is offered where a task is stuck, `replan` where there is a plan. */
  readonly options: readonly EscalationOption[];
}

const failTrack = { id: 'fail', label: 'Give up: the track has failed', leadsTo: 'fail-track' } as const;
const skip = { id: 'skip', label: 'Leave these tasks out', leadsTo: 'skip-task' } as const;
const replan = { id: 'replan', label: 'Send the plan back to the planner', leadsTo: 'replan' } as const;

/** What an agent came upon and may not decide itself. */
const found = (...first: readonly EscalationOption[]): Escalation => ({
  options: [...first, { id: 'retry', label: 'Decided: try again', leadsTo: 'retry' }, skip, failTrack],
});

/** One row per reason to ask a person: what the answers do. Whoever asks has the words for it. */
export const escalations: Readonly<Record<EscalationReason, Escalation>> = Object.freeze({
  PLAN_FAILED: {
    options: [{ id: 'retry', label: 'Ask the planner again', leadsTo: 'retry' }, failTrack],
  },
  PLAN_LIMIT: {
    options: [
      { id: 'extend', label: 'Allow one more plan revision', leadsTo: 'extend' },
      { id: 'retry', label: 'Evaluate the plan as it stands now', leadsTo: 'retry' },
      failTrack,
    ],
  },
  CTO_LIMIT: {
    options: [
      { id: 'extend', label: 'Allow one more round with the CTO', leadsTo: 'extend' },
      { id: 'retry', label: 'Review the plan as it stands now', leadsTo: 'retry' },
      failTrack,
    ],
  },
  TASK_LIMIT: {
    options: [{ id: 'retry', label: 'Try the failed and blocked tasks again', leadsTo: 'retry' }, skip, failTrack],
  },
  FIX_LIMIT: {
    options: [
      { id: 'extend', label: 'Allow one more fix cycle', leadsTo: 'extend' },
      { id: 'retry', label: 'Evaluate again as it stands now; tasks that are stuck are tried again', leadsTo: 'retry' },
      { id: 'skip', label: 'Leave the tasks out that are stuck, and evaluate again', leadsTo: 'skip-task' },
      failTrack,
    ],
  },
  ITERATION_LIMIT: {
    options: [{ id: 'extend', label: 'Start the count again', leadsTo: 'extend' }, failTrack],
  },
  TRACK_BLOCKED: {
    options: [{ id: 'resolved', label: 'It is resolved, go on', leadsTo: 'resolved' }, failTrack],
  },
  BOARD_ESCALATED: {
    options: [replan, { id: 'retry', label: 'Ask the board again', leadsTo: 'retry' }, failTrack],
  },
  USER_ONLY: found(),
  LEAD_ESCALATED: found(),
  LEADS_DISAGREE: found(),
  SECURITY: found(),
  PRODUCTION_DATA: found(),
  SCOPE_CHANGE: found(replan),
  REQUIREMENT_AMBIGUOUS: found(),
  CRITICAL_DECISION: found(),
  INPUT_MISSING: found(),
});

/** Codes of errors that say that the call itself was wrong, exit codes 2 and 3 of an agent: asked again it would say the same. */
const wrongCalls: readonly string[] = ['VALIDATION_FAILED', 'FILE_NOT_FOUND'];

/** What a failed or blocked agent asks about: by the code of its error, or by the first word of what it says (`SCOPE_CHANGE: …`). */
export function reasonNamed(text: string, code = ''): NamedReason | undefined {
  if (wrongCalls.includes(code)) return 'INPUT_MISSING';
  const [word = ''] = text.trimStart().slice(0, 40).split(':', 1);
  return namedReasons.find((reason) => reason === word.trimEnd());
}
