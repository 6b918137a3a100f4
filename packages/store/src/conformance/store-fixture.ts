import { ConductorError } from '@conductor/core';
import type { Batches, Clock, Commit, EventEnvelope, LeaseKey, NewEvent, Store, StreamId } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';

/** A driver under test, and how to let go of it. */
export interface OpenStoreUnderTest {
  readonly store: Store;
  close(): Promise<void>;
}

/** Makes an empty store that tells the time by the given clock. */
export type OpenStore = (o: { readonly clock: Clock }) => Promise<OpenStoreUnderTest>;

/** What each test of the suite starts from. */
export interface Fixture {
  readonly store: Store;
  readonly clock: FakeClock;
  /** Appends events to one stream; `version` defaults to what the stream has. */
  append(stream: StreamId, events: number | readonly NewEvent[], version?: number): Promise<number>;
}

export const actor = { kind: 'engine', id: 'engine-1' } as const;

/** `count` events of one type, numbered from `from`. */
export function events(count: number, from = 1, type = 'thing.happened'): readonly NewEvent[] {
  return Array.from({ length: count }, (_, index) => ({ type, v: 1, data: { n: from + index } }));
}

/** A commit of events for one stream. */
export function commitOf(stream: StreamId, version: number | 'any', list: readonly NewEvent[] = events(1)): Commit {
  return {
    appends: [{ stream, expectedVersion: version, events: list }],
    meta: { at: '2026-01-01T00:00:00.000Z', actor },
  };
}

export const emptyCommit: Commit = { appends: [], meta: { at: '2026-01-01T00:00:00.000Z', actor } };

/** Exclusive keys. */
export function keys(...names: readonly string[]): readonly LeaseKey[] {
  return names.map((key) => ({ key, mode: 'exclusive' }));
}

/** Shared keys. */
export function shared(...names: readonly string[]): readonly LeaseKey[] {
  return names.map((key) => ({ key, mode: 'shared' }));
}

/** Everything of an iterable of pages. */
export async function all(batches: Batches): Promise<readonly EventEnvelope[]> {
  const found: EventEnvelope[] = [];
  for await (const page of batches) found.push(...page);
  return found;
}

/** The code of the ConductorError that a call rejects with; `undefined` when it resolves. */
export async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (ConductorError.is(error)) return error.code;
    throw error;
  }
}

/** Opens a store for one test and closes it, whatever happens. */
export function fixtureOf(open: OpenStore): (work: (fixture: Fixture) => Promise<void>) => Promise<void> {
  return async (work) => {
    const clock = new FakeClock();
    const { store, close } = await open({ clock });
    const append: Fixture['append'] = async (stream, list, version) => {
      const expected = version ?? (await store.head({ stream }));
      const { lastSeq } = await store.commit(
        commitOf(stream, expected, typeof list === 'number' ? events(list, expected + 1) : list),
      );
      return lastSeq;
    };
    try {
      await work({ store, clock, append });
    } finally {
      await close();
    }
  };
}
