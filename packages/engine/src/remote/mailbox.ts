import { ConductorError, delayMs, parseJson } from '@conductor/core';
import type { RemoteRunCommand, RunEventData } from '@conductor/core/run';
import type { ActorRef, Assignment, Clock, Fence, Ids, LeaseOp, Opt, RecordOp, Store } from '@conductor/core/ports';
import type { Limits } from '@conductor/core';
import { commitUnits } from '../commit-units.js';
import { loadRun, openRow, openRuns, runLease, runUnit } from './run-log.js';
import type { OpenRun } from './run-log.js';
import type { WorkerPorts } from './worker-ports.js';

type Report = RunEventData<'run.reported'>;
export type TaskAssignment = Extract<Assignment, { role: 'worker' | 'fixer' }>;

/** A run that this worker holds. Its three ways out are all that the worker can write. */
export interface ClaimedRun extends OpenRun {
  readonly taskId: string;
  readonly base: RunEventData<'run.offered'>['base'];
  /** Throws INVALID_JSON. */
  assignment(): TaskAssignment;
  /** Tries again what may be tried again, until `signal`. Throws FENCED, LEASE_LOST, LEASE_EXPIRED: it counts no more. */
  report(report: Report, o?: Opt): Promise<void>;
  release(reason: 'stopped' | 'unable', o?: Opt & { readonly message?: string }): Promise<void>;
  /** Resolves when the engine has taken the run back; rejects with the reason of `signal`. */
  takenBack(signal: AbortSignal): Promise<void>;
}

/** All that a worker can do with the log: find open runs, claim one, and end what it claimed. Nothing else of the store gets out. */
export interface Mailbox {
  /** Aborts before the leases of this worker become somebody else's. */
  readonly signal: AbortSignal;
  /** Runs that nobody has claimed, oldest first. */
  open(o?: Opt): AsyncIterable<OpenRun>;
  /** `undefined`: somebody else was faster. */
  claim(run: OpenRun, o?: Opt): Promise<ClaimedRun | undefined>;
  /** A page for each time that runs were offered since. */
  offers(o: Opt): AsyncIterable<unknown>;
  close(): Promise<void>;
}

export interface MailboxOptions extends Required<Pick<WorkerPorts, 'store' | 'leaseKeeper' | 'host'>> {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: Limits;
}

type Post = Pick<MailboxOptions, 'store' | 'clock' | 'ids' | 'limits'> & {
  readonly owner: string;
  readonly host: string;
};

/** Opens an owner of leases for this worker; `close` gives back all that it holds. */
export async function openMailbox({ host: at, leaseKeeper, ...options }: MailboxOptions): Promise<Mailbox> {
  const { store, ids, limits } = options;
  const host = at?.host ?? 'local';
  const opened = await store.leases.openOwner({ owner: ids.id('owner'), host, bootId: at?.bootId ?? 'unknown' });
  const post: Post = { ...options, owner: opened.owner, host };
  const keeper = leaseKeeper.keep(opened.owner, { ttlMs: limits.leaseMs, everyMs: limits.leaseRenewMs });
  return Object.freeze<Mailbox>({
    signal: keeper.signal,
    open: (o = {}) => listed(store, o),
    claim: (run, o = {}) => claim(post, run, o),
    offers: ({ signal }) => offers(store, signal),
    async close() {
      await keeper.stop();
      await opened.close();
    },
  });
}

async function* listed(store: Store, o: Opt): AsyncIterable<OpenRun> {
  let after: string | undefined;
  do {
    const page = await store.records.list(openRuns, { ...o, ...(after !== undefined && { after }) });
    for (const { key, value } of page.rows) yield { ...(value as unknown as Omit<OpenRun, 'runId'>), runId: key }; // our own rows
    after = page.next;
  } while (after !== undefined);
}

async function* offers(store: Store, signal: AbortSignal | undefined): AsyncIterable<unknown> {
  const after = await store.head({ signal });
  yield* store.follow({ after, kinds: ['run'], types: ['run.offered'], signal });
}

interface Share {
  readonly leases?: readonly LeaseOp[];
  readonly fence?: readonly Fence[];
  readonly records?: readonly RecordOp[];
}

async function commit(
  post: Post,
  { runId, trackId }: OpenRun,
  command: RemoteRunCommand,
  share: Share,
  { signal }: Opt,
) {
  const actor: ActorRef = { kind: 'system', id: post.owner, via: post.host };
  return commitUnits(post, [runUnit(post.store, runId, command)], {
    actor,
    correlation: { track: trackId },
    ...share,
    signal,
  });
}

async function claim(post: Post, run: OpenRun, o: Opt): Promise<ClaimedRun | undefined> {
  const { owner, host, limits } = post;
  const acquire: LeaseOp = { op: 'acquire', ...runLease(run.runId, owner, limits.leaseMs) };
  const records = [openRow(run.runId, undefined)];
  const command: RemoteRunCommand = { name: 'run.claim', data: { owner, host } };
  try {
    const committed = await patiently(post, o, async (tries) => {
      // A claim whose commit was in doubt, and was made, is this worker's: asked for again, the lease is the same grant.
      const mine = tries > 1 && (await loadRun(post.store, run.runId)).claim?.owner === owner;
      // Never broken off: a run that was claimed without anybody knowing could not be given back.
      return commit(post, run, command, { leases: [acquire], ...(!mine && { records }) }, {});
    });
    const [grant] = committed?.grants ?? [];
    const { offer } = await loadRun(post.store, run.runId);
    if (grant && offer) return claimedRun(post, run, offer, { set: grant.set, token: grant.token });
    throw new ConductorError('INTERNAL_ERROR', `The store granted no lease for run ${run.runId}`);
  } catch (error) {
    if (ConductorError.is(error, 'INVALID_STATE', 'LEASE_HELD')) return undefined;
    throw error;
  }
}

function claimedRun(post: Post, run: OpenRun, offer: RunEventData<'run.offered'>, held: Fence): ClaimedRun {
  const share: Share = { fence: [held], leases: [{ op: 'release', ...held }] };
  return Object.freeze<ClaimedRun>({
    ...run,
    taskId: offer.taskId,
    base: offer.base,
    assignment() {
      const text = 'text' in offer.assignment ? offer.assignment.text : '';
      return parseJson(text, { source: `run/${run.runId}` }) as unknown as TaskAssignment; // written by our engine
    },
    async report(report, o = {}) {
      const data = { ...report, owner: post.owner };
      await end(post, run, { name: 'run.report', data }, share, o);
    },
    async release(reason, { message, ...o } = {}) {
      const data = { reason, ...(message !== undefined && { message }) };
      await end(post, run, { name: 'run.release', data }, share, o);
    },
    async takenBack(signal) {
      const { store } = post;
      const after = await store.head({ signal });
      if ((await loadRun(store, run.runId)).status === 'released') return;
      for await (const page of store.follow({ after, kinds: ['run'], types: ['run.released'], signal }))
        if (page.some(({ stream }) => stream === `run/${run.runId}`)) return;
      signal.throwIfAborted();
    },
  });
}

const statusOf = { 'run.report': 'reported', 'run.release': 'released' } as const;

/** Ends a run. Where the commit before was in doubt, and was made, its fence is gone with it: the log tells. */
async function end(
  post: Post,
  run: OpenRun,
  command: Extract<RemoteRunCommand, { name: keyof typeof statusOf }>,
  share: Share,
  o: Opt,
): Promise<void> {
  await patiently(post, o, async (tries) => {
    if (tries === 1) return commit(post, run, command, share, o);
    const { status, claim: mine } = await loadRun(post.store, run.runId);
    if (status === statusOf[command.name] && mine?.owner === post.owner) return undefined;
    return commit(post, run, command, share, o);
  });
}

/** What was done must not be lost because the store was busy or away for a moment: the lease says how long a moment is. */
async function patiently<T>(
  { clock, ids, limits }: Post,
  { signal }: Opt,
  work: (tries: number) => Promise<T>,
): Promise<T> {
  const policy = { baseMs: Math.max(1, limits.retryMinMs), maxMs: Math.max(1, limits.retryMaxMs) };
  for (let tries = 1; ; tries += 1) {
    try {
      return await work(tries);
    } catch (error) {
      // Held is no trouble: somebody else was faster.
      if (!ConductorError.is(error) || !error.retryable || error.code === 'LEASE_HELD') throw error;
      await clock.sleep(delayMs(policy, tries, ids.random()), { signal });
    }
  }
}
