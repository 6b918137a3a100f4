/** One symbol for each state of a step, a task or a track: complete, in progress, not started, failed, blocked. */
export const symbols = {
  complete: '✓',
  inProgress: '▸',
  notStarted: '·',
  failed: '✗',
  blocked: '!',
  skipped: '-',
} as const;

const ofState: Readonly<Record<string, keyof typeof symbols>> = {
  // steps
  PASSED: 'complete',
  IN_PROGRESS: 'inProgress',
  NOT_STARTED: 'notStarted',
  FAILED: 'failed',
  BLOCKED: 'blocked',
  SKIPPED: 'skipped',
  // tasks
  done: 'complete',
  running: 'inProgress',
  inProgress: 'inProgress',
  waiting: 'blocked',
  pending: 'notStarted',
  blocked: 'blocked',
  skipped: 'skipped',
  // tracks
  completed: 'complete',
  active: 'inProgress',
  paused: 'blocked',
  failed: 'failed',
  cancelled: 'skipped',
  archived: 'complete',
  draft: 'notStarted',
  ready: 'notStarted',
};

/** The symbol of a published state; what is not known counts as not started. */
export function symbolOf(state: string): string {
  return symbols[(Object.hasOwn(ofState, state) ? ofState[state] : undefined) ?? 'notStarted'];
}
