import { ConductorError } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { createGroups } from '../rules/group.js';
import type { Member } from '../rules/group.js';
import type { StoreLimits } from '../rules/limits.js';
import type { Backend } from '../rules/store.js';
import { learn, statementsOf, want } from './cache.js';
import type { Wants } from './cache.js';
import { changeStatements } from './changes.js';
import { run } from './client.js';
import type { PgClient, PgRow } from './client.js';
import { isAboutValues, isElsewhere, isLost, isThere, postgresError } from './errors.js';
import { runMembers, runOnce } from './members.js';
import type { Ran } from './members.js';
import { pgReader } from './reader.js';
import { createRetry } from './retry.js';
import type { Retry } from './retry.js';
import { fateStatements, lockStatement, moveStatement, sameStatement } from './revision.js';
import type { Basis } from './revision.js';
import { storeTime } from './server-time.js';
import type { SqlText } from './sql-text.js';
import { storeCache } from './store-cache.js';
import type { StoreCache } from './store-cache.js';
import type { Table } from './tables.js';
import { commitAtOnce, inTransaction } from './transaction.js';
import type { Transaction } from './transaction.js';
import type { Area, Wakeups } from './wakeups.js';

export interface GroupCommitOptions {
  /** For reads and wake-ups. */
  readonly client: PgClient;
  /** Has one connection. */
  readonly writer: PgClient;
  readonly tables: Table;
  /** The name of this handle, which no other one has. */
  readonly handle: string;
  readonly limits: StoreLimits;
  readonly clock: Clock;
  /** Whose time leases expire by. */
  readonly time: 'server' | 'clock';
  /** How long to try again while the server is away or somebody else keeps the lock. */
  readonly storeBusyMs: number;
  readonly readOnly: boolean;
  readonly wakeups: Wakeups | undefined;
  /** Lets go of the clients. */
  readonly end: () => Promise<void>;
}

/** Rows that are kept in memory from one group to the next. */
const mostKnownRows = 50_000;
/** So many groups in a row without others promise more of them: then it is worth to know all leases. */
const longAlone = 4;

/** How far a try has come. */
interface Progress {
  ran: Ran | undefined;
  /** What was sent to be committed. */
  sent: Sent | undefined;
}

/** A message that ends with COMMIT, which writes this revision. */
interface Sent {
  readonly rev: number;
  /** The process of the server that has the lock, unless it is taken by the same message. */
  readonly backend: number | undefined;
}

type Members = readonly Member[];

/**
 * Group commit over the network (R7, R8): everything that arrives before the end of a turn is one transaction, and its order is
 * that of the lock, which is the row of counters. Whoever has it goes on from the counters of the last who had it, and lets go
 * only when his changes are visible: `seq` is in commit order, and nobody sees a number before the one in front of it.
 *
 * While nobody else writes, the cache of this handle is true: the rules run over it first, and one message takes the lock,
 * writes, and commits, unless the revision is another one by then. Where something has to be fetched, or others write too, it
 * takes two: the first takes the lock and brings the rows that the members are known to ask for; the second writes.
 */
export function pgGroupCommit(options: GroupCommitOptions): Backend {
  const { client, writer, tables: t, handle, limits, clock, storeBusyMs, readOnly, wakeups } = options;
  const cache = storeCache(t, limits);
  const time = storeTime(options);
  let closing = false;
  const retries = { client, clock, storeBusyMs, isOver: () => closing };
  const read = pgReader({ ...retries, tables: t, limits, time });
  /** The revision that the cache is true for; `undefined` when it is for none. */
  let knownRev: number | undefined;
  /** Groups in a row before which nobody else wrote; when there are some, nobody will have before the next one. */
  let alone = 0;
  /** So many groups look for what they could suppose: lately it was not so. */
  let doubtful = 0;
  let doubts = 0;

  const takeLock = (row: PgRow | undefined): void => {
    if (row === undefined) throw new ConductorError('STORE_CORRUPT', 'The row of counters is gone');
    const rev = Number(row.rev);
    alone = rev === knownRev ? alone + 1 : 0;
    if (alone === 0) cache.clear();
    knownRev = undefined;
    const [seq, last, token, waiter] = [row.seq, row.commit, row.token, row.waiter].map(Number);
    cache.log.counters = { rev, seq: seq ?? 0, commit: last ?? 0, token: token ?? 0, waiter: waiter ?? 0 };
    time.is(Number(row.now));
  };

  /** In one message, or not at all: answers what has to be fetched first, or that others wrote. */
  const attemptAtOnce = async (members: Members, progress: Progress): Promise<Wants | 'others wrote' | undefined> => {
    const { counters } = cache.log;
    if (knownRev === undefined || alone === 0 || counters === undefined || time.stale !== undefined) return new Map();
    const rev = knownRev;
    const supposes = doubtful === 0;
    const decided = time.standingStill(() => ({
      nowMs: time.now(),
      ran: runOnce(cache, members, { mostBytes: limits.commitBytes, supposes }),
    }));
    const { ran } = decided;
    if (!('settled' in ran)) {
      if (supposes && ran.wrongly) doubt();
      return ran.wants;
    }
    progress.ran = ran;
    const basis = { rev, nowMs: options.time === 'server' ? decided.nowMs : undefined };
    try {
      await send(basis, undefined, progress, (statements) => commitAtOnce(writer, statements));
    } catch (error) {
      if (!isElsewhere(error) && !(supposes && isThere(error))) throw error;
      if (isThere(error)) doubt();
      else alone = 0;
      progress.sent = undefined;
      progress.ran = undefined;
      forget();
      return 'others wrote';
    }
    alone += 1;
    if (doubtful > 0) doubtful -= 1;
    else doubts = 0;
    return undefined;
  };

  /** What was supposed is not so: the more often, the longer nothing is. */
  const doubt = (): void => {
    doubts = Math.min(doubts + 1, 6);
    doubtful = 2 ** doubts;
  };

  const attempt = async (members: Members, progress: Progress): Promise<void> => {
    const missing = await attemptAtOnce(members, progress);
    if (missing === undefined) return;
    const asked = alone > 0 && knownRev !== undefined;
    const wants = wantsOf(members, asked);
    if (missing !== 'others wrote')
      for (const [loader, keys] of missing) for (const key of keys) want(wants, loader, key);
    const first = [lockStatement(t, handle), ...statementsOf(wants)];
    await inTransaction(writer, first, async (transaction, [counters, ...found]) => {
      takeLock(counters?.[0]);
      learn(wants, found);
      // Somebody else wrote after all: everything at once instead of row by row.
      if (asked && alone === 0) await ask(transaction, wantsOf(members, false));
      const askFor = (missed: Wants) => ask(transaction, missed);
      progress.ran = await runMembers(cache, members, { time, ask: askFor, mostBytes: limits.commitBytes });
      const basis = { rev: cache.log.counters?.rev ?? 0, nowMs: undefined };
      await send(basis, transaction.backend, progress, (statements) => transaction.commit(statements));
    });
  };

  /** What the members will look at: what is not known, and when others write too, all of it. */
  const wantsOf = (members: Members, isAlone: boolean): Wants => {
    const wants: Wants = new Map();
    const o = { again: !isAlone, everything: isAlone && alone >= longAlone };
    for (const { touches } of members) if (touches) cache.want(wants, touches, o);
    return wants;
  };

  const ask = async ({ query }: Transaction, wants: Wants): Promise<void> => {
    if (wants.size > 0) learn(wants, await query(statementsOf(wants), wants.size));
  };

  /** Sends what the group has changed, to be committed, and takes it for true when it is. */
  const send = async (
    basis: Basis,
    backend: number | undefined,
    progress: Progress,
    commit: (statements: readonly SqlText[]) => Promise<PgRow | undefined>,
  ): Promise<void> => {
    const changes = changeStatements(cache, t);
    const areas = areasOf(cache);
    const { counters } = cache.log;
    if (changes.length === 0 || counters === undefined) {
      const row = await commit([sameStatement(t, basis)]);
      if (row !== undefined) time.is(Number(row.now));
      cache.written();
      knownRev = basis.rev;
      return;
    }
    const rev = basis.rev + 1;
    progress.sent = { rev, backend };
    const row = await commit([moveStatement(t, handle, basis, counters), ...changes]);
    if (row !== undefined) time.is(Number(row.now));
    counters.rev = rev;
    cache.written();
    cache.shrink(mostKnownRows);
    knownRev = rev;
    wakeups?.changed(areas);
  };

  const forget = (): void => {
    cache.written();
    cache.clear();
    knownRev = undefined;
  };

  /** Tries until the members are written or refused. Throws when time is up. */
  const commitMembers = async (members: Members): Promise<Ran> => {
    const retry = createRetry(retries);
    for (;;) {
      const progress: Progress = { ran: undefined, sent: undefined };
      try {
        await attempt(members, progress);
      } catch (error) {
        forget();
        const { sent } = progress;
        const mayHave = sent !== undefined && isLost(error) && !isElsewhere(error);
        const happened = mayHave && (await didCommit(sent, error, retry));
        if (!happened) await retry(error);
        if (!happened) continue;
      }
      if (progress.ran !== undefined) return progress.ran;
    }
  };

  /** Learns whether a transaction happened whose COMMIT nobody answered. Throws COMMIT_UNKNOWN. */
  const didCommit = async ({ rev, backend }: Sent, cause: unknown, retry: Retry): Promise<boolean> => {
    let last = cause;
    try {
      for (;;) {
        await retry(last);
        try {
          const [[row] = []] = await run(client, fateStatements(t, handle, backend), 1);
          return Number(row?.rev) === rev;
        } catch (error) {
          last = error;
        }
      }
    } catch {
      // Told below: the server does not answer.
    }
    throw new ConductorError(
      'COMMIT_UNKNOWN',
      'The connection was lost in COMMIT, and the server does not tell its end',
      {
        hint: 'Repeat the same call: versions and idempotency keys let it happen once.',
        cause,
      },
    );
  };

  const commitSome = async (members: Members): Promise<Members> => {
    try {
      const { settled, rest } = await commitMembers(members);
      for (const settle of settled) settle();
      return rest;
    } catch (error) {
      // What the server refuses is one value of one member: the others do without him.
      if (members.length > 1 && isAboutValues(error)) {
        for (const member of members) await commitGroup([member]);
        return [];
      }
      for (const { reject } of members) reject(postgresError(error));
      return [];
    }
  };

  const commitGroup = async (group: Members): Promise<void> => {
    let rest = group;
    while (rest.length > 0) {
      const members = rest.filter(({ signal }) => signal?.aborted !== true);
      rest = members.length === 0 ? [] : await commitSome(members);
    }
  };

  const groups = createGroups(clock, commitGroup);

  return {
    now: () => time.now(),
    watch: (wake) => wakeups?.watch(wake),
    write(work, { signal, touches }) {
      return readOnly && groups.failure === undefined
        ? Promise.reject(new ConductorError('STORE_READ_ONLY', 'The store is opened for reading only'))
        : groups.write(work, signal, touches);
    },
    async read(work, hint) {
      if (groups.failure !== undefined) throw groups.failure;
      return read(work, hint);
    },
    async close() {
      closing = true;
      await groups.settled();
      groups.fail(new ConductorError('CLOSED', 'The store is closed'));
      await wakeups?.close();
      await options.end();
    },
  };
}

function areasOf({ log, leases, subscriptions }: StoreCache): ReadonlySet<Area> {
  const areas = new Set<Area>();
  if (log.events.length > 0) areas.add('e');
  if (leases.grants.hasChanges || leases.waiters.hasChanges) areas.add('l');
  if (subscriptions.subscriptions.hasChanges || subscriptions.deliveries.hasChanges) areas.add('s');
  return areas;
}
