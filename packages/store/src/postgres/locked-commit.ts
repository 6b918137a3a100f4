import { ConductorError } from '@conductor/core';
import { wanted } from '../rules/group.js';
import type { Member } from '../rules/group.js';
import { learn, statementsOf, want } from './cache.js';
import type { Wants } from './cache.js';
import { isAboutValues, isInDoubt, postgresError } from './errors.js';
import type { GroupCommitOptions } from './group-commit.js';
import type { HandleState } from './handle-state.js';
import { whichWasLast } from './in-doubt.js';
import { runMembers } from './members.js';
import type { Ran } from './members.js';
import { createRetry } from './retry.js';
import type { RetryOptions } from './retry.js';
import { fateStatements, lockStatement } from './revision.js';
import type { StoreTime } from './server-time.js';
import { inTransaction } from './transaction.js';
import type { Transaction } from './transaction.js';

type Members = readonly Member[];

/** How far a try has come. */
interface Progress {
  ran: Ran | undefined;
  /** The mark of what was sent to be committed. */
  sent: number | undefined;
  /** The process of the server that has the lock. */
  backend: number | undefined;
}

/** Commits groups in two messages: the first takes the lock and brings what the members ask for, the second writes. */
export interface LockedCommit {
  /** One group; answers those who have to wait for the next one. `missing`: what else to bring. */
  some(members: Members, missing: Wants): Promise<Members>;
  /** All of a group, when nothing is under way. */
  all(members: Members): Promise<void>;
  /** The last message of this handle that took effect, or COMMIT_UNKNOWN. */
  lastWritten(cause: unknown): Promise<number | ConductorError>;
}

export function lockedCommit(
  { client, writer, tables: t, handle, limits, wakeups }: GroupCommitOptions,
  { state, time, retries }: { readonly state: HandleState; readonly time: StoreTime; readonly retries: RetryOptions },
): LockedCommit {
  const { cache } = state;

  /** Throws when it is to be tried again. */
  const attempt = async (members: Members, missing: Wants, progress: Progress): Promise<void> => {
    const asked = state.alone > 0 && state.rev !== undefined;
    const wants = state.wantsOf(members, asked);
    for (const [loader, keys] of missing) for (const key of keys) want(wants, loader, key);
    const first = [lockStatement(t, handle), ...statementsOf(wants)];
    await inTransaction(writer, first, async (transaction, [counters, ...found]) => {
      state.takeLock(counters?.[0]);
      learn(wants, found);
      // Somebody else wrote after all: everything at once instead of row by row.
      if (asked && state.alone === 0) await ask(transaction, state.wantsOf(members, false));
      const askFor = (missed: Wants) => ask(transaction, missed);
      progress.ran = await runMembers(cache, members, { time, ask: askFor, mostBytes: limits.commitBytes });
      const { statements, areas, mark } = state.takeChanges({ rev: cache.log.counters?.rev ?? 0 });
      progress.sent = mark;
      progress.backend = transaction.backend;
      await transaction.commit(statements);
      wakeups?.changed(areas, false);
    });
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
        state.forget();
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

  const some: LockedCommit['some'] = async (members, missing) => {
    try {
      const { settled, rest } = await commitMembers(members, missing);
      for (const tell of settled) tell();
      return rest;
    } catch (error) {
      // What the server refuses is one value of one member: the others do without him.
      if (members.length > 1 && isAboutValues(error)) {
        for (const member of members) await all([member]);
        return [];
      }
      for (const { reject } of members) reject(postgresError(error));
      return [];
    }
  };

  const all: LockedCommit['all'] = async (group) => {
    let rest = group;
    while (rest.length > 0) {
      const members = wanted(rest);
      rest = members.length === 0 ? [] : await some(members, new Map());
    }
  };

  return { some, all, lastWritten: (cause) => lastWritten(undefined, cause) };
}
