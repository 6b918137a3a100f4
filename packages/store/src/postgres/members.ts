import type { Member } from '../rules/group.js';
import { Missing, NotNow, want } from './cache.js';
import type { Wants } from './cache.js';
import type { StoreTime } from './server-time.js';
import type { StoreCache } from './store-cache.js';

/** What became of a group's members. */
export interface Ran {
  /** Answers them; to be called once their changes last. */
  readonly settled: readonly (() => void)[];
  /** Those that have to wait for the next group. */
  readonly rest: readonly Member[];
}

/** Undoes a run in which something was missing. */
class Again extends Error {}

/**
 * Runs members until nothing is missing, each time from the same beginning, so that each sees what those before him changed.
 * One that throws changes nothing and is alone in it.
 */
export async function runMembers(
  cache: StoreCache,
  members: readonly Member[],
  o: {
    readonly time: StoreTime;
    readonly ask: (wants: Wants) => Promise<void>;
    /** A group that has grown to this many bytes takes nobody more in. */
    readonly mostBytes: number;
  },
): Promise<Ran> {
  for (;;) {
    const wants: Wants = new Map();
    const ran = o.time.standingStill(() => runOnce(cache, members, o.mostBytes, wants));
    if (ran !== undefined) return ran;
    await o.ask(wants);
  }
}

function runOnce(cache: StoreCache, members: readonly Member[], mostBytes: number, wants: Wants): Ran | undefined {
  const { journal, rows, log } = cache;
  const settled: (() => void)[] = [];
  const rest: Member[] = [];
  const runMember = (member: Member) => {
    const { work, resolve, reject } = member;
    try {
      const value = journal.transaction(() => work(rows));
      settled.push(() => resolve(value));
    } catch (error) {
      if (error instanceof Missing) want(wants, error.loader, error.key);
      else if (error instanceof NotNow) rest.push(member);
      else settled.push(() => reject(error));
    }
  };
  try {
    journal.transaction(() => {
      for (const member of members) {
        if (log.pendingBytes > mostBytes) rest.push(member);
        else runMember(member);
      }
      if (wants.size > 0) throw new Again();
    });
  } catch (error) {
    if (error instanceof Again) return undefined;
    throw error;
  }
  return { settled, rest };
}
