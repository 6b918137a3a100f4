import type { AcquireCall, AppendCall, Held, Op, ReadCall, ReleaseCall, Wish } from './history.js';

/** Who holds the key of an object. The token is 0 while only the store knows it: the answer was lost on its way. */
interface Holder extends Held {
  /** Nanoseconds: the lease cannot end before the first, and has ended after the second. */
  readonly mayEndAt: number;
  readonly endedAt: number;
}

/** One stream and one lease key, as a store without clients, processes and disks would have them. Never changed. */
export interface ObjectState {
  /** The last event: each is a link to the one before it. */
  readonly last: Link | undefined;
  readonly holder: Holder | undefined;
  /** The highest token that anybody was given for the key. */
  readonly highest: number;
}

interface Link {
  readonly version: number;
  readonly id: string;
  readonly index: number;
  readonly before: Link | undefined;
  /** Two streams that have the same events have the same number here. */
  readonly number: number;
}

export interface ObjectModel {
  readonly start: ObjectState;
  /**
   * The state after an operation that happens now; `undefined` when the store could not have answered so. An operation
   * whose answer is unknown happens in full, or is left out.
   */
  step(state: ObjectState, op: Op): ObjectState | undefined;
  /** Equal for states that nobody can tell apart. */
  key(state: ObjectState): string;
}

/** Expiry is by wall time in whole milliseconds, the history is in monotonic time. */
const slackNs = 2e6;

/**
 * What the port `Store` promises about one stream and one key, as a state machine. Checked inside: fence, then version,
 * then lease, as the port says.
 */
export function objectModel(): ObjectModel {
  const links = new Map<string, Link>();
  const linked = (before: Link | undefined, id: string, index: number): Link => {
    const name = `${before?.number ?? 0} ${id} ${index}`;
    const known = links.get(name);
    if (known !== undefined) return known;
    const made = { version: (before?.version ?? 0) + 1, id, index, before, number: links.size + 1 };
    links.set(name, made);
    return made;
  };

  const append = (state: ObjectState, op: AppendCall): ObjectState | undefined => {
    if (op.got.is === 'nothing') return state;
    const refusal = refusalOf(state, op);
    if (op.got.is === 'unknown') return refusal === undefined ? written(state, op, 0) : state;
    if (op.got.is !== 'done') return refusalFits(state, op) ? state : undefined;
    if (refusal !== undefined || op.got.version !== versionOf(state) + op.count) return undefined;
    const { token = 0 } = op.got;
    return op.take !== undefined && token <= state.highest ? undefined : written(state, op, token);
  };

  const written = (state: ObjectState, op: AppendCall, token: number): ObjectState => {
    let { last } = state;
    for (let index = 0; index < op.count; index += 1) last = linked(last, op.id, index);
    const freed = op.release === true ? undefined : state.holder;
    const holder = op.take === undefined ? freed : holderOf(op, op.take, token);
    return { last, holder, highest: Math.max(state.highest, token) };
  };

  return {
    start: { last: undefined, holder: undefined, highest: 0 },
    step(state, op) {
      switch (op.do) {
        case 'append':
          return append(state, op);
        case 'acquire':
          return acquire(state, op);
        case 'release':
          return release(state, op);
        case 'read':
          return sees(state, op) ? state : undefined;
        case 'head':
          return op.got.version === versionOf(state) ? state : undefined;
      }
    },
    key: ({ last, holder, highest }) =>
      `${last?.number ?? 0} ${holder?.set ?? ''} ${holder?.token ?? 0} ${holder?.endedAt ?? 0} ${highest}`,
  };
}

function versionOf({ last }: ObjectState): number {
  return last?.version ?? 0;
}

function acquire(state: ObjectState, op: AcquireCall): ObjectState | undefined {
  const { holder, highest } = state;
  const { wish, got } = op;
  const own = holder?.set === wish.set;
  switch (got.is) {
    case 'nothing':
      return state;
    case 'held':
      return holder === undefined || own ? undefined : state;
    case 'unknown':
      return own || !isFree(state, op) ? state : { ...state, holder: holderOf(op, wish, 0) };
    case 'done': {
      const { token } = got;
      // Who asks again for a set that it holds gets the same token, and more time.
      const again = own && (holder.token === token || (holder.token === 0 && token > highest));
      if (!again && !(isFree(state, op) && token > highest)) return undefined;
      const next = holderOf(op, wish, token);
      const endedAt = again ? Math.max(holder.endedAt, next.endedAt) : next.endedAt;
      return { ...state, holder: { ...next, endedAt }, highest: Math.max(highest, token) };
    }
  }
}

function release(state: ObjectState, { held }: ReleaseCall): ObjectState {
  return holds(state, held) ? { ...state, holder: undefined } : state;
}

function holderOf({ called, answered }: Op, { set, ttlMs }: Wish, token: number): Holder {
  const ttlNs = ttlMs * 1e6;
  return { set, token, mayEndAt: called + ttlNs - slackNs, endedAt: (answered ?? Infinity) + ttlNs + slackNs };
}

/** Nobody holds the key, or whoever does may have run out of time while this was asked. */
function isFree({ holder }: ObjectState, { answered }: Op): boolean {
  return holder === undefined || holder.mayEndAt <= (answered ?? Infinity);
}

function holds({ holder }: ObjectState, { set, token }: Held): boolean {
  return holder?.set === set && (holder.token === token || holder.token === 0);
}

/** Why an append cannot be written in this state. */
function refusalOf(state: ObjectState, { fence, expected, take, called, ...op }: AppendCall): string | undefined {
  if (fence !== undefined && !holds(state, fence)) return 'fenced';
  if (fence !== undefined && (state.holder?.endedAt ?? 0) < called) return 'expired';
  if (expected !== versionOf(state)) return 'conflict';
  return take !== undefined && !isFree(state, { ...op, called, expected, take }) ? 'held' : undefined;
}

function refusalFits(state: ObjectState, op: AppendCall): boolean {
  const { got, fence, take } = op;
  const passes = fence === undefined || holds(state, fence);
  const versionFits = op.expected === versionOf(state);
  switch (got.is) {
    case 'fenced':
      return !passes;
    case 'expired':
      return fence !== undefined && passes && (state.holder?.mayEndAt ?? Infinity) <= (op.answered ?? Infinity);
    case 'conflict':
      return passes && !versionFits && got.actual === versionOf(state);
    case 'held':
      return passes && versionFits && take !== undefined && state.holder !== undefined;
    default:
      return false;
  }
}

function sees(state: ObjectState, { got }: ReadCall): boolean {
  if (got.version !== versionOf(state)) return false;
  let link = state.last;
  for (const [id, index] of got.tail) {
    if (link?.id !== id || link.index !== index) return false;
    link = link.before;
  }
  return true;
}
