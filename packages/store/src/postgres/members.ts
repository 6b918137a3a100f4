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

interface RunOptions {
  /** A group that has grown to this many bytes takes nobody more in. */
  readonly mostBytes: number;
  /** Whether what nobody has looked for is taken as not there, where the database refuses what is there. */
  readonly supposes?: boolean;
}

/** What has to be fetched before another run. */
export interface Missed {
  readonly wants: Wants;
  /** Whether all of it was supposed not to be there. */
  readonly wrongly: boolean;
}

/**
 * Runs members until nothing is missing, each time from the same beginning, so that each sees what those before him changed.
 * One that throws changes nothing and is alone in it.
 */
export async function runMembers(
  cache: StoreCache,
  members: readonly Member[],
  o: RunOptions & { readonly time: StoreTime; readonly ask: (wants: Wants) => Promise<void> },
): Promise<Ran> {
  for (;;) {
    const ran = o.time.standingStill(() => runOnce(cache, members, o));
    if ('settled' in ran) return ran;
    await o.ask(ran.wants);
  }
}

/** Runs members; when something is missing nothing has changed. */
export function runOnce(
  { journal, rows, log }: StoreCache,
  members: readonly Member[],
  { mostBytes, supposes = false }: RunOptions,
): Ran | Missed {
  const settled: (() => void)[] = [];
  const rest: Member[] = [];
  const wants: Wants = new Map();
  const supposed: Wants = new Map();
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
  const runAll = () => {
    for (const member of members) {
      if (log.pendingBytes > mostBytes) rest.push(member);
      else runMember(member);
    }
  };
  try {
    journal.transaction(() => {
      if (supposes) log.supposing(supposed, runAll);
      else runAll();
      if (wants.size + supposed.size > 0) throw new Again();
    });
  } catch (error) {
    if (!(error instanceof Again)) throw error;
    return { wants: new Map([...wants, ...supposed]), wrongly: wants.size === 0 };
  }
  return { settled, rest };
}
