import type { Opt } from './values.js';

/** The only source of time (R10). The whole engine runs under a simulated one. */
export interface Clock {
  /** Wall time, milliseconds since the epoch; may jump. */
  now(): number;
  /** Milliseconds that never go back; only differences mean anything. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with `signal.reason` on abort and leaves no timer behind. */
  sleep(ms: number, o?: Opt): Promise<void>;
  /** The end of this event-loop turn: what arrived before it can be handled as one group. */
  turn(): Promise<void>;
}

/** The only source of identifiers and randomness (R10). */
export interface Ids {
  /** `<kind>_<uuidv7>`: unique, sortable by creation. */
  id(kind: string): string;
  /** Uniform in [0, 1). */
  random(): number;
}

/** Four levels with fields. Failures of a logger are never failures of a run. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  with(fields: Readonly<Record<string, unknown>>): Logger;
}

/** Says nothing: the default where a host hands in none. */
export const silentLogger: Logger = Object.freeze({
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
});
