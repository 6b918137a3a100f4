import { ConductorError } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { createGroups } from '../rules/group.js';
import type { Member } from '../rules/group.js';
import type { StoreLimits } from '../rules/limits.js';
import type { Backend } from '../rules/store.js';
import { learn, statementsOf } from './cache.js';
import type { Wants } from './cache.js';
import { changeStatements } from './changes.js';
import { run } from './client.js';
import type { PgClient, PgRow } from './client.js';
import { isAboutValues, isLost, postgresError } from './errors.js';
import { runMembers } from './members.js';
import type { Ran } from './members.js';
import { pgReader } from './reader.js';
import { createRetry } from './retry.js';
import type { Retry } from './retry.js';
import { serverNow, storeTime } from './server-time.js';
import { sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import { storeCache } from './store-cache.js';
import type { StoreCache } from './store-cache.js';
import type { Table } from './tables.js';
import { inTransaction } from './transaction.js';
import type { Transaction } from './transaction.js';
import type { Area, Wakeups } from './wakeups.js';

export interface GroupCommitOptions {
  /** For reads and wake-ups. */
  readonly client: PgClient;
  /** Has one connection. */
  readonly writer: PgClient;
  readonly tables: Table;
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

/** How far a try has come. */
interface Progress {
  ran: Ran | undefined;
  /** Set when COMMIT was sent. */
  committing: Transaction | undefined;
}

/**
 * Group commit over the network (R7, R8): everything that arrives before the end of a turn is one transaction, in two round
 * trips whatever it writes. The first takes the lock, which is the row of counters, and brings the rows that the members are
 * known to ask for; then the rules run here, over the cache; the second writes what they changed and commits.
 *
 * Whoever has the lock goes on from the counters of the last who had it, and lets go only when his changes are visible:
 * `seq` is in commit order, and nobody sees a number before the one in front of it. When nobody else wrote since this handle
 * did, its cache is still true and nothing is fetched.
 */
export function pgGroupCommit(options: GroupCommitOptions): Backend {
  const { client, writer, tables: t, limits, clock, storeBusyMs, readOnly, wakeups } = options;
  const cache = storeCache(t, limits);
  const time = storeTime(options);
  let closing = false;
  const retries = { client, clock, storeBusyMs, isOver: () => closing };
  const read = pgReader({ ...retries, tables: t, limits, time });
  /** The revision that the cache is true for; `undefined` when it is for none. */
  let knownRev: number | undefined;
  /** Whether nobody else wrote before the last group; if so, nobody will have before the next one. */
  let alone = false;

  const takeLock = (row: PgRow | undefined): void => {
    if (row === undefined) throw new ConductorError('STORE_CORRUPT', 'The row of counters is gone');
    const rev = Number(row.rev);
    alone = rev === knownRev;
    if (!alone) cache.clear();
    knownRev = undefined;
    const [seq, last, token, waiter] = [row.seq, row.commit, row.token, row.waiter].map(Number);
    cache.log.counters = { rev, seq: seq ?? 0, commit: last ?? 0, token: token ?? 0, waiter: waiter ?? 0 };
    time.is(Number(row.now));
  };

  const attempt = async (members: readonly Member[], progress: Progress): Promise<void> => {
    const asked = alone;
    const wants = wantsOf(members);
    const first = [lockStatement(t), ...statementsOf(wants)];
    await inTransaction(writer, first, async (transaction, [counters, ...found]) => {
      takeLock(counters?.[0]);
      learn(wants, found);
      // Somebody else wrote after all: everything at once instead of row by row.
      if (asked && !alone) await ask(transaction, wantsOf(members));
      await writeMembers(transaction, members, progress);
    });
  };

  /** What the members will look at: what is not known, and when others write too, all of it. */
  const wantsOf = (members: readonly Member[]): Wants => {
    const wants: Wants = new Map();
    for (const { touches } of members) if (touches) cache.want(wants, touches, !alone);
    return wants;
  };

  const ask = async ({ query }: Transaction, wants: Wants): Promise<void> => {
    if (wants.size > 0) learn(wants, await query(statementsOf(wants), wants.size));
  };

  const writeMembers = async (transaction: Transaction, members: readonly Member[], progress: Progress) => {
    const askFor = (missing: Wants) => ask(transaction, missing);
    progress.ran = await runMembers(cache, members, { time, ask: askFor, mostBytes: limits.commitBytes });
    const rev = cache.log.counters?.rev ?? 0;
    const changes = changeStatements(cache, t);
    const areas = areasOf(cache);
    if (changes.length > 0) progress.committing = transaction;
    await transaction.commit(changes);
    cache.written();
    if (cache.size > mostKnownRows) cache.clear();
    knownRev = changes.length > 0 ? rev + 1 : rev;
    wakeups?.changed(areas);
  };

  /** Tries until the members are written or refused. Throws when time is up. */
  const commitMembers = async (members: readonly Member[]): Promise<Ran> => {
    const retry = createRetry(retries);
    for (;;) {
      const progress: Progress = { ran: undefined, committing: undefined };
      try {
        await attempt(members, progress);
      } catch (error) {
        cache.written();
        cache.clear();
        knownRev = undefined;
        const { committing } = progress;
        const happened = committing !== undefined && isLost(error) && (await didCommit(committing, error, retry));
        if (!happened) await retry(error);
        if (!happened) continue;
      }
      if (progress.ran !== undefined) return progress.ran;
    }
  };

  /**
   * Learns whether a transaction happened whose COMMIT nobody answered. Throws COMMIT_UNKNOWN, also when the server was
   * recovered since: the id of a transaction that did not last is then given to another one, whose fate is not that of ours.
   */
  const didCommit = async ({ id, backend, flushed }: Transaction, cause: unknown, retry: Retry): Promise<boolean> => {
    // A recovery ends with a checkpoint, which stands behind everything that had been flushed.
    const fate = sql`SELECT pg_xact_status(${id}::xid8) AS status,
      (SELECT checkpoint_lsn < ${flushed}::pg_lsn FROM pg_control_checkpoint()) AS ours`;
    let last = cause;
    try {
      for (;;) {
        await retry(last);
        try {
          const [[row] = []] = await run(client, [fate], 1);
          if (row?.status === 'aborted') return false;
          if (row?.status === 'committed' && row.ours === true) return true;
          if (row?.status === 'committed') break;
          // The server has not noticed that nobody listens any more. It ends the transaction, one way or the other.
          await run(client, [sql`SELECT pg_terminate_backend(${backend})`], 1);
        } catch (error) {
          last = error;
        }
      }
    } catch {
      // Told below: the server does not answer.
    }
    throw new ConductorError(
      'COMMIT_UNKNOWN',
      'The connection was lost in COMMIT, and the server cannot tell its end',
      {
        hint: 'Repeat the same call: versions and idempotency keys let it happen once.',
        cause,
      },
    );
  };

  const commitSome = async (members: readonly Member[]): Promise<readonly Member[]> => {
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

  const commitGroup = async (group: readonly Member[]): Promise<void> => {
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

/** The counters as the last writer left them, and the time of the server once it has the lock. */
function lockStatement(t: Table): SqlText {
  return sql`WITH locked AS MATERIALIZED (SELECT * FROM ${t('counters')} FOR UPDATE)
    SELECT rev, seq, "commit", token, waiter, ${serverNow} AS now FROM locked`;
}

function areasOf({ log, leases, subscriptions }: StoreCache): ReadonlySet<Area> {
  const areas = new Set<Area>();
  if (log.events.length > 0) areas.add('e');
  if (leases.grants.hasChanges || leases.waiters.hasChanges) areas.add('l');
  if (subscriptions.subscriptions.hasChanges || subscriptions.deliveries.hasChanges) areas.add('s');
  return areas;
}
