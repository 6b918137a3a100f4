import { describe, expect, it } from 'vitest';
import type { Commit, EventEnvelope } from '@conductor/core/ports';
import { actor, all, codeOf, commitOf, emptyCommit, events, fixtureOf } from './store-fixture.js';
import type { OpenStore } from './store-fixture.js';

const seqs = (found: readonly EventEnvelope[]) => found.map(({ seq }) => seq);
const numbers = (found: readonly EventEnvelope[]) => found.map(({ data }) => (data as { n: number }).n);

/** Commits: what is taken, numbered, refused, repeated, called off; and close. */
export function logSuite(name: string, open: OpenStore): void {
  const using = fixtureOf(open);

  describe(`Store contract, log: ${name}`, () => {
    it('lets exactly one of two racing appends win', () =>
      using(async ({ store }) => {
        const race = ['a', 'b'].map((by) => store.commit(commitOf('track/1', 0, [{ type: 't', v: 1, data: by }])));
        const results = await Promise.allSettled(race);
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        const codes = await Promise.all(race.map(codeOf));
        expect(codes.filter((code) => code === 'VERSION_CONFLICT')).toHaveLength(1);
        expect(await all(store.read('track/1'))).toHaveLength(1);
      }));

    it('tells stream, expected and actual version of a conflict, and writes nothing', () =>
      using(async ({ store, append }) => {
        await append('track/1', 3);
        const late = {
          ...commitOf('track/1', 1),
          appends: [...commitOf('track/2', 0).appends, ...commitOf('track/1', 1).appends],
        };
        await expect(store.commit(late)).rejects.toMatchObject({
          code: 'VERSION_CONFLICT',
          details: { stream: 'track/1', expected: 1, actual: 3 },
        });
        expect(await store.head({ stream: 'track/2' })).toBe(0);
        expect(await store.head()).toBe(3);
      }));

    it('numbers events without gaps per stream and over all streams, in the order of the commits', () =>
      using(async ({ store, append }) => {
        await append('track/1', 2);
        await append('project', 1);
        await codeOf(append('track/1', 5, 99));
        const { versions, lastSeq } = await store.commit({
          ...emptyCommit,
          appends: [...commitOf('track/1', 2, events(2, 3)).appends, ...commitOf('board/x', 0).appends],
        });
        expect(lastSeq).toBe(6);
        expect([...versions]).toEqual([
          ['track/1', 4],
          ['board/x', 1],
        ]);
        const found = await all(store.readAll());
        expect(seqs(found)).toEqual([1, 2, 3, 4, 5, 6]);
        expect(found.map(({ id }) => id)).toEqual([
          'track/1@1',
          'track/1@2',
          'project@1',
          'track/1@3',
          'track/1@4',
          'board/x@1',
        ]);
        expect(found.map(({ commit }) => commit)).toEqual([1, 1, 2, 3, 3, 3]);
      }));

    it('gives every event back with what its commit said', () =>
      using(async ({ store }) => {
        const data = { text: 'ä€😀\u0000\u001f"\\', list: [1, null, true, { deep: -0.5 }], empty: {} };
        const meta = {
          at: '2026-02-03T04:05:06.007Z',
          actor: { kind: 'user', id: 'ann', org: 'acme', via: 'cli' },
          correlation: { track: '1', request: 'r' },
          causation: 'project@1',
        } as const;
        await store.commit({
          appends: [{ stream: 'track/1', expectedVersion: 0, events: [{ type: 'task.done', v: 3, data }] }],
          meta,
        });
        await store.commit(commitOf('track/1', 1));
        const [first, second] = await all(store.read('track/1'));
        expect(first).toEqual({
          id: 'track/1@1',
          seq: 1,
          stream: 'track/1',
          version: 1,
          type: 'task.done',
          v: 3,
          commit: 1,
          data,
          ...meta,
        });
        expect(second).toMatchObject({ actor, correlation: {} });
        expect(second).not.toHaveProperty('causation');
      }));

    it('keeps what was handed in apart from what the caller does to it afterwards', () =>
      using(async ({ store }) => {
        const data = { list: [1] };
        await store.commit(commitOf('track/1', 0, [{ type: 't', v: 1, data }]));
        data.list.push(2);
        expect((await all(store.read('track/1')))[0]?.data).toEqual({ list: [1] });
      }));

    it('keeps rows apart from what callers do to what they handed in, or were handed', () =>
      using(async ({ store }) => {
        const value = { list: [1] };
        const records = [{ collection: '$c', key: 'k', expectedRevision: 0, value }];
        await store.commit({ ...emptyCommit, records });
        value.list.push(2);
        const given = (await store.records.get('$c', 'k'))?.value as typeof value | undefined; // what was put
        expect(given).toEqual({ list: [1] });
        try {
          given?.list.push(3); // one that is frozen is as good
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
        expect((await store.records.get('$c', 'k'))?.value).toEqual({ list: [1] });
      }));

    it('takes the names of streams that the contract allows, and no others', () =>
      using(async ({ store, append }) => {
        const good = [
          'project',
          'track/a b',
          'track/ä😀',
          'acme.thing/x',
          `track/${'x'.repeat(128)}`,
          'track/__proto__',
          "track/'; --",
        ];
        for (const stream of good) expect(await append(stream, 1)).toBeGreaterThan(0);
        const bad = [
          '',
          'x',
          'projects',
          'Track/x',
          'track/',
          'track/a/b',
          'track/../x',
          'track/a\\b',
          'track/a:b',
          'track/a*',
          'track/a?',
          'track/"',
          'track/<',
          'track/>',
          'track/|',
          'track/a@1',
          'track/ a',
          'track/a ',
          'track/.a',
          'track/a.',
          'track/a\n',
          'track/\u0000',
          'track/\ud800',
          'track/e\u0301',
          `track/${'x'.repeat(129)}`,
          `track/${'ä'.repeat(129)}`,
          `track/${'😀'.repeat(65)}`,
          `${'k'.repeat(33)}/x`,
        ];
        for (const stream of bad) {
          expect([stream, await codeOf(store.commit(commitOf(stream, 0)))]).toEqual([stream, 'ID_INVALID']);
          expect([stream, await codeOf(all(store.read(stream)))]).toEqual([stream, 'ID_INVALID']);
        }
        const names = (await store.streams()).map(({ stream }) => stream);
        expect(new Set(names)).toEqual(new Set(good));
      }));

    it('refuses a commit that makes no sense, before anything is written', () =>
      using(async ({ store }) => {
        const twice = {
          ...emptyCommit,
          appends: [...commitOf('track/1', 0).appends, ...commitOf('track/1', 1).appends],
        };
        const odd = [
          emptyCommit,
          twice,
          commitOf('track/1', 0, []),
          commitOf('track/1', -1),
          commitOf('track/1', 0.5),
          commitOf('track/1', 'any'),
          commitOf('track/1', 0, [{ type: 't', v: 0, data: null }]),
          // @ts-expect-error no Json, on purpose
          commitOf('track/1', 0, [{ type: 't', v: 1, data: { when: undefined } }]),
          commitOf('track/1', 0, [{ type: 't', v: 1, data: NaN }]),
          commitOf('track/1', 0, [{ type: 't', v: 1, data: JSON.parse('{"__proto__": {"x": 1}}') }]),
        ];
        const { meta } = emptyCommit;
        const oddMeta = [
          { ...meta, at: 'yesterday' },
          { ...meta, actor: { ...actor, kind: 'somebody' } },
          { ...meta, actor: { ...actor, org: 7 } },
          { ...meta, actor: { kind: 'user' } },
          { ...meta, actor: { ...actor, id: '\ud800' } },
          { ...meta, correlation: { track: null } },
          { ...meta, causation: 1 },
        ].map((wrong) => ({ ...commitOf('track/1', 0), meta: wrong as Commit['meta'] })); // as a caller without types may have it
        for (const commit of [...odd, ...oddMeta]) expect(await codeOf(store.commit(commit))).toBe('VALIDATION_FAILED');
        expect(await store.head()).toBe(0);
      }));

    it('lets runs and audits append at any version', () =>
      using(async ({ store }) => {
        await Promise.all([1, 2, 3].map((n) => store.commit(commitOf('audit/20260101', 'any', events(1, n)))));
        await store.commit(commitOf('run/r1', 'any'));
        expect(numbers(await all(store.read('audit/20260101')))).toEqual([1, 2, 3]);
      }));

    it('refuses events and commits above the limits, and takes them at the limit', () =>
      using(async ({ store }) => {
        const eventBytes = 8 * 1024 * 1024;
        const text = (bytes: number) => ({ type: 't', v: 1, data: 'x'.repeat(bytes - 2) });
        expect(await codeOf(store.commit(commitOf('track/1', 0, [text(eventBytes + 1)])))).toBe('EVENT_TOO_LARGE');
        const umlauts = { type: 't', v: 1, data: 'ä'.repeat(eventBytes / 2) };
        expect(await codeOf(store.commit(commitOf('track/1', 0, [umlauts])))).toBe('EVENT_TOO_LARGE');
        const four = [text(eventBytes), text(eventBytes), text(eventBytes), text(eventBytes)];
        expect(await codeOf(store.commit(commitOf('track/1', 0, [...four, text(3)])))).toBe('COMMIT_TOO_LARGE');
        expect(await codeOf(store.commit(commitOf('track/1', 0, events(10_001))))).toBe('COMMIT_TOO_LARGE');
        expect((await store.commit(commitOf('track/1', 0, four))).lastSeq).toBe(4);
        expect((await store.commit(commitOf('track/2', 0, events(10_000)))).lastSeq).toBe(10_004);
      }));

    it('answers a repeated key with the first result, without its grants', () =>
      using(async ({ store }) => {
        await store.leases.openOwner({ owner: 'o', host: 'h', bootId: 'b' });
        const commit = {
          ...commitOf('track/1', 0, events(2)),
          idempotencyKey: 'key-1',
          leases: [{ op: 'acquire', set: 's', owner: 'o', keys: [{ key: 'k', mode: 'exclusive' }], ttlMs: 60_000 }],
        } as const;
        const first = await store.commit(commit);
        expect(first).toMatchObject({ lastSeq: 2, deduplicated: false, grants: [{ set: 's' }] });
        await store.commit(commitOf('track/1', 2));
        const later = { ...commit, meta: { ...commit.meta, at: '2026-05-05T00:00:00.000Z' } };
        const again = await store.commit(later);
        expect(again).toEqual({ lastSeq: 2, versions: new Map([['track/1', 2]]), grants: [], deduplicated: true });
        expect(await store.head()).toBe(3);
      }));

    it('lets one of two racing commits with one key write, and tells the other so', () =>
      using(async ({ store }) => {
        const commit = { ...commitOf('track/1', 0), idempotencyKey: 'key-1' };
        const results = await Promise.all([store.commit(commit), store.commit(commit)]);
        expect(results.map(({ deduplicated }) => deduplicated).sort()).toEqual([false, true]);
        expect(await store.head()).toBe(1);
      }));

    it('refuses a repeated key with other content', () =>
      using(async ({ store }) => {
        await store.commit({ ...commitOf('track/1', 0), idempotencyKey: 'key-1' });
        const others = [
          commitOf('track/1', 1, events(2)),
          commitOf('track/2', 0),
          {
            ...commitOf('track/1', 0),
            meta: { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'user', id: 'bob' } },
          } as const,
        ];
        for (const other of others) {
          expect(await codeOf(store.commit({ ...other, idempotencyKey: 'key-1' }))).toBe('IDEMPOTENCY_MISMATCH');
        }
        expect(await store.head()).toBe(1);
      }));

    it('remembers the key of a commit without events too', () =>
      using(async ({ store }) => {
        const commit = {
          ...emptyCommit,
          records: [{ collection: '$local', key: 'a', expectedRevision: 0, value: 1 }],
          idempotencyKey: 'key-1',
        } as const;
        expect(await store.commit(commit)).toMatchObject({ deduplicated: false, lastSeq: 0 });
        expect(await store.commit(commit)).toMatchObject({ deduplicated: true, lastSeq: 0 });
        await store.commit(commitOf('track/1', 0));
        expect((await all(store.readAll())).map(({ seq }) => seq)).toEqual([1]);
      }));

    it('writes nothing when it rejects with an abort, in whichever moment that came, and is answered when it wrote', () =>
      using(async ({ store, clock }) => {
        for (let moment = 0; moment < 12; moment += 1) {
          const stop = new AbortController();
          const before = await store.head({ stream: 'track/1' });
          const call = store.commit(commitOf('track/1', before), { signal: stop.signal }).then(
            () => 1,
            () => 0,
          );
          if (moment >= 8) await clock.turn();
          for (let tick = 0; tick < moment % 8; tick += 1) await Promise.resolve();
          stop.abort(new Error('too late'));
          const written = await call;
          expect(await store.head({ stream: 'track/1' })).toBe(before + written);
        }
      }));

    it('rejects with the reason of a signal that is aborted already, and writes nothing', () =>
      using(async ({ store }) => {
        const signal = AbortSignal.abort(new Error('too late'));
        await expect(store.commit(commitOf('track/1', 0), { signal })).rejects.toThrow('too late');
        await expect(all(store.read('track/1', { signal }))).rejects.toThrow('too late');
        await expect(all(store.readAll({ signal }))).rejects.toThrow('too late');
        await expect(store.head({ signal })).rejects.toThrow('too late');
        await expect(store.streams({ signal })).rejects.toThrow('too late');
        await expect(store.records.get('c', 'k', { signal })).rejects.toThrow('too late');
        await expect(store.leases.list({ signal })).rejects.toThrow('too late');
        expect(await store.head()).toBe(0);
      }));

    it('answers everything with CLOSED after close, and ends who waits', () =>
      using(async ({ store, clock }) => {
        const owner = await store.leases.openOwner({ owner: 'o', host: 'h', bootId: 'b' });
        await store.leases.acquire({ set: 's', owner: 'o', keys: [{ key: 'k', mode: 'exclusive' }], ttlMs: 60_000 });
        await store.subscriptions.ensure({
          name: 'n',
          from: 'start',
          order: 'all',
          maxAttempts: 3,
          backoff: { baseMs: 1, maxMs: 1 },
        });
        const waiting = [
          codeOf(all(store.follow({ after: 0 }))),
          codeOf(store.subscriptions.claim('n', { owner: 'o', max: 1, visibleMs: 1_000 })),
          codeOf(
            store.leases.acquire(
              { set: 't', owner: 'o', keys: [{ key: 'k', mode: 'exclusive' }], ttlMs: 60_000 },
              { waitMs: 60_000 },
            ),
          ),
        ];
        await clock.settle();
        await store.close();
        await store.close();
        expect(await Promise.all(waiting)).toEqual(['CLOSED', 'CLOSED', 'CLOSED']);
        const calls = [
          store.commit(commitOf('track/1', 0)),
          store.head(),
          store.streams(),
          all(store.read('track/1')),
          all(store.readAll()),
          all(store.follow({ after: 0 })),
          store.leases.openOwner({ owner: 'p', host: 'h', bootId: 'b' }),
          store.leases.acquire({ set: 't', owner: 'o', keys: [{ key: 'x', mode: 'exclusive' }], ttlMs: 1 }),
          store.leases.renew('o', 1),
          store.leases.release('s', 1),
          store.leases.reap(),
          store.leases.list(),
          store.records.define('c', { version: 1, indexes: [] }),
          store.records.get('c', 'k'),
          store.records.list('c'),
          store.subscriptions.status('n'),
        ];
        for (const call of calls) expect(await codeOf(call)).toBe('CLOSED');
        await owner.close();
        expect(clock.pending).toBe(0);
      }));

    it('says what it is in frozen data', () =>
      using(async ({ store }) => {
        expect(store.driver).toMatchObject({ port: 'store', api: 1 });
        expect(Object.isFrozen(store)).toBe(true);
        expect(store.id).toMatch(/^\S+$/);
      }));
  });
}
