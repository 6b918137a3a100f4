import { ConductorError } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { createGroups, wanted } from '../rules/group.js';
import type { Member } from '../rules/group.js';
import type { StoreLimits } from '../rules/limits.js';
import type { Backend } from '../rules/store.js';
import { learn, statementsOf, want } from './cache.js';
import type { Wants } from './cache.js';
import { changeStatements } from './changes.js';
import type { PgClient, PgRow } from './client.js';
import { createGuess } from './guess.js';
import { whichWasLast } from './in-doubt.js';
import { isAboutValues, isInDoubt, isThere, postgresError } from './errors.js';
import { runMembers, runOnce } from './members.js';
import type { Missed, Ran } from './members.js';
import { pgReader } from './reader.js';
import { createRetry } from './retry.js';
import { fateStatements, lockStatement, moveStatement, sameStatement } from './revision.js';
import type { Basis } from './revision.js';
import { storeTime } from './server-time.js';
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

type Members = readonly Member[];

/** How far a try has come. */
interface Progress {
  ran: Ran | undefined;
  /** The mark of what was sent to be committed. */
  sent: number | undefined;
  /** The process of the server that has the lock. */
  backend: number | undefined;
}

/** A group that was sent in one message and is not answered yet. */
interface Flight {
  readonly members: Members;
  readonly ran: Ran;
  readonly mark: number;
  readonly areas: ReadonlySet<Area>;
  readonly answer: Promise<Answer>;
  landed: Promise<void>;
}

type Answer = { readonly row: PgRow | undefined } | { readonly error: unknown };

/** Groups under way at one time: while the server writes one, the next is made. */
const mostFlights = 2;

/**
 * Group commit over the network (R7, R8): everything that arrives before the end of a turn is one transaction, and its order is
 * that of the lock, which is the row of counters. Whoever has it goes on from the counters of the last who had it, and lets go
 * only when his changes are visible: `seq` is in commit order, and nobody sees a number before the one in front of it.
 *
 * While nobody else writes, the cache of this handle is true: the rules run over it first, and one message takes the lock,
 * writes, and commits, unless the revision is another one by then. It is not waited for: the next group rests on it, and fails
 * if it does. Where something has to be fetched, or others write too, it takes two messages: the first takes the lock and
 * brings the rows that the members are known to ask for; the second writes.
 */
export function pgGroupCommit(options: GroupCommitOptions): Backend {
  const { client, writer, tables: t, handle, limits, clock, storeBusyMs, readOnly, wakeups } = options;
  const cache = storeCache(t, limits);
  const time = storeTime(options);
  const guess = createGuess();
  let closing = false;
  const retries = { client, clock, storeBusyMs, isOver: () => closing };
  const read = pgReader({ ...retries, tables: t, limits, time });
  /** The revision that the cache is true for, once what is under way took effect; `undefined` when it is for none. */
  let knownRev: number | undefined;
  /** Groups in a row before which nobody else wrote; when there are some, nobody will have before the next one. */
  let alone = 0;
  /** Messages of this handle are numbered: the last one, and the last one that took effect if all under way do. */
  let marks = 0;
  let lastMark = 0;
  let flying: readonly Flight[] = [];
  /** What has failed is being done again: nothing may be sent ahead meanwhile. */
  let recovering = false;

  const forget = (): void => {
    cache.written();
    cache.clear();
    knownRev = undefined;
  };

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

  /** The statements that write what the group has changed; from now on it is taken for written. */
  const takeChanges = (basis: Basis) => {
    const changes = changeStatements(cache, t);
    const areas = areasOf(cache);
    const { counters } = cache.log;
    cache.written();
    cache.shrink(mostKnownRows);
    knownRev = basis.rev;
    if (changes.length === 0 || counters === undefined)
      return { statements: [sameStatement(t, handle, basis)], areas, mark: neverWritten };
    marks += 1;
    lastMark = marks;
    const statements = [moveStatement(t, handle, basis, marks, counters), ...changes];
    knownRev += 1;
    counters.rev = knownRev;
    return { statements, areas, mark: marks };
  };

  /** Sends a group in one message, if everything that it looks at is known; answers what is missing, or who has to wait. */
  const takeOff = (members: Members): Missed | { readonly rest: Members } => {
    if (recovering || knownRev === undefined || alone === 0 || time.stale !== undefined) return nothingKnown;
    const { nowMs, ran } = time.standingStill(() => ({
      nowMs: options.time === 'server' ? time.now() : undefined,
      ran: runOnce(cache, members, { mostBytes: limits.commitBytes, supposes: guess.isAllowed }),
    }));
    if (!('settled' in ran)) {
      if (ran.wrongly) guess.was(false);
      return ran;
    }
    const { statements, areas, mark } = takeChanges({ rev: knownRev, ahead: { mark: lastMark, nowMs } });
    const answer: Promise<Answer> = commitAtOnce(writer, statements).then(
      (row) => ({ row }),
      (error: unknown) => ({ error }),
    );
    const flight: Flight = { members, ran, mark, areas, answer, landed: Promise.resolve() };
    const before = flying.at(-1)?.landed;
    flying = [...flying, flight];
    flight.landed = land(flight, before);
    return ran;
  };

  /** Answers the members of a flight once those before it are answered. */
  const land = async (flight: Flight, before: Promise<void> | undefined): Promise<void> => {
    const answer = await flight.answer;
    await before;
    if (!flying.includes(flight)) return; // settled with the one before it
    if ('error' in answer) return recover();
    flying = flying.filter((other) => other !== flight);
    if (answer.row !== undefined) time.is(Number(answer.row.now));
    alone += 1;
    guess.was(true);
    settle(flight.ran, flight.areas);
  };

  const settle = ({ settled }: Ran, areas: ReadonlySet<Area>): void => {
    wakeups?.changed(areas, flying.length > 0);
    for (const tell of settled) tell();
  };

  /** The first flight has failed: what became of it, and of those behind it, which rest on it. */
  const recover = async (): Promise<void> => {
    recovering = true;
    forget();
    const flights = flying;
    const answers = await Promise.all(flights.map(({ answer }) => answer));
    const errors = answers.map((answer) => ('error' in answer ? answer.error : undefined));
    if (isThere(errors[0])) guess.was(false);
    else alone = 0;
    // Those behind one that has failed for certain have failed as well, also if they come later: its mark is never written.
    const last = isInDoubt(errors[0]) ? await lastWritten(undefined, errors[0]) : 0;
    for (const [index, { ran, members, mark, areas }] of flights.entries()) {
      if (last instanceof ConductorError) for (const { reject } of members) reject(last);
      else if (errors[index] === undefined || mark <= last) settle(ran, areas);
      else await commitAll(members);
    }
    flying = [];
    recovering = false;
  };

  /** In two messages; throws when it is to be tried again. */
  const attempt = async (members: Members, missing: Wants, progress: Progress): Promise<void> => {
    const asked = alone > 0 && knownRev !== undefined;
    const wants = wantsOf(members, asked);
    for (const [loader, keys] of missing) for (const key of keys) want(wants, loader, key);
    const first = [lockStatement(t, handle), ...statementsOf(wants)];
    await inTransaction(writer, first, async (transaction, [counters, ...found]) => {
      takeLock(counters?.[0]);
      learn(wants, found);
      // Somebody else wrote after all: everything at once instead of row by row.
      if (asked && alone === 0) await ask(transaction, wantsOf(members, false));
      const askFor = (missed: Wants) => ask(transaction, missed);
      progress.ran = await runMembers(cache, members, { time, ask: askFor, mostBytes: limits.commitBytes });
      const { statements, areas, mark } = takeChanges({ rev: cache.log.counters?.rev ?? 0 });
      progress.sent = mark;
      progress.backend = transaction.backend;
      await transaction.commit(statements);
      wakeups?.changed(areas, false);
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

  /** Tries until the members are written or refused. Throws when time is up. */
  const commitMembers = async (members: Members, missing: Wants): Promise<Ran> => {
    const retry = createRetry(retries);
    for (;;) {
      const progress: Progress = { ran: undefined, sent: undefined, backend: undefined };
      try {
        await attempt(members, missing, progress);
      } catch (error) {
        forget();
        const { ran, sent, backend } = progress;
        const last = sent !== undefined && isInDoubt(error) ? await lastWritten(backend, error, retry) : 0;
        if (last instanceof ConductorError) throw last;
        if (ran !== undefined && sent !== undefined && sent <= last) return ran;
        await retry(error);
        continue;
      }
      if (progress.ran !== undefined) return progress.ran;
    }
  };

  const lastWritten = (backend: number | undefined, cause: unknown, retry = createRetry(retries)) =>
    whichWasLast({ client, statements: fateStatements(t, handle, backend), cause, retry });

  const commitSome = async (members: Members, missing: Wants): Promise<Members> => {
    try {
      const { settled, rest } = await commitMembers(members, missing);
      for (const tell of settled) tell();
      return rest;
    } catch (error) {
      // What the server refuses is one value of one member: the others do without him.
      if (members.length > 1 && isAboutValues(error)) {
        for (const member of members) await commitAll([member]);
        return [];
      }
      for (const { reject } of members) reject(postgresError(error));
      return [];
    }
  };

  /** Commits all of a group, when nothing is under way. */
  const commitAll = async (group: Members): Promise<void> => {
    let rest = group;
    while (rest.length > 0) {
      const members = wanted(rest);
      rest = members.length === 0 ? [] : await commitSome(members, nothingKnown.wants);
    }
  };

  const landedAll = async (): Promise<void> => {
    while (flying.length > 0) await flying.at(-1)?.landed;
  };

  /** Resolves when the next group may be made: as soon as this one is under way. */
  const commitGroup = async (group: Members): Promise<void> => {
    let rest: Members = wanted(group);
    while (rest.length > 0) {
      while (flying.length >= mostFlights) await flying[0]?.landed;
      const took = takeOff(rest);
      if ('rest' in took) {
        rest = took.rest;
        continue;
      }
      await landedAll();
      const left = wanted(rest);
      rest = left.length === 0 ? [] : await commitSome(left, took.wants);
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
      await landedAll();
      groups.fail(new ConductorError('CLOSED', 'The store is closed'));
      await wakeups?.close();
      await options.end();
    },
  };
}

/** The mark of what writes none: when it is lost, it has to be asked again. */
const neverWritten = Infinity;

const nothingKnown: Missed = { wants: new Map(), wrongly: false };

function areasOf({ log, leases, subscriptions }: StoreCache): ReadonlySet<Area> {
  const areas = new Set<Area>();
  if (log.events.length > 0) areas.add('e');
  if (leases.grants.hasChanges || leases.waiters.hasChanges) areas.add('l');
  if (subscriptions.subscriptions.hasChanges || subscriptions.deliveries.hasChanges) areas.add('s');
  return areas;
}
