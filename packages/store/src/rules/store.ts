import type { Clock, DriverInfo, Filter, Grant, Opt, Store, StoreCapabilities } from '@conductor/core/ports';
import { applyCommit } from './commit.js';
import { createLeases } from './lease-port.js';
import { grantOf } from './leases.js';
import type { OwnerLocks } from './lease-port.js';
import type { StoreLimits } from './limits.js';
import { createLog } from './log-port.js';
import { prepareCommit } from './prepare-commit.js';
import type { PreparedCommit } from './prepare-commit.js';
import { createRecords } from './record-port.js';
import type { Rows } from './rows.js';
import { touchedBy } from './touches.js';
import type { Touches } from './touches.js';
import type { Claimer } from './subscription-claimers.js';
import { createSubscriptions } from './subscription-port.js';
import { closedError, createWake } from './wake.js';
import type { Wake } from './wake.js';

/** What a driver brings: rows, and what makes a change of them last. */
export interface Backend {
  /**
   * Runs `work` in a transaction: when it throws nothing was written; when the promise resolves its changes last. It may
   * share the transaction with others, and `work` may run more than once. When the signal aborts, `work` is not run again.
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

/** Called with what is to be told once the transaction has lasted; nothing is when it has not. */
export type Tell = (what: () => void) => void;

type Everyone = Pick<Wake, 'notify' | 'close'>;

/** What the parts of one open store share. */
export interface Handle {
  readonly clock: Clock;
  readonly pollMs: number | undefined;
  /** Places of the line and claimers: all of them at once, for what another handle has done. */
  readonly wake: { readonly log: Wake; readonly leases: Everyone; readonly subscriptions: Everyone };
  /** Throws CLOSED, or the reason of the signal. */
  check(signal: AbortSignal | undefined): void;
  /** The wall time that leases and claims expire by. */
  now(): number;
  write<T>(work: (rows: Rows, nowMs: number, tell: Tell) => T, o?: WriteHint): Promise<T>;
  read<T>(work: (rows: Rows, nowMs: number) => T, o?: ReadHint): Promise<T>;
  /** Claims of this process under way: one that waits is served by the commit that brings its events. */
  readonly claimers: Set<Claimer>;
  /** Requests of this process in the line for a lease: one is served by the commit that frees it. */
  readonly line: Map<number, Place>;
}

/** A request of this process in the line for a lease. What this process does to it wakes it alone. */
export interface Place {
  readonly wake: Wake;
  /** What it was given, from within the transaction on. */
  grant?: Grant;
  /** Whether that transaction lasts. */
  lasts: boolean;
}

/** The port `Store` over a driver's rows. All rules are here, so that drivers cannot differ in them. */
export function createStore({ backend, driver, id, clock, limits, pollMs, ownerLocks }: BackendOptions): Store {
  const line: Handle['line'] = new Map();
  const claimers: Handle['claimers'] = new Set();
  const wake = { log: createWake(clock), leases: everyone(line), subscriptions: everyone(claimers) };
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
    line,
    claimers,
    async write<T>(work: (rows: Rows, nowMs: number, tell: Tell) => T, o: WriteHint = {}) {
      check(o.signal);
      let told: (() => void)[] = [];
      let begun = false;
      const written = backend.write((rows) => {
        o.signal?.throwIfAborted();
        begun = true;
        told = []; // of the last time that the work was run
        const tell: Tell = (what) => told.push(what);
        return work(servingLine(rows, line, tell), now(), tell);
      }, o);
      // Whoever made the write may have gone; those who were served by it have not.
      const answered = written.then((value) => {
        for (const what of told) what();
        return value;
      });
      return abortable(answered, o.signal, () => !begun);
    },
    async read(work, o = {}) {
      check(o.signal);
      return backend.read((rows) => work(rows, now()), o);
    },
  };
  const tellOfEvents = ({ appends }: PreparedCommit, rows: Rows, nowMs: number, tell: Tell) => {
    for (const claimer of claimers) if (claimer.wants(appends)) claimer.serve(rows, nowMs, tell);
    tell(() => {
      wake.log.notify();
      for (const claimer of claimers) if (claimer.wants(appends)) claimer.wake.notify();
    });
  };
  backend.watch?.(wake);
  const { leases, closeOwners } = createLeases(handle, ownerLocks);
  const log = createLog(handle);
  const close = async () => {
    for (const part of Object.values(wake)) part.close();
    try {
      await closeOwners((work) => backend.write((rows) => work(rows, now()), {}));
    } finally {
      await backend.close(); // on a full disk too
    }
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
      return handle.write(
        (rows, nowMs, tell) => {
          const applied = applyCommit(rows, prepared, nowMs);
          if (prepared.count > 0 && !applied.deduplicated) tellOfEvents(prepared, rows, nowMs, tell);
          return applied;
        },
        {
          signal,
          // Made when it is asked for: most drivers fetch nothing before.
          get touches() {
            return touchedBy(prepared);
          },
        },
      );
    },
    close: () => (closing ??= close()),
  } satisfies Store);
}

function everyone(those: { forEach(each: (one: { readonly wake: Everyone }) => void): void }): Everyone {
  return {
    notify: () => those.forEach(({ wake }) => wake.notify()),
    close: () => those.forEach(({ wake }) => wake.close()),
  };
}

/** Rejects as soon as the signal aborts, but only while it is `free` to: later only the answer says what was written. */
function abortable<T>(answered: Promise<T>, signal: AbortSignal | undefined, free: () => boolean): Promise<T> {
  if (signal === undefined) return answered;
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      if (free()) reject(signal.reason);
    };
    const settled = () => signal.removeEventListener('abort', onAbort);
    signal.addEventListener('abort', onAbort);
    void answered.then(resolve, reject).finally(settled);
  });
}

/** The rows, with grants to requests of this process handed over at once instead of left to be fetched. */
function servingLine(rows: Rows, line: Handle['line'], tell: Tell): Rows {
  if (line.size === 0) return rows;
  const { leases } = rows;
  const serving: Rows['leases'] = Object.assign(Object.create(leases) as Rows['leases'], {
    setGranted(id: number, token: number) {
      const grant = leases.grant(token);
      const place = line.get(id);
      if (grant === undefined || place === undefined) return leases.setGranted(id, token);
      leases.removeWaiter(id);
      place.grant = grantOf(grant);
      tell(() => {
        place.lasts = true;
        place.wake.notify();
      });
    },
    removeWaiter(id: number) {
      leases.removeWaiter(id);
      const place = line.get(id);
      if (place !== undefined) tell(() => place.wake.notify());
    },
  });
  return { ...rows, leases: serving };
}
