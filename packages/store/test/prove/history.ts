/**
 * What clients did to a store, as they saw it from outside. Times are `process.hrtime`: nanoseconds of CLOCK_MONOTONIC,
 * which all processes of one machine share, so that calls of different processes can be put in order.
 */
export interface Call {
  readonly client: number;
  /** Clients of one process share a handle. */
  readonly process: number;
  /** A stream with the lease key that belongs to it; no call meets two of them. */
  readonly object: string;
  readonly called: number;
  /** `null`: nobody knows whether it happened, then or later. */
  readonly answered: number | null;
}

/** Events of one commit, with what rides in it. */
export interface AppendCall extends Call {
  readonly do: 'append';
  /** Stands in the data of each of its events. */
  readonly id: string;
  readonly count: number;
  readonly expected: number;
  /** The lease that has to be held, given back with the commit when `release` is set. */
  readonly fence?: Held;
  readonly release?: boolean;
  /** The lease that is taken with the commit. */
  readonly take?: Wish;
  readonly got:
    | { readonly is: 'done'; readonly version: number; readonly seq: number; readonly token?: number }
    | { readonly is: 'conflict'; readonly actual: number }
    | { readonly is: 'fenced' | 'expired' | 'held' | 'nothing' | 'unknown' };
}

/** A lease asked for outside a commit. */
export interface AcquireCall extends Call {
  readonly do: 'acquire';
  readonly wish: Wish;
  readonly got: { readonly is: 'done'; readonly token: number } | { readonly is: 'held' | 'nothing' | 'unknown' };
}

/** Tried until it was answered: giving back is idempotent. */
export interface ReleaseCall extends Call {
  readonly do: 'release';
  readonly held: Held;
  readonly got: { readonly is: 'done' };
}

/** The last events of the stream, newest first; all of them when `tail` reaches version 1. */
export interface ReadCall extends Call {
  readonly do: 'read';
  /** Read through a handle that was opened after everything was answered: it has to see everything. */
  readonly fresh?: boolean;
  readonly got: {
    readonly is: 'done';
    readonly version: number;
    readonly tail: readonly (readonly [id: string, index: number])[];
  };
}

/** The version of the stream alone. */
export interface HeadCall extends Call {
  readonly do: 'head';
  readonly got: { readonly is: 'done'; readonly version: number };
}

export interface Held {
  readonly set: string;
  readonly token: number;
}

export interface Wish {
  readonly set: string;
  readonly ttlMs: number;
}

export type Op = AppendCall | AcquireCall | ReleaseCall | ReadCall | HeadCall;

/** An operation before it was answered. */
export type Asked<T extends Op> = Omit<T, 'answered' | 'got'>;
