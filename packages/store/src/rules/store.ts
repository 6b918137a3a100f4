import { ConductorError } from '@conductor/core';
import type {
  Batches,
  Clock,
  DriverInfo,
  EventEnvelope,
  Filter,
  Opt,
  Store,
  StoreCapabilities,
  StreamId,
} from '@conductor/core/ports';
import { checkCount, checkStreamId } from './checks.js';
import { applyCommit, prepareCommit } from './commit.js';
import { filterParts } from './filter.js';
import { createLeases } from './lease-port.js';
import type { OwnerLocks } from './lease-port.js';
import type { StoreLimits } from './limits.js';
import { createRecords } from './record-port.js';
import type { Rows } from './rows.js';
import { touchedBy } from './touches.js';
import type { Touches } from './touches.js';
import { createSubscriptions } from './subscription-port.js';
import { closedError, createWake } from './wake.js';
import type { Wake } from './wake.js';

/** What a driver brings: rows, and what makes a change of them last. */
export interface Backend {
  /**
   * Runs `work` in a transaction: when it throws nothing was written; when the promise resolves its changes last. It may
   * share the transaction with others, and `work` may run more than once.
   */
  write<T>(work: (rows: Rows) => T, o: WriteHint): Promise<T>;
  /** Runs `work` on what is committed. It may run more than once. */
  read<T>(work: (rows: Rows) => T, o: ReadHint): Promise<T>;
  /** The time that leases and claims expire by, where it is not the clock's; inside a transaction that of its beginning. */
  now?(): number;
  /** Tells from now on when another handle of the store has changed something. */
  watch?(wake: Handle['wake']): void;
  close(): Promise<void>;
}

export interface WriteHint extends Opt {
  /** Which rows the work will ask for, as far as that is known before. */
  readonly touches?: Touches | undefined;
}

export interface ReadHint extends Opt {
  /** The work asks for the head, and for the first page of what matches after a `seq`. */
  readonly tail?: { readonly filter: Filter; readonly after: number } | undefined;
}

export interface BackendOptions {
  readonly backend: Backend;
  readonly driver: DriverInfo<StoreCapabilities>;
  readonly id: string;
  readonly clock: Clock;
  readonly limits: StoreLimits;
  /** How often to look for what other processes wrote; `undefined` when there are none. */
  readonly pollMs: number | undefined;
  readonly ownerLocks: OwnerLocks | undefined;
}

/** What the parts of one open store share. */
export interface Handle {
  readonly clock: Clock;
  readonly pollMs: number | undefined;
  readonly wake: { readonly log: Wake; readonly leases: Wake; readonly subscriptions: Wake };
  /** Throws CLOSED, or the reason of the signal. */
  check(signal: AbortSignal | undefined): void;
  /** The wall time that leases and claims expire by. */
  now(): number;
  write<T>(work: (rows: Rows, nowMs: number) => T, o?: WriteHint): Promise<T>;
  read<T>(work: (rows: Rows, nowMs: number) => T, o?: ReadHint): Promise<T>;
}

/** The port `Store` over a driver's rows. All rules are here, so that drivers cannot differ in them. */
export function createStore({ backend, driver, id, clock, limits, pollMs, ownerLocks }: BackendOptions): Store {
  const wake = { log: createWake(clock), leases: createWake(clock), subscriptions: createWake(clock) };
  let closing: Promise<void> | undefined;
  const check = (signal: AbortSignal | undefined) => {
    if (closing !== undefined) throw closedError();
    signal?.throwIfAborted();
  };
  const now = () => backend.now?.() ?? clock.now();
  const handle: Handle = {
    clock,
    pollMs,
    wake,
    check,
    now,
    async write(work, o = {}) {
      check(o.signal);
      return backend.write((rows) => work(rows, now()), o);
    },
    async read(work, o = {}) {
      check(o.signal);
      return backend.read((rows) => work(rows, now()), o);
    },
  };
  backend.watch?.(wake);
  const { leases, closeOwners } = createLeases(handle, ownerLocks);
  const log = createLog(handle);
  const close = async () => {
    for (const part of Object.values(wake)) part.close();
    await closeOwners((work) => backend.write((rows) => work(rows, now()), {}));
    await backend.close();
  };

  return Object.freeze({
    driver,
    id,
    leases,
    records: createRecords(handle),
    subscriptions: createSubscriptions(handle),
    ...log,
    async commit(commit, o = {}) {
      check(o.signal);
      const prepared = prepareCommit(commit, limits);
      const { signal } = o;
      const touches = touchedBy(prepared);
      const result = await handle.write((rows, nowMs) => applyCommit(rows, prepared, nowMs), { signal, touches });
      if (prepared.count > 0) {
        wake.log.notify();
        wake.subscriptions.notify();
      }
      if (prepared.leases.length > 0) wake.leases.notify();
      return result;
    },
    close: () => (closing ??= close()),
  } satisfies Store);
}

function createLog({ read, wake, pollMs }: Handle): Pick<Store, 'head' | 'streams' | 'read' | 'readAll' | 'follow'> {
  async function* readStream(stream: StreamId, o: Parameters<Store['read']>[1] = {}): Batches {
    checkStreamId(stream);
    const { backward = false, signal } = o;
    let after = o.after ?? (backward ? Number.MAX_SAFE_INTEGER : 0);
    let left = checkedLimit(o.limit);
    checkCount('The version to read after', after);
    while (left > 0) {
      const limit = left;
      const from = after;
      const page = await read(({ log }) => log.readStream(stream, { after: from, limit, backward }), { signal });
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      after = last.version;
      left -= page.length;
    }
  }

  async function* readAll(o: Opt & Filter & { readonly after?: number; readonly limit?: number } = {}): Batches {
    filterParts(o);
    const { signal } = o;
    let after = o.after ?? 0;
    let left = checkedLimit(o.limit);
    checkCount('The seq to read after', after);
    const upTo = await read(({ log }) => log.head(), { signal });
    while (left > 0 && after < upTo) {
      const limit = left;
      const from = after;
      const { events, scanned } = await read(({ log }) => log.readLog(o, { after: from, upTo, limit }), { signal });
      if (events.length > 0) yield events;
      after = scanned;
      left -= events.length;
    }
  }

  async function* follow(o: Opt & Filter & { readonly after: number }): Batches {
    filterParts(o);
    checkCount('The seq to follow after', o.after);
    const { signal } = o;
    let after = o.after;
    for (;;) {
      const { tick } = wake.log;
      const from = after;
      const tail = { filter: o, after: from };
      const page = await read(({ log }) => readTail(log, o, from), { signal, tail });
      if (page.events.length > 0) yield page.events;
      after = Math.max(after, page.scanned);
      if (page.events.length === 0) await wake.log.wait(tick, { ms: pollMs, signal });
    }
  }

  return {
    async head({ stream, signal } = {}) {
      if (stream !== undefined) checkStreamId(stream);
      return read(({ log }) => (stream === undefined ? log.head() : log.version(stream)), { signal });
    },
    async streams({ kind, after = '', limit = 1_000, signal } = {}) {
      return read(({ log }) => log.streams({ kind, after, limit: checkedLimit(limit) }), { signal });
    },
    read: readStream,
    readAll,
    follow,
  };
}

function readTail(
  log: Rows['log'],
  filter: Filter,
  after: number,
): { readonly events: readonly EventEnvelope[]; readonly scanned: number } {
  return log.readLog(filter, { after, upTo: log.head(), limit: Number.MAX_SAFE_INTEGER });
}

function checkedLimit(limit: number | undefined): number {
  if (limit === undefined) return Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(limit) && limit >= 0) return limit;
  throw new ConductorError('VALIDATION_FAILED', `A limit must be a whole number from 0, not ${limit}`);
}
