import { systemClock } from '@conductor/core';
import type { Store } from '@conductor/core/ports';
import { all } from '../../src/conformance/store-fixture.js';
import type { PostgresServer } from '../postgres-server.js';
import { startChild } from './child-process.js';
import type { Child } from './child-process.js';
import { commitsOf } from './log-check.js';
import type { Logged } from './log-check.js';
import { openAt } from './places.js';
import type { Place } from './places.js';
import { randomOf } from './random.js';
import type { Random } from './random.js';
import { lanes } from './writer.js';

export interface KillFigures {
  readonly seed: number;
  readonly kills: number;
  /** Commits that were acknowledged before the process that made them was killed. */
  readonly acknowledged: number;
  /** Commits that lasted though nobody was told: the process died between the two. */
  readonly unacknowledged: number;
  readonly events: number;
}

/** What was printed for one commit. */
interface Acknowledged {
  readonly seq: number;
  /** 0: it took no lease. */
  readonly token: number;
}

const clock = systemClock();
const longestSpinNs = 1_500_000;

/**
 * Kills processes that write to one store, at random moments, and opens it after each: by `faults` it lost, halved,
 * doubled or disordered something. With two writers the other one goes on meanwhile.
 */
export async function killWriters(
  place: Place,
  { seed, kills, writers }: { readonly seed: number; readonly kills: number; readonly writers: 1 | 2 },
): Promise<{ readonly figures: KillFigures; readonly faults: readonly string[] }> {
  const random = randomOf(seed);
  const told = new Map<string, Acknowledged>();
  const start = (slot: number, life: number) =>
    startWriter({ place, seed: seed * 10_000 + slot * 1_000 + life, writer: `w${slot}` }, told);
  const living = await Promise.all(Array.from({ length: writers }, (_, slot) => start(slot, 0)));
  let last: Checked = { faults: [], events: 0, unacknowledged: 0 };
  try {
    for (let kill = 1; kill <= kills && last.faults.length === 0; kill += 1) {
      const slot = random.between(0, living.length - 1);
      const writer = living[slot];
      if (writer === undefined) break;
      await writer.acknowledged(random.between(0, 30));
      spin(random.next() * longestSpinNs);
      const { code, errors } = await writer.killed();
      if (code !== null || errors !== '') throw new Error(`Writer ${slot} ended by itself: ${code} ${errors}`);
      last = await checkAt(place, new Map(told), writers * lanes);
      if (kill < kills) living[slot] = await start(slot, kill);
    }
  } finally {
    await Promise.all(living.map((writer) => writer.killed()));
  }
  const { faults, events, unacknowledged } = await checkAt(place, told, 0);
  const figures = { seed, kills, acknowledged: told.size, unacknowledged, events };
  return { figures, faults: [...last.faults, ...faults] };
}

/** Kills the server of a store at random moments of a writer, who goes on when it is back. */
export async function killServer(
  place: Place,
  server: PostgresServer,
  { seed, kills }: { readonly seed: number; readonly kills: number },
): Promise<{ readonly figures: KillFigures; readonly faults: readonly string[] }> {
  const random = randomOf(seed);
  const told = new Map<string, Acknowledged>();
  const writer = await startWriter({ place, seed, writer: 'w0' }, told);
  let last: Checked = { faults: [], events: 0, unacknowledged: 0 };
  try {
    for (let kill = 1; kill <= kills && last.faults.length === 0; kill += 1) {
      await writer.acknowledged(random.between(1, 30));
      spin(random.next() * longestSpinNs);
      await server.kill();
      const before = new Map(told);
      await server.restart();
      last = await checkAt(place, before, lanes);
    }
  } finally {
    const { code, errors } = await writer.killed();
    if (code !== null || errors !== '') last = { ...last, faults: [...last.faults, `It ended by itself: ${errors}`] };
  }
  const { faults, events, unacknowledged } = await checkAt(place, told, 0);
  const figures = { seed, kills, acknowledged: told.size, unacknowledged, events };
  return { figures, faults: [...last.faults, ...faults] };
}

interface Writer {
  /** Resolves when it has printed that many acknowledgements since it was asked, or has ended. */
  acknowledged(count: number): Promise<void>;
  /** Kills it; resolves when everything that it had printed has arrived. */
  killed(): Child['ended'];
}

async function startWriter(
  task: { readonly place: Place; readonly seed: number; readonly writer: string },
  told: Map<string, Acknowledged>,
): Promise<Writer> {
  let left = Infinity;
  let enough: () => void = () => undefined;
  const child = await startChild({ do: 'write', ...task }, (line) => {
    const [kind, id = '', seq, token] = line.split(' ');
    if (kind === 'c') told.set(id, { seq: Number(seq), token: Number(token) });
    left -= 1;
    if (left <= 0) enough();
  });
  return {
    async acknowledged(count) {
      await Promise.race([child.opened, child.ended]);
      if (count === 0) return;
      left = count;
      const reached = new Promise<void>((resolve) => {
        enough = resolve;
      });
      await Promise.race([reached, child.ended]);
    },
    killed() {
      child.kill();
      return child.ended;
    },
  };
}

/** Less than a timer can wait: the kill shall land anywhere inside a commit. */
function spin(ns: number): void {
  const end = process.hrtime.bigint() + BigInt(Math.floor(ns));
  while (process.hrtime.bigint() < end);
}

interface Checked {
  readonly faults: readonly string[];
  readonly events: number;
  readonly unacknowledged: number;
}

/** Opens the store as the next process would. `underWay`: how many commits living writers may have made meanwhile unseen. */
async function checkAt(place: Place, told: ReadonlyMap<string, Acknowledged>, underWay: number): Promise<Checked> {
  const store = await openAt(place, { clock });
  try {
    const log = await all(store.readAll());
    const { commits, faults } = commitsOf(log);
    const records = underWay > 0 ? [] : await recordFaults(store, commits);
    const unacknowledged = Array.from(commits.keys()).filter((id) => !told.has(id)).length;
    const missing = Array.from(told).flatMap(([id, { seq }]) => {
      const at = commits.get(id)?.lastSeq;
      return at === seq ? [] : [`${id} was acknowledged at seq ${seq}, and stands at ${at}`];
    });
    return {
      faults: [...faults, ...missing, ...laneFaults(commits), ...tokenFaults(told), ...records],
      events: log.length,
      unacknowledged,
    };
  } finally {
    await store.close();
  }
}

/** The numbers of each lane: one that died takes up what its record says, so nothing is left out or made twice. */
function laneFaults(commits: ReadonlyMap<string, Logged>): readonly string[] {
  return Array.from(lastOfLanes(commits)).flatMap(([lane, { count, highest }]) =>
    count === highest ? [] : [`${lane} has ${count} commits up to number ${highest}`],
  );
}

/** Records are written with the events of their commit, or not at all. */
async function recordFaults(store: Store, commits: ReadonlyMap<string, Logged>): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const [lane, { highest }] of lastOfLanes(commits)) {
    const value = (await store.records.get('$writers', lane))?.value as { readonly n: number } | undefined; // by `writer.ts`
    if (value?.n !== highest) faults.push(`The record of ${lane} says ${value?.n}, its events ${highest}`);
  }
  return faults;
}

function lastOfLanes(commits: ReadonlyMap<string, Logged>) {
  const found = new Map<string, { readonly count: number; readonly highest: number }>();
  for (const id of commits.keys()) {
    const dash = id.lastIndexOf('-');
    const { count, highest } = found.get(id.slice(0, dash)) ?? { count: 0, highest: 0 };
    found.set(id.slice(0, dash), { count: count + 1, highest: Math.max(highest, Number(id.slice(dash + 1))) });
  }
  return found;
}

/** Tokens go up with `seq`, over every restart. */
function tokenFaults(told: ReadonlyMap<string, Acknowledged>): readonly string[] {
  const granted = Array.from(told.values())
    .filter(({ token }) => token > 0)
    .toSorted((a, b) => a.seq - b.seq);
  return granted.flatMap(({ token }, index) =>
    token > (granted[index - 1]?.token ?? 0) ? [] : [`Token ${token} came after ${granted[index - 1]?.token}`],
  );
}

/** How many kills a campaign makes in one store: enough to meet its own scars, few enough to read all of it each time. */
export function splitKills(
  kills: number,
  random: Random,
): readonly { readonly kills: number; readonly writers: 1 | 2 }[] {
  const parts: { readonly kills: number; readonly writers: 1 | 2 }[] = [];
  for (let left = kills; left > 0;) {
    const part = Math.min(left, random.between(5, 15));
    parts.push({ kills: part, writers: parts.length % 4 === 1 ? 2 : 1 });
    left -= part;
  }
  return parts;
}
