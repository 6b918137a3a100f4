import { describe, expect, it } from 'vitest';
import type * as FastCheck from 'fast-check';
import type { Commit, LeaseKey, Store } from '@conductor/core/ports';
import { actor, all, codeOf, events, fixtureOf, keys } from './store-fixture.js';
import type { Fixture, OpenStore } from './store-fixture.js';

const streams = ['track/a', 'track/b', 'project'] as const;
const names = ['k1', 'k2', 'k3'] as const;
const ttlMs = 1_000;

type Step =
  | {
      readonly do: 'append';
      readonly stream: string;
      readonly version: number;
      readonly count: number;
      readonly key: string | undefined;
    }
  | { readonly do: 'record'; readonly key: string; readonly revision: number; readonly remove: boolean }
  | { readonly do: 'acquire'; readonly set: string; readonly keys: readonly string[] }
  | { readonly do: 'release'; readonly set: string }
  | { readonly do: 'fenced'; readonly set: string }
  | { readonly do: 'pass'; readonly ms: number };

const stepOf = (fc: typeof FastCheck): FastCheck.Arbitrary<Step> =>
  fc.oneof(
    fc.record({
      do: fc.constant('append' as const),
      stream: fc.constantFrom(...streams),
      version: fc.nat(4),
      count: fc.integer({ min: 1, max: 3 }),
      key: fc.option(fc.constantFrom('i1', 'i2'), { nil: undefined }),
    }),
    fc.record({
      do: fc.constant('record' as const),
      key: fc.constantFrom(...names),
      revision: fc.nat(3),
      remove: fc.boolean(),
    }),
    fc.record({
      do: fc.constant('acquire' as const),
      set: fc.constantFrom('s1', 's2', 's3'),
      keys: fc.subarray([...names], { minLength: 1 }),
    }),
    fc.record({ do: fc.constant('release' as const), set: fc.constantFrom('s1', 's2', 's3') }),
    fc.record({ do: fc.constant('fenced' as const), set: fc.constantFrom('s1', 's2', 's3') }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 700 }) }),
  );

interface Wanted {
  readonly keys: readonly LeaseKey[];
  /** For how long it is held. */
  readonly turns: number;
}

const requestOf = (fc: typeof FastCheck): FastCheck.Arbitrary<Wanted> =>
  fc.record({
    keys: fc.uniqueArray(
      fc.record({
        key: fc.constantFrom('k1', 'k2', 'k3', 'k4'),
        mode: fc.constantFrom('shared' as const, 'exclusive' as const),
      }),
      { minLength: 1, maxLength: 3, selector: ({ key }) => key },
    ),
    turns: fc.nat(3),
  });

function conflict(a: Wanted, b: Wanted): boolean {
  return a.keys.some((one) =>
    b.keys.some((two) => one.key === two.key && (one.mode === 'exclusive' || two.mode === 'exclusive')),
  );
}

interface HeldSet {
  readonly token: number;
  readonly keys: readonly string[];
  readonly expiresMs: number;
}

/** The smallest thing that says what a store must answer. */
class Model {
  readonly log: string[] = [];
  readonly results = new Map<string, { readonly content: string; readonly lastSeq: number }>();
  readonly records = new Map<string, { readonly revision: number; readonly deleted: boolean }>();
  readonly sets = new Map<string, HeldSet>();

  version(stream: string): number {
    return this.log.filter((other) => other === stream).length;
  }

  append({ stream, version, count, key }: Extract<Step, { do: 'append' }>): number | string {
    const content = `${stream} ${count}`;
    const first = key === undefined ? undefined : this.results.get(key);
    if (first !== undefined) return first.content === content ? first.lastSeq : 'IDEMPOTENCY_MISMATCH';
    if (this.version(stream) !== version) return 'VERSION_CONFLICT';
    for (let n = 0; n < count; n += 1) this.log.push(stream);
    if (key !== undefined) this.results.set(key, { content, lastSeq: this.log.length });
    return this.log.length;
  }

  record({ key, revision, remove }: Extract<Step, { do: 'record' }>): string | undefined {
    const actual = this.records.get(key);
    const expected = revision === (actual?.revision ?? 0) || (revision === 0 && actual?.deleted === true);
    if (!expected) return 'REVISION_CONFLICT';
    this.records.set(key, { revision: (actual?.revision ?? 0) + 1, deleted: remove });
    return undefined;
  }

  /** Whether a set can be had now; those that it pushes out are gone. */
  acquire(set: string, wanted: readonly string[], nowMs: number): boolean {
    const inTheWay = [...this.sets].filter(
      ([name, held]) => name !== set && held.keys.some((key) => wanted.includes(key)),
    );
    if (inTheWay.some(([, held]) => held.expiresMs > nowMs)) return false;
    for (const [name] of inTheWay) this.sets.delete(name);
    return true;
  }
}

async function play({ store, clock }: Fixture, model: Model, next: Step): Promise<void> {
  const meta = { at: clock.instant(), actor };
  switch (next.do) {
    case 'append': {
      const commit: Commit = {
        appends: [{ stream: next.stream, expectedVersion: next.version, events: events(next.count) }],
        meta,
        idempotencyKey: next.key,
      };
      const answer = await outcome(store.commit(commit).then(({ lastSeq }) => lastSeq));
      return expect(answer).toBe(model.append(next));
    }
    case 'record': {
      const value = next.remove ? undefined : { at: next.revision };
      const records = [{ collection: '$c', key: next.key, expectedRevision: next.revision, value }];
      const code = await codeOf(store.commit({ appends: [], meta, records }));
      return expect(code).toBe(model.record(next));
    }
    case 'acquire':
      return acquire(store, model, next, clock.now());
    case 'release': {
      const held = model.sets.get(next.set);
      await store.leases.release(next.set, held?.token ?? 999_999);
      model.sets.delete(next.set);
      return undefined;
    }
    case 'fenced': {
      const held = model.sets.get(next.set);
      const fence = [{ set: next.set, token: held?.token ?? 999_999 }];
      const records = [{ collection: '$f', key: 'f', expectedRevision: 'any', value: 1 }] as const;
      const expected = held === undefined ? 'FENCED' : held.expiresMs <= clock.now() ? 'LEASE_EXPIRED' : undefined;
      return expect(await codeOf(store.commit({ appends: [], meta, records, fence }))).toBe(expected);
    }
    case 'pass':
      return clock.advance(next.ms);
  }
}

async function acquire(
  store: Store,
  model: Model,
  { set, keys: wanted }: Extract<Step, { do: 'acquire' }>,
  nowMs: number,
) {
  const mine = model.sets.get(set);
  const answer = await outcome(store.leases.acquire({ set, owner: 'o', keys: keys(...wanted), ttlMs }));
  if (mine !== undefined) {
    const covered = wanted.every((key) => mine.keys.includes(key));
    if (!covered) return expect(answer).toBe('VALIDATION_FAILED');
    model.sets.set(set, { ...mine, expiresMs: nowMs + ttlMs });
    return expect(answer).toMatchObject({ token: mine.token });
  }
  if (!model.acquire(set, wanted, nowMs)) return expect(answer).toBe('LEASE_HELD');
  expect(answer).toMatchObject({ set });
  const { token } = answer as { readonly token: number }; // the line above proved that it is a grant
  for (const held of model.sets.values()) expect(held.token).toBeLessThan(token);
  return void model.sets.set(set, { token, keys: wanted, expiresMs: nowMs + ttlMs });
}

async function outcome<T>(call: Promise<T>): Promise<T | string | undefined> {
  const code = await codeOf(call);
  return code ?? call;
}

/** Loaded here alone: who proves another port than that of stores needs no such package. */
const peer = (): Promise<typeof FastCheck> => import('fast-check');

/** Random sequences of commands against a model of a few lines. */
export function modelSuite(name: string, open: OpenStore): void {
  const using = fixtureOf(open);

  describe(`Store contract, as a whole: ${name}`, () => {
    it('answers any sequence of commands as the model does, and keeps the log gap-free', async () => {
      const fc = await peer();
      await fc.assert(
        fc.asyncProperty(fc.array(stepOf(fc), { minLength: 1, maxLength: 40 }), (steps) =>
          using(async (fixture) => {
            const { store } = fixture;
            await store.leases.openOwner({ owner: 'o', host: 'h', bootId: 'b' });
            const model = new Model();
            for (const next of steps) await play(fixture, model, next);
            const log = await all(store.readAll());
            expect(log.map(({ stream }) => stream)).toEqual(model.log);
            expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
            for (const stream of streams) {
              const versions = (await all(store.read(stream))).map(({ version }) => version);
              expect(versions).toEqual(versions.map((_, index) => index + 1));
              expect(await store.head({ stream })).toBe(model.version(stream));
            }
            const held = (await store.leases.list()).grants.map(({ set, token }) => `${set} ${token}`);
            expect(held.toSorted()).toEqual(Array.from(model.sets, ([set, { token }]) => `${set} ${token}`).toSorted());
          }),
        ),
        { numRuns: 60 },
      );
    });

    it('never has two holders of an exclusive key, serves everybody, and in the order in which they came', async () => {
      const fc = await peer();
      await fc.assert(
        fc.asyncProperty(fc.array(requestOf(fc), { minLength: 2, maxLength: 12 }), (requests) =>
          using(async ({ store, clock }) => {
            await store.leases.openOwner({ owner: 'o', host: 'h', bootId: 'b' });
            const holding = new Set<Wanted>();
            const tokens = new Map<Wanted, number>();
            const one = async (wanted: Wanted, index: number) => {
              const ask = { set: `s${index}`, owner: 'o', keys: wanted.keys, ttlMs: 1_000_000 };
              const { token } = await store.leases.acquire(ask, { waitMs: 1_000_000 });
              for (const other of holding) expect(conflict(wanted, other)).toBe(false);
              holding.add(wanted);
              tokens.set(wanted, token);
              for (let turn = 0; turn < wanted.turns; turn += 1) await clock.turn();
              holding.delete(wanted);
              await store.leases.release(ask.set, token);
            };
            await Promise.all(requests.map(one));
            for (const [index, later] of requests.entries()) {
              for (const earlier of requests.slice(0, index).filter((other) => conflict(other, later)))
                expect(tokens.get(earlier)).toBeLessThan(tokens.get(later) ?? 0);
            }
            expect(await store.leases.list()).toEqual({ grants: [], waiting: [] });
          }),
        ),
        { numRuns: 40 },
      );
    });
  });
}
