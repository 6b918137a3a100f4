import type * as z from '@conductor/core/schema';
import type { Zod } from '#zod';
import { ConductorError } from '../kernel/error.js';
import { lazySchema } from '../schema/lazy.js';

/** A limit: its default, and the schema that checks another value and fills in the default. */
function limit<const V, S>(value: V, schema: (z: Zod) => S): { readonly value: V; readonly schema: typeof schema } {
  return { value, schema };
}
const within = (value: number, min: number, max: number) =>
  limit(value, (z) => z.int().min(min).max(max).default(value));
const ms = (value: number) => within(value, 0, 365 * 86_400_000);
const count = (value: number, max = 1_000_000, min = 1) => within(value, min, max);
const bytes = (value: number) => within(value, 1, 2 ** 34);
const minutes = 60_000;
const days = 86_400_000;
const kiB = 1024;
const miB = 1024 * kiB;

const limits = {
  maxIterations: count(50),
  maxFixCycles: count(3, 1000, 0),
  maxPlanRevisions: count(3, 1000, 0),
  maxCtoRounds: count(2, 1000, 0),
  maxTaskAttempts: count(3, 1000),
  maxRecoveries: count(5, 1000),
  maxEffectTries: count(3, 1000),
  debugAttempts: count(3, 1000),
  brainstormOptions: count(3, 100),
  retrospectiveMinTasks: count(3),
  taskRetryDelayMs: ms(0),
  approvalTtlMs: ms(14 * days),

  maxWorkers: count(5, 1000),
  parallelFrom: count(3, 1000),
  maxEvaluators: count(4, 1000),
  taskTimeoutMs: ms(30 * minutes),
  groupTimeoutMs: ms(60 * minutes),
  heartbeatMs: ms(5 * minutes),
  staleAfterMs: ms(10 * minutes),
  lockTries: count(3, 1000),
  unlockWaitMs: ms(minutes),
  dependencyWaitMs: ms(1_800_000),
  dependencyPollMs: ms(10_000),
  deadlockVictim: limit('oldest', (z) => z.enum(['oldest', 'youngest', 'fewest-locks']).default('oldest')),
  maxPlanTasks: count(100_000, 10_000_000),

  fileLeaseMs: ms(30 * minutes),
  leaseMs: ms(6000),
  leaseRenewMs: ms(2000),
  viewLockPollMs: ms(100),
  viewLockWaitMs: ms(5000),
  viewLockStaleMs: ms(30_000),
  claimLeaseMs: within(30_000, 5000, 300_000),

  majorTaskCount: count(5, 100_000),
  boardRounds: count(3, 100, 0),
  boardPhaseMs: ms(10 * minutes),
  directorTurnMs: ms(5 * minutes),
  costLimitUsdPerMonth: limit(50, (z) => z.number().min(0).max(1_000_000_000).default(50)),
  dependencyLimitBytes: bytes(51_200),
  keywordOverlap: count(2, 100),

  contextFiles: count(15, 10_000),
  contextTrimBytes: bytes(500 * kiB),
  contextSkipBytes: bytes(miB),
  briefItems: count(3, 1000),
  briefTokens: count(500),
  promptTokens: count(100_000, 100_000_000),

  idleTimeoutMs: ms(10 * minutes),
  effectTimeoutMs: ms(20 * minutes),
  killGraceMs: ms(5000),
  outputBytes: bytes(64 * miB),
  outputLineBytes: bytes(miB),
  tailBytes: bytes(64 * kiB),
  answerBytes: bytes(miB),
  answerRepairs: count(1, 10, 0),
  remarkBytes: bytes(64 * kiB),

  evaluatorTimeoutMs: ms(10 * minutes),
  commandTimeoutMs: ms(10 * minutes),
  pluginGraceMs: ms(5000),
  pluginStrikes: count(3, 1000),
  maxFindings: count(200, 10_000),
  findingBytes: bytes(4 * kiB),

  planBytes: bytes(10 * miB),
  specBytes: bytes(miB),
  jsonFileBytes: bytes(16 * miB),
  yamlBytes: bytes(miB),
  queueLineBytes: bytes(miB),
  errorPatternBytes: bytes(kiB),
  viewBytes: bytes(16 * miB),

  eventBytes: bytes(8 * miB),
  commitBytes: bytes(32 * miB),
  commitEvents: count(10_000),
  inlineBytes: bytes(64 * kiB),
  artifactBytes: bytes(256 * miB),
  idBytes: bytes(256),
  idempotencyKeyBytes: bytes(255),
  busyWaitMs: ms(50),
  storeBusyMs: ms(30_000),
  decideRetries: count(8, 1000),
  pageEvents: count(1000, 100_000),
  busMessageBytes: bytes(64 * kiB),
  foldSnapshotEvery: count(1000, 10_000_000),
  snapshotsKept: count(10, 100_000),
  artifactGraceMs: ms(days),
  deadLetterMs: ms(30 * days),
  retryMinMs: ms(250),
  retryMaxMs: ms(10_000),

  pageItems: count(100, 500),
  bodyBytes: bytes(16 * miB),
  headerBytes: bytes(16 * kiB),
  requestTimeoutMs: ms(30_000),
  streams: count(256, 100_000),
  streamKeepAliveMs: ms(10_000),
  streamDrainMs: ms(60_000),
  requestsPerMinute: count(6000, 10_000_000),
  tokenBytes: within(32, 16, 1024),

  closeGraceMs: ms(10_000),
  followPollMs: ms(200),
  monitorMs: ms(5000),
  workerStatusMs: ms(5000),
  eventFileWaitMs: ms(300_000),
  eventFilePollMs: ms(1000),
  logBytes: bytes(10 * miB),
};

type Shape = { [Name in keyof typeof limits]: ReturnType<(typeof limits)[Name]['schema']> };

/**
 * Every limit with its default: milliseconds, bytes or counts by their suffix. `0` never means "unlimited".
 * The names are keys of `limits` in the configuration and of `CONDUCTOR_LIMITS__<NAME>`.
 */
export const Limits = lazySchema((z) => z.strictObject(eachLimit(({ schema }) => schema(z)) as Shape));
export type Limits = z.infer<typeof Limits>;

/** The documented defaults, frozen. Read off the table: the schema is built by whoever has something to check. */
export const defaultLimits: Limits = Object.freeze(eachLimit(({ value }) => value) as Limits);

/** The callers say what the record is: the table has names and types, which a walk over it loses. */
function eachLimit<T>(of: (limit: (typeof limits)[keyof typeof limits]) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(limits).map(([name, each]) => [name, of(each)]));
}

/**
 * Checks some limits and returns just these: a change of one limit leaves the others as they are, where a partial zod
 * schema would fill in defaults. Throws `VALIDATION_FAILED` for a name nobody knows or a value out of range.
 */
export function parseLimits(given: Readonly<Record<string, unknown>>): Partial<Limits> {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const schema = Object.hasOwn(Limits.shape, name) ? Limits.shape[name as keyof Limits] : undefined;
      const parsed = schema?.safeParse(value);
      if (parsed?.success) return [name, parsed.data];
      throw new ConductorError(
        'VALIDATION_FAILED',
        `${name} is no limit, or ${JSON.stringify(value)} is out of its range`,
        {
          details: { limit: name, issues: parsed?.error.issues.map(({ message }) => message) ?? [] },
        },
      );
    }),
  );
}
