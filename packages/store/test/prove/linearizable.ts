import type { Op } from './history.js';
import { objectModel } from './object-model.js';
import type { ObjectModel, ObjectState } from './object-model.js';

export interface CheckOptions {
  /**
   * What a read sees of what others were told before it was asked. `all`: everything, also through other handles.
   * `handle`: everything through its own handle (what the port promises), of other processes some prefix.
   */
  readonly reads: 'all' | 'handle';
}

export interface Verdict {
  readonly ok: boolean;
  /** Operations that were put in order, those of unknown outcome not counted. */
  readonly checked: number;
  readonly unknown: number;
  /** For each object whose operations have no order: what was next when the search had come furthest. */
  readonly stuck: readonly Stuck[];
}

export interface Stuck {
  readonly object: string;
  readonly state: string;
  readonly next: readonly Op[];
}

/**
 * Whether the operations can be put in one order that keeps the order of those that did not overlap, in which a store
 * without concurrency would have given the same answers (Wing and Gong 1993, with the memory of states of Lowe 2017).
 * Each object is checked by itself: a history is linearizable exactly when those of its objects are (Herlihy and Wing
 * 1990). O(operations) where the answers leave little choice, and here versions and tokens name their place.
 */
export function checkLinearizable(history: readonly Op[], options: CheckOptions): Verdict {
  const objects = groupedBy(history, ({ object }) => object);
  const stuck: Stuck[] = [];
  for (const [object, ops] of objects) {
    const found = search(ops, options);
    if (found !== undefined) stuck.push({ object, ...found });
  }
  const unknown = history.filter(({ answered }) => answered === null).length;
  return { ok: stuck.length === 0, checked: history.length - unknown, unknown, stuck };
}

/** An operation with what has to stand before it. */
interface Placed {
  readonly op: Op;
  readonly answered: number;
  /** From when on it can have happened. */
  readonly from: number;
  /** How many operations of each client have to stand before it, beside its own earlier ones. */
  readonly after: ReadonlyMap<number, number>;
}

/** How far the search has come: the next operation of each client, those of unknown outcome that happened, the state. */
interface Config {
  readonly at: readonly number[];
  readonly happened: readonly number[];
  readonly state: ObjectState;
}

interface Problem {
  readonly model: ObjectModel;
  /** One list a client, in its order: a client asks nothing before it is answered. */
  readonly clients: readonly (readonly Placed[])[];
  readonly unknown: readonly Op[];
}

/** Depth first; `undefined` when there is an order. */
function search(ops: readonly Op[], options: CheckOptions): Omit<Stuck, 'object'> | undefined {
  const problem = problemOf(ops, options);
  const { model, clients } = problem;
  const seen = new Set<string>();
  const start: Config = { at: clients.map(() => 0), happened: [], state: model.start };
  const stack = [start];
  let furthest = start;
  for (let config = stack.pop(); config !== undefined; config = stack.pop()) {
    const settled = withoutChange(problem, config);
    if (clients.every((list, client) => settled.at[client] === list.length)) return undefined;
    const key = `${settled.at.join(' ')}|${settled.happened.join(' ')}|${model.key(settled.state)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (placedIn(settled) > placedIn(furthest)) furthest = settled;
    stack.push(...changes(problem, settled));
  }
  return {
    state: model.key(furthest.state),
    next: candidates(problem, furthest).map(({ placed }) => placed.op),
  };
}

function placedIn({ at }: Config): number {
  return at.reduce((sum, index) => sum + index, 0);
}

/**
 * Takes everything that may come next and changes nothing. No other order is lost by that: wherever such an operation
 * stands in one, it can be moved to the front.
 */
function withoutChange(problem: Problem, config: Config): Config {
  const at = [...config.at];
  const next = { ...config, at };
  for (let moved = true; moved;) {
    moved = false;
    for (const { client, placed } of candidates(problem, next)) {
      if (problem.model.step(next.state, placed.op) !== next.state) continue;
      at[client] = (at[client] ?? 0) + 1;
      moved = true;
    }
  }
  return next;
}

/** Every way to go on by one operation that changes the state; the likeliest last, where the stack takes it first. */
function changes(problem: Problem, config: Config): readonly Config[] {
  const { model, unknown } = problem;
  const found: Config[] = [];
  const horizon = horizonOf(problem, config);
  for (const [index, op] of unknown.entries()) {
    if (op.called > horizon || config.happened.includes(index)) continue;
    const state = model.step(config.state, op);
    if (state === undefined || state === config.state) continue;
    found.push({ ...config, happened: [...config.happened, index].sort((a, b) => a - b), state });
  }
  const known = candidates(problem, config).toSorted((a, b) => b.placed.answered - a.placed.answered);
  for (const { client, placed } of known) {
    const state = model.step(config.state, placed.op);
    if (state === undefined) continue;
    found.push({ ...config, at: config.at.with(client, (config.at[client] ?? 0) + 1), state });
  }
  return found;
}

interface Candidate {
  readonly client: number;
  readonly placed: Placed;
}

/** The next operation of each client, unless one that was answered before it was asked is still to come. */
function candidates(problem: Problem, { at }: Pick<Config, 'at'>): readonly Candidate[] {
  const horizon = horizonOf(problem, { at });
  const found: Candidate[] = [];
  for (const [client, list] of problem.clients.entries()) {
    const placed = list[at[client] ?? 0];
    if (placed === undefined || placed.from > horizon) continue;
    const ready = Array.from(placed.after).every(([other, count]) => (at[other] ?? 0) >= count);
    if (ready) found.push({ client, placed });
  }
  return found;
}

function horizonOf({ clients }: Problem, { at }: Pick<Config, 'at'>): number {
  return clients.reduce(
    (least, list, client) => Math.min(least, list[at[client] ?? 0]?.answered ?? Infinity),
    Infinity,
  );
}

function problemOf(ops: readonly Op[], { reads }: CheckOptions): Problem {
  const sorted = ops.toSorted((a, b) => a.called - b.called);
  const known = sorted.filter(({ answered }) => answered !== null);
  const lists = Array.from(groupedBy(known, ({ client }) => client).values());
  const clients = lists.map((list) =>
    list.map((op): Placed => {
      const answered = op.answered ?? Infinity;
      if (reads === 'all' || !isRead(op)) return { op, answered, from: op.called, after: new Map() };
      return { op, answered, from: -Infinity, after: ownProcessBefore(op, lists) };
    }),
  );
  return { model: objectModel(), clients, unknown: sorted.filter(({ answered }) => answered === null) };
}

function isRead(op: Op): boolean {
  return op.do === 'head' || (op.do === 'read' && op.fresh !== true);
}

/** How many operations each client of the same process had been answered when this was asked. */
function ownProcessBefore(op: Op, lists: readonly (readonly Op[])[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const [client, list] of lists.entries()) {
    if (list[0]?.process !== op.process) continue;
    const count = answeredBefore(list, op.called);
    if (count > 0) counts.set(client, count);
  }
  return counts;
}

/** Binary search: answers of one client come in the order of its questions. */
function answeredBefore(list: readonly Op[], time: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.answered ?? Infinity) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function groupedBy<T, K>(list: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of list) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
