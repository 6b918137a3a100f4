import type { ConductorError } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import type { Rows } from './rows.js';
import type { Touches } from './touches.js';

/** A write that waits for its group. */
export interface Member {
  readonly work: (rows: Rows) => unknown;
  readonly touches: Touches | undefined;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes that arrive before the end of a turn, committed together (R7). */
export interface Groups {
  write<T>(work: (rows: Rows) => T, signal: AbortSignal | undefined, touches?: Touches): Promise<T>;
  /** What every call is refused with from now on; the first one stays. */
  fail(error: ConductorError): void;
  readonly failure: ConductorError | undefined;
  /** Resolves when nothing waits any more. */
  settled(): Promise<void>;
}

/** Those whose callers still want them; the others are answered here. */
export function wanted<M extends Pick<Member, 'signal' | 'reject'>>(group: readonly M[]): readonly M[] {
  return group.filter(({ signal, reject }) => {
    if (signal?.aborted === true) reject(signal.reason);
    return signal?.aborted !== true;
  });
}

/** `commit` settles each member of a group; it is called for one group at a time and never rejects. */
export function createGroups(clock: Clock, commit: (group: readonly Member[]) => Promise<void>): Groups {
  let waiting: Member[] = [];
  let running: Promise<void> | undefined;
  let failure: ConductorError | undefined;
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      await clock.turn();
      const group = waiting;
      waiting = [];
      if (failure === undefined) await commit(group);
      else for (const { reject } of group) reject(failure);
    }
    running = undefined;
  };
  return {
    get failure() {
      return failure;
    },
    fail(error) {
      failure ??= error;
    },
    write<T>(work: (rows: Rows) => T, signal: AbortSignal | undefined, touches?: Touches) {
      if (failure !== undefined) return Promise.reject(failure);
      const answer = new Promise<unknown>((resolve, reject) => {
        waiting.push({ work, touches, signal, resolve, reject });
      });
      running ??= drain();
      // The cast: a member is answered with what its own work returned.
      return answer as Promise<T>;
    },
    async settled() {
      await running;
    },
  };
}
