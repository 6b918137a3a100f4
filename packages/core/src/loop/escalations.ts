import type { EscalationReason } from './transitions.js';

/** Where an answer leads. Nothing leads to COMPLETE past the gates. */
export const outcomes = ['retry', 'extend', 'replan', 'skip-task', 'fail-track', 'resolved'] as const;
export type LeadsTo = (typeof outcomes)[number];

export interface Escalation {
  readonly title: string;
  readonly question: string;
  /** The first one is taken by a plain "approve". */
  readonly options: readonly { readonly id: string; readonly label: string; readonly leadsTo: LeadsTo }[];
}

const failTrack = { id: 'fail', label: 'Give up: the track has failed', leadsTo: 'fail-track' } as const;

/** One row per reason to ask a person: what is asked, and what the answers do. */
export const escalations: Readonly<Record<EscalationReason, Escalation>> = Object.freeze({
  PLAN_FAILED: {
    title: 'The planner failed',
    question: 'Try again, or stop here?',
    options: [{ id: 'retry', label: 'Ask the planner again', leadsTo: 'retry' }, failTrack],
  },
  PLAN_LIMIT: {
    title: 'The plan was revised as often as allowed and still does not pass',
    question: 'Allow one more revision?',
    options: [{ id: 'extend', label: 'Allow one more plan revision', leadsTo: 'extend' }, failTrack],
  },
  TASK_LIMIT: {
    title: 'A task failed for the last time or cannot be done',
    question: 'Try it once more, leave it out, or stop here?',
    options: [
      { id: 'retry', label: 'Try the failed and blocked tasks again', leadsTo: 'retry' },
      { id: 'skip', label: 'Leave these tasks out', leadsTo: 'skip-task' },
      failTrack,
    ],
  },
  FIX_LIMIT: {
    title: 'The fix cycles are used up and the evaluation still fails',
    question: 'Allow one more fix cycle?',
    options: [{ id: 'extend', label: 'Allow one more fix cycle', leadsTo: 'extend' }, failTrack],
  },
  ITERATION_LIMIT: {
    title: 'The loop went round as often as allowed',
    question: 'Start the count again?',
    options: [{ id: 'extend', label: 'Start the count again', leadsTo: 'extend' }, failTrack],
  },
  TRACK_BLOCKED: {
    title: 'A blocker is open',
    question: 'Is it resolved?',
    options: [{ id: 'resolved', label: 'It is resolved, go on', leadsTo: 'resolved' }, failTrack],
  },
  BOARD_ESCALATED: {
    title: 'The board came to no decision',
    question: 'Send the plan back for a revision?',
    options: [{ id: 'replan', label: 'Send the plan back to the planner', leadsTo: 'replan' }, failTrack],
  },
});
