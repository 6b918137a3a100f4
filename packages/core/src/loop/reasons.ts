/** What an agent may ask about by name: its answer `blocked` begins with one of these words and a colon. */
export const namedReasons = [
  'USER_ONLY',
  'LEAD_ESCALATED',
  'LEADS_DISAGREE',
  'SECURITY',
  'PRODUCTION_DATA',
  'SCOPE_CHANGE',
  'REQUIREMENT_AMBIGUOUS',
  'CRITICAL_DECISION',
  'INPUT_MISSING',
] as const;
export type NamedReason = (typeof namedReasons)[number];

/** Why a person is asked; each has its options in `escalations`. */
export type EscalationReason =
  | 'PLAN_FAILED'
  | 'PLAN_LIMIT'
  | 'CTO_LIMIT'
  | 'TASK_LIMIT'
  | 'FIX_LIMIT'
  | 'ITERATION_LIMIT'
  | 'TRACK_BLOCKED'
  | 'BOARD_ESCALATED'
  | NamedReason;
