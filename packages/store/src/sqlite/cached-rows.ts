import type { StreamId } from '@conductor/core/ports';
import { memoryLeaseRows } from '../memory/lease-rows.js';
import type { LeaseRows, LogRows, Rows } from '../rules/rows.js';

/** Rows of a writer that remembers what it wrote. */
export interface CachedRows {
  readonly rows: Rows;
  /** Called when another connection has written, and when a transaction was rolled back. */
  forget(): void;
}

/** Above this many held or awaited sets, leases are read from the tables: to load them all would cost more. */
export const maxCachedSets = 2_000;
const maxStreams = 10_000;

/**
 * Rows that spare a writer the reading of what only it has changed: heads of streams, and all leases. Every change goes
 * to the tables as well; until `forget`, the memory is as true as they are.
 */
export function cachedRows(rows: Rows, countSets: () => number): CachedRows {
  const log = cachedLog(rows.log);
  const leases = cachedLeases(rows.leases, countSets);
  return {
    rows: { ...rows, log: log.rows, leases: leases.rows },
    forget() {
      log.forget();
      leases.forget();
    },
  };
}

function cachedLog(rows: LogRows): { readonly rows: LogRows; forget(): void } {
  let head: number | undefined;
  const versions = new Map<StreamId, number>();
  const note = (stream: StreamId, version: number) => {
    if (versions.size >= maxStreams) versions.clear();
    versions.set(stream, version);
    return version;
  };
  return {
    rows: {
      ...rows,
      head: () => (head ??= rows.head()),
      version: (stream) => versions.get(stream) ?? note(stream, rows.version(stream)),
      setVersion(stream, version) {
        rows.setVersion(stream, version);
        note(stream, version);
      },
      addEvent(row) {
        rows.addEvent(row);
        head = row.seq;
      },
    },
    forget() {
      head = undefined;
      versions.clear();
    },
  };
}

/** Sets that are lost are not remembered: they are few, and asked for by their owner only. */
function cachedLeases(tables: LeaseRows, countSets: () => number): { readonly rows: LeaseRows; forget(): void } {
  let memory: LeaseRows | undefined;
  // Whoever reads or changes a lease asks for this first, so the memory never misses a change.
  const known = () => (memory ??= countSets() > maxCachedSets ? tables : loadedLeases(tables));
  const both =
    <A extends readonly unknown[], R>(change: (rows: LeaseRows, ...args: A) => R) =>
    (...args: A): R => {
      const remembered = known();
      const result = change(tables, ...args);
      if (remembered !== tables) change(remembered, ...args);
      return result;
    };
  return {
    rows: {
      ...tables,
      grant: (token) => known().grant(token) ?? tables.grant(token),
      heldSet: (set) => known().heldSet(set),
      holders: (key) => known().holders(key),
      waiter: (id) => known().waiter(id) ?? tables.waiter(id),
      waitersFor: (key) => known().waitersFor(key),
      owner: (owner) => known().owner(owner),
      addGrant: both((rows, row) => rows.addGrant(row)),
      setExpiry: both((rows, token, expiresAtMs) => rows.setExpiry(token, expiresAtMs)),
      putKeys: both((rows, token, keys) => rows.putKeys(token, keys)),
      removeKeys: both((rows, token, keys) => rows.removeKeys(token, keys)),
      loseGrant: both((rows, token) => rows.loseGrant(token)),
      removeGrant: both((rows, token) => rows.removeGrant(token)),
      renewAll: both((rows, owner, expiresAtMs) => rows.renewAll(owner, expiresAtMs)),
      addWaiter(row) {
        const remembered = known();
        const id = tables.addWaiter(row);
        const numbered = { ...row, id };
        if (remembered !== tables) remembered.addWaiter(numbered);
        return id;
      },
      setGranted: both((rows, id, token) => rows.setGranted(id, token)),
      removeWaiter: both((rows, id) => rows.removeWaiter(id)),
      putOwner: both((rows, row) => rows.putOwner(row)),
      removeOwner: both((rows, owner) => rows.removeOwner(owner)),
    },
    forget() {
      memory = undefined;
    },
  };
}

function loadedLeases(tables: LeaseRows): LeaseRows {
  // Nothing is ever taken back here: a rolled back transaction forgets all of it.
  const memory = memoryLeaseRows({ record: () => undefined, transaction: (work) => work() });
  for (const owner of tables.owners()) memory.putOwner(owner);
  for (const grant of tables.grants()) memory.addGrant(grant);
  for (const waiter of tables.waiters()) {
    memory.addWaiter(waiter);
    if (waiter.granted !== 0) memory.setGranted(waiter.id, waiter.granted);
  }
  return memory;
}
