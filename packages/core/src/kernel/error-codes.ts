/** What is fixed about a code. `docs/errors.md` has an entry for each, and a test binds the two. */
export interface ErrorCodeInfo {
  /** HTTP status; absent where the error never crosses a server. */
  readonly status?: number;
  /** Exit code of the command line: 1 negative result, 2 input, 3 missing, 4 waiting or refused, 5 conflict, 10 internal, 130 interrupted. */
  readonly exit: number;
  /** True: the same call may succeed later, unchanged or after reading again. */
  readonly retryable: boolean;
  /** What to do, unless the throw site knows better. */
  readonly hint?: string;
}

const row = (status: number, exit: number) => ({ status, exit, retryable: false });
const again = { retryable: true };

const badInput = row(400, 2);
const tooLarge = row(413, 2);
const unusable = row(422, 2);
const missing = row(404, 3);
const lacking = row(424, 3);
const conflict = row(409, 5);
const waiting = row(409, 4);
const forbidden = row(403, 4);
const poorWork = row(422, 1);
const agentFault = row(502, 1);
const tooSlow = row(504, 1);
const storeDown = row(503, 10);
const storeBroken = row(500, 10);
const limit = { ...waiting, hint: 'Answer the approval that it opened: `conductor approvals`.' };
const asArtifact = 'Hand large content in as an artifact.';
const readAgain = 'Read it again, decide again, then repeat the write.';
const stopWriting = 'Stop and write nothing: a successor may already act.';

const table = {
  // Input
  VALIDATION_FAILED: { ...badInput, hint: 'See `details.issues`.' },
  USAGE: { ...badInput, hint: 'Type `conductor --help`.' },
  ID_INVALID: { ...badInput, hint: 'Use a short id of letters, digits, `.`, `_` and `-`.' },
  PATH_UNSAFE: { ...badInput, hint: 'Give a relative path below the project.' },
  CURSOR_INVALID: { ...badInput, hint: 'Start again without a cursor.' },
  TOO_LARGE: { ...tooLarge, hint: 'Stay below `details.maxBytes`.' },
  EVENT_TOO_LARGE: { ...tooLarge, hint: asArtifact },
  COMMIT_TOO_LARGE: { ...tooLarge, hint: asArtifact },
  PRECONDITION_REQUIRED: { ...row(428, 2), hint: 'Send the revision that you read.' },
  FILE_INVALID: { ...unusable, hint: 'Mend the file at `details.path`, line `details.line`.' },
  SPEC_INVALID: { ...unusable, hint: 'Write the sections Requirements and Acceptance Criteria.' },
  CONFIG_INVALID: { ...unusable, hint: 'Type `conductor config show`.' },
  PLUGIN_INVALID: { ...unusable, hint: 'See `details.plugin` and `details.reason`.' },
  RECORD_WITHOUT_EVENT: unusable,

  // Missing
  PROJECT_NOT_FOUND: { ...missing, hint: 'Type `conductor init` in the folder of the project.' },
  TRACK_NOT_FOUND: { ...missing, hint: 'Type `conductor list`.' },
  PLAN_NOT_FOUND: { ...missing, hint: 'Run the step PLAN, or submit a plan.' },
  TASK_NOT_FOUND: missing,
  APPROVAL_NOT_FOUND: { ...missing, hint: 'Type `conductor approvals --all`.' },
  BOARD_NOT_FOUND: missing,
  ARTIFACT_NOT_FOUND: missing,
  FILE_NOT_FOUND: missing,
  ROUTE_NOT_FOUND: { ...missing, hint: 'See `/v1/openapi.json`.' },
  EXECUTOR_MISSING: { ...lacking, hint: 'Set `agents.<role>` in the configuration, or use `--agent`.' },
  COMMAND_MISSING: { ...lacking, hint: 'Install the program, or change the command.' },
  CAPABILITY_MISSING: { ...lacking, hint: 'Use a driver, executor or host that can do it.' },
  UNSUPPORTED: { ...row(501, 3), hint: 'Use a driver, executor or host that can do it.' },

  // Conflict
  VERSION_CONFLICT: { ...conflict, ...again, hint: readAgain },
  REVISION_CONFLICT: { ...conflict, ...again, hint: readAgain },
  CONTENTION: { ...conflict, ...again },
  IDEMPOTENCY_MISMATCH: { ...conflict, hint: 'Use a new key for a new request.' },
  TRACK_EXISTS: conflict,
  UNIQUE_VIOLATION: conflict,
  ACTIVE_TRACK_EXISTS: { ...conflict, hint: 'Pause the active track, or type `conductor switch <track>`.' },
  TRACK_HELD: { ...conflict, ...again, hint: 'Watch the other run: `conductor log --follow`.' },
  LEASE_HELD: { ...conflict, ...again, hint: 'See `details.holders`.' },
  LEASE_LOST: { ...conflict, hint: stopWriting },
  LEASE_EXPIRED: { ...conflict, hint: stopWriting },
  FENCED: { ...conflict, hint: stopWriting },
  OWNER_UNKNOWN: conflict,
  LOCK_TIMEOUT: { ...conflict, ...again },
  VIEW_LOCKED: { ...conflict, ...again },
  FILE_CHANGED: { ...conflict, ...again },
  EDIT_REFUSED: { ...conflict, hint: 'Make the edit by hand.' },
  APPROVAL_DECIDED: conflict,
  APPROVAL_STALE: { ...conflict, hint: 'Answer the approval that replaced it.' },
  TURN_TAKEN: conflict,
  DEADLOCK_VICTIM: { ...conflict, ...again },
  WRONG_PROJECT: { ...conflict, hint: 'Type `conductor doctor`.' },
  ADDRESS_IN_USE: { ...conflict, hint: 'Use `--port 0` for any free port.' },
  SNAPSHOT_PINNED: conflict,
  INVALID_STATE: {
    ...conflict,
    hint: 'See `details.allowed`; `conductor doctor --fix` infers an unknown loop state anew.',
  },
  TRACK_ENDED: { ...conflict, hint: 'Begin a new track.' },
  PLUGIN_QUARANTINED: { ...conflict, hint: 'Mend the plugin, or disable it.' },

  // Waiting for a person or for other work
  TRACK_PAUSED: { ...waiting, hint: 'Type `conductor resume`.' },
  TRACK_BLOCKED: { ...waiting, hint: 'Type `conductor approve <id>`.' },
  APPROVAL_EXPIRED: { ...waiting, hint: 'Ask again: an unanswered question is a no.' },
  GOAL_AMBIGUOUS: { ...waiting, hint: 'Say which with `--track` or `--intent`.' },
  PREREQUISITES_UNMET: { ...waiting, hint: 'Finish the tracks of `details.tracks` first.' },
  CRITERIA_NOT_MET: { ...waiting, hint: 'See `details.criteria`.' },
  BUDGET_EXHAUSTED: { ...waiting, hint: 'Raise the budget and run again.' },
  WORKTREE_DIRTY: { ...waiting, hint: 'Commit or stash your own changes.' },
  REPO_BUSY: { ...waiting, hint: 'Finish the rebase or merge, leave the detached head, or make a first commit.' },
  WORKSPACE_GONE: { ...waiting, hint: 'Restore the folder of the track, or cancel the track.' },
  FIX_LIMIT: limit,
  PLAN_LIMIT: limit,
  ITERATION_LIMIT: limit,
  TASK_LIMIT: limit,
  RECOVERY_LIMIT: limit,

  // Access
  AUTH_REQUIRED: { ...row(401, 4), hint: 'Send the token of `.conductor/server.json`.' },
  FORBIDDEN: { ...forbidden, hint: 'See `details.rule`.' },
  ORIGIN_REFUSED: { ...forbidden, hint: 'Start the server with `--allow-origin`.' },
  HOST_REFUSED: { ...row(421, 4), hint: 'Start the server with `--allow-host`.' },

  // Work of agents and plugins
  PLAN_INVALID: { ...poorWork, hint: 'Type `conductor plan check`.' },
  ANSWER_INVALID: poorWork,
  WORK_UNPROVEN: { ...poorWork, hint: 'See the findings.' },
  MERGE_CONFLICT: { ...poorWork, hint: 'See the hunks in the findings.' },
  PLUGIN_FAILED: { ...poorWork, hint: 'See `details.plugin`.' },
  CONTEXT_CLOSED: { ...poorWork, hint: 'Await all work before the call returns.' },
  EXECUTOR_ERROR: { ...agentFault, ...again, hint: 'See the transcript.' },
  EXECUTOR_REFUSED: agentFault,
  EXECUTOR_NO_OUTCOME: { ...agentFault, ...again },
  EXECUTOR_LOGIN: { ...agentFault, hint: 'Log in with the own login command of the agent.' },
  COMMAND_FAILED: { ...agentFault, hint: 'See the end of its output in the evidence.' },
  EXECUTOR_TIMEOUT: { ...tooSlow, ...again, hint: 'See `details.limit`.' },
  PLUGIN_TIMEOUT: { ...tooSlow, ...again, hint: 'See `details.limit`.' },
  TIMEOUT: { ...tooSlow, ...again, hint: 'See `details.limit`.' },

  // Store
  STORE_FAILED: { ...storeDown, ...again, hint: 'Open the store again; nothing acknowledged is lost.' },
  COMMIT_UNKNOWN: { ...storeDown, ...again, hint: 'Repeat the same call with the same idempotency key.' },
  STORE_BUSY: { ...storeDown, ...again },
  STORE_READ_ONLY: { ...storeDown, hint: 'Check the permissions of `.conductor/`.' },
  BUS_FAILED: { ...storeDown, ...again },
  STORE_FULL: { ...row(507, 10), hint: 'Free some space and run again.' },
  STORE_CORRUPT: { ...storeBroken, hint: 'Restore the store from a copy.' },
  STORE_NEWER: { ...storeBroken, hint: 'Upgrade Conductor.' },
  MIGRATION_FAILED: storeBroken,
  ARTIFACT_CORRUPT: storeBroken,
  SNAPSHOT_CORRUPT: storeBroken,

  // Service
  RATE_LIMITED: { ...row(429, 5), ...again, hint: 'Wait for the seconds of `Retry-After`.' },
  ENGINE_STARTING: { ...row(503, 10), ...again },
  ENGINE_STARTUP_FAILED: { ...row(503, 10), hint: 'See its cause.' },
  CLOSED: row(503, 10),
  UNREACHABLE: { exit: 10, ...again, hint: 'Is `conductor serve` running?' },
  RESPONSE_INVALID: { exit: 10, retryable: false, hint: 'Compare the versions of both sides.' },
  INTERRUPTED: { exit: 130, retryable: false },
  INTERNAL_ERROR: { ...row(500, 10), hint: 'Our fault: report it with `details.reference`.' },
} as const satisfies Readonly<Record<string, ErrorCodeInfo>>;

/** The closed union of what Conductor throws. */
export type ErrorCode = keyof typeof table;

/** What a plugin throws: `vendor/CODE`. */
export type PluginErrorCode = `${string}/${string}`;

export type AnyErrorCode = ErrorCode | PluginErrorCode;

/** Status, exit code, retry and hint of every code. Look up codes from outside with {@link errorCodeInfo}. */
export const errorCodes: Readonly<Record<ErrorCode, ErrorCodeInfo>> = Object.freeze(table);

/** True for a code of the closed union. Safe for any text. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(table, code);
}

/** What is known about any code: a plugin's counts as PLUGIN_FAILED, one of a newer version as INTERNAL_ERROR, both without a hint. */
export function errorCodeInfo(code: string): ErrorCodeInfo {
  if (isErrorCode(code)) return errorCodes[code];
  return code.includes('/') ? poorWork : storeBroken;
}

/** Codes of findings that Conductor itself reports across packages: data in a result, never thrown. */
export const findingCodes = Object.freeze([
  'EDIT_CONFLICT',
  'EDIT_NOTED',
  'LOCK_CONFLICT',
  'METADATA_REFUSED',
  'PLAN_ACCEPTANCE_MISSING',
  'PLAN_BLOCKED_UNEXPLAINED',
  'PLAN_CHECKBOX_UNREAD',
  'PLAN_CHECKPOINT_ODD',
  'PLAN_COMMENT_UNCLOSED',
  'PLAN_COMMIT_UNREAD',
  'PLAN_CYCLE',
  'PLAN_DAG_ALIAS',
  'PLAN_DAG_CONFLICT',
  'PLAN_DAG_FLAG_WRONG',
  'PLAN_DAG_GROUPED_TWICE',
  'PLAN_DAG_GROUP_REPEATED',
  'PLAN_DAG_INVALID',
  'PLAN_DAG_KEY_REPEATED',
  'PLAN_DAG_LEVELS_MIXED',
  'PLAN_DAG_MEMBER_UNKNOWN',
  'PLAN_DAG_MISSING',
  'PLAN_DAG_NODE_MISSING',
  'PLAN_DAG_NODE_REPEATED',
  'PLAN_DAG_REPEATED',
  'PLAN_DAG_RESOURCES_MISSING',
  'PLAN_DAG_STRATEGY_UNKNOWN',
  'PLAN_DAG_TASK_MISSING',
  'PLAN_DAG_TOO_LARGE',
  'PLAN_DAG_TYPE_UNKNOWN',
  'PLAN_DAG_UNGROUPED',
  'PLAN_DEPENDENCY_MISSING',
  'PLAN_DEPENDENCY_UNKNOWN',
  'PLAN_DONE_UNPROVEN',
  'PLAN_EMPTY',
  'PLAN_FENCE_UNCLOSED',
  'PLAN_FILES_MISSING',
  'PLAN_FINDINGS_CUT',
  'PLAN_ID_REPEATED',
  'PLAN_MARKER_ODD',
  'PLAN_MARKER_UNKNOWN',
  'PLAN_NO_TASKS',
  'PLAN_OVERLAP_FINISHED',
  'PLAN_OVERLAP_LIVE',
  'PLAN_PATH_UNSAFE',
  'PLAN_PHASE_EMPTY',
  'PLAN_PREREQUISITE_OPEN',
  'PLAN_REQUIREMENT_UNCOVERED',
  'PLAN_TASK_LARGE',
  'PLAN_TASK_VAGUE',
  'PLAN_TOO_DEEP',
  'PLUGIN_LEAK',
  'VIEW_DELETED',
] as const);

/** An open set: a gate, an evaluator or a plugin may bring its own words. */
export type FindingCode = (typeof findingCodes)[number] | (string & Record<never, never>);
