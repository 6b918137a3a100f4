import type { EscalationReason } from '@conductor/core';

/** What a person is told, and asked, for each reason. */
export const questionTexts: Readonly<Record<EscalationReason, readonly [title: string, question: string]>> = {
  PLAN_FAILED: ['The planner failed', 'Try again, or stop here?'],
  PLAN_LIMIT: ['The plan was revised as often as allowed and still does not pass', 'Allow one more revision?'],
  CTO_LIMIT: [
    'The plan was revised for the CTO as often as allowed and still does not pass the review',
    'Allow one more round?',
  ],
  TASK_LIMIT: ['A task failed for the last time or cannot be done', 'Try it once more, leave it out, or stop here?'],
  FIX_LIMIT: ['The fix cycles are used up and the evaluation still fails', 'Allow one more fix cycle?'],
  ITERATION_LIMIT: ['The loop went round as often as allowed', 'Start the count again?'],
  TRACK_BLOCKED: ['A blocker is open', 'Is it resolved?'],
  BOARD_ESCALATED: ['The board came to no decision', 'Send the plan back for a revision?'],
  USER_ONLY: ['Only the user may decide this', 'How shall it go on?'],
  LEAD_ESCALATED: ['A lead did not decide, and passes it on', 'How shall it go on?'],
  LEADS_DISAGREE: ['The leads disagree', 'How shall it go on?'],
  SECURITY: ['A decision touches security', 'How shall it go on?'],
  PRODUCTION_DATA: ['A decision touches production data', 'How shall it go on?'],
  SCOPE_CHANGE: ['The work needs more, or other things, than its spec says', 'How shall it go on?'],
  REQUIREMENT_AMBIGUOUS: ['A requirement can be read in more than one way', 'How shall it go on?'],
  CRITICAL_DECISION: ['A decision is too far-reaching for an agent', 'How shall it go on?'],
  INPUT_MISSING: ['A file or parameter that the work needs is missing', 'How shall it go on?'],
};
