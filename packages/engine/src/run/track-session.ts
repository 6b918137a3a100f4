import type { TrackCommand, TrackState } from '@conductor/core';
import type { Fence, Grant, LeaseOp, RecordOp } from '@conductor/core/ports';
import { commitUnits } from '../commit-units.js';
import type { Committed, Unit } from '../commit-units.js';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';
import { loadTrack } from '../load.js';
import { trackUnits } from '../units.js';

export interface ExecuteOptions {
  /** Beside the track's own fence: sets whose holder this commit speaks for. */
  readonly fence?: readonly Fence[];
  readonly leases?: readonly LeaseOp[];
  readonly others?: readonly Unit[];
  readonly records?: readonly RecordOp[];
}

/** What is to be committed when an effect has ended; run by the loop, one at a time. */
export type Completion = () => Promise<void>;

/** One held track in this process: its folded state, its fence, and its effects in flight. */
export interface TrackSession {
  readonly id: string;
  readonly engine: EngineContext;
  readonly state: TrackState;
  readonly fence: Fence;
  /** File leases of running tasks, by run id. */
  readonly grants: Map<string, Grant>;
  /** Aborts when the run must end: close, cancel, or a lost lease. */
  readonly signal: AbortSignal;
  /** Commits under the track's fence, one commit at a time, and folds what it led to. */
  execute(commands: readonly TrackCommand[], o?: ExecuteOptions): Promise<Committed | undefined>;
  /** Folds what others have written. */
  refresh(): Promise<void>;
  /** Starts an effect beside the loop; its completion is run by the next `drain`. */
  launch(key: string, effect: (signal: AbortSignal) => Promise<Completion>): void;
  launched(key: string): boolean;
  /** When one of the effects that run now has ended; those that only wait for files do not count. */
  oneEnded(): Promise<void>;
  /** Runs the completions that have come in. */
  drain(): Promise<void>;
  /** Until an effect has ended, the track changed, or `ms` passed. */
  wait(ms?: number): Promise<void>;
  wake(): void;
  /** Ends all effects and resolves when they have ended. */
  abortEffects(reason: unknown): Promise<void>;
  /** Asks the loop to stop at the next turn. */
  requestStop(reason: unknown): void;
  readonly stopRequested: boolean;
}

/** Keys of effects that only wait for the files of a task. */
export const waitPrefix = 'wait/';

export function createSession(engine: EngineContext, start: TrackState, grant: Grant): TrackSession {
  const fence: Fence = { set: grant.set, token: grant.token };
  const effects = new AbortController();
  const flying = new Map<string, Promise<void>>();
  const inbox: Completion[] = [];
  let state = start;
  let stopRequested = false;
  let chain: Promise<unknown> = Promise.resolve();
  let ring: () => void = () => {};
  let bell = new Promise<void>((resolve) => (ring = resolve));

  const serialised = <T>(work: () => Promise<T>): Promise<T> => {
    const next = chain.then(work, work);
    chain = next.catch(() => {}); // the caller gets the error; the chain only orders
    return next;
  };
  const newest = async () => (state = await loadTrack(engine.store, start.id, state));

  return {
    id: start.id,
    engine,
    fence,
    grants: new Map(),
    signal: effects.signal,
    get state() {
      return state;
    },
    get stopRequested() {
      return stopRequested;
    },
    execute: (commands, o = {}) =>
      serialised(async () => {
        const committed = await commitUnits(
          engine,
          [...trackUnits(engine, start.id, commands, newest), ...(o.others ?? [])],
          {
            actor: engineActor,
            correlation: { track: start.id },
            fence: [fence, ...(o.fence ?? [])],
            leases: o.leases,
            records: o.records,
          },
        );
        if (committed) {
          await newest();
          engine.views.touch(start.id);
          void engine.store.folds?.keep(state); // beside the run, which it could only hold up
        }
        return committed;
      }),
    refresh: () => serialised(async () => void (await newest())),
    launch(key, effect) {
      const flight = effect(effects.signal).then(
        (completion) => void inbox.push(completion),
        (error: unknown) => void inbox.push(() => Promise.reject(error)),
      );
      flying.set(
        key,
        flight.finally(() => {
          flying.delete(key);
          ring();
        }),
      );
    },
    launched: (key) => flying.has(key),
    oneEnded: () =>
      Promise.race([...flying].filter(([key]) => !key.startsWith(waitPrefix)).map(([, flight]) => flight)),
    async drain() {
      for (let next = inbox.shift(); next; next = inbox.shift()) await next();
    },
    async wait(ms) {
      if (inbox.length > 0) return;
      const timer = new AbortController();
      const waits =
        ms === undefined
          ? [bell]
          : [bell, engine.clock.sleep(Math.max(0, ms), { signal: timer.signal }).catch(() => {})];
      await Promise.race(waits);
      timer.abort();
      bell = new Promise<void>((resolve) => (ring = resolve));
    },
    wake: () => ring(),
    async abortEffects(reason) {
      effects.abort(reason);
      await Promise.all(flying.values());
    },
    requestStop(reason) {
      stopRequested = true;
      effects.abort(reason);
      ring();
    },
  };
}
