import { systemClock } from '@conductor/core';
import type { Clock, Store } from '@conductor/core/ports';
import { afterAll, describe, expect, it } from 'vitest';
import { startPostgresIfPossible } from '../../test/postgres-server.js';
import { connect, connecting } from '../../test/postgres-store.js';
import { all, codeOf, commitOf, emptyCommit, events, keys } from '../conformance/store-fixture.js';
import type { Migration } from '../rules/migrations.js';
import { migrate, migrations } from './migrations.js';
import { postgresStore } from './store.js';
import type { PostgresStoreOptions } from './store.js';

const server = await startPostgresIfPossible();
const clock = systemClock();
/** So long that only a wake-up can be the reason why something is seen. */
const never = 1_000_000;

describe.skipIf(server === undefined)('several handles of one Postgres store', () => {
  if (server === undefined) return;
  const admin = connect(server);
  const opened: Store[] = [];
  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await admin.end();
    await server.stop();
  });

  const open = async (schema: string, o: Partial<PostgresStoreOptions> = {}): Promise<Store> => {
    const store = await postgresStore({ connect: connecting(server), clock, schema, maxConnections: 3, ...o });
    opened.push(store);
    return store;
  };

  /** Clients that write down what is sent over them. */
  const recorded = (messages: string[], gate: { open?: Promise<void> } = {}): PostgresStoreOptions['connect'] => {
    const clients = connecting(server);
    return (options) => {
      const client = clients(options);
      const unsafe = async (text: string) => {
        messages.push(text);
        // `then` is what sends it. Its answer comes when the gate is open.
        const [answer] = await Promise.allSettled([client.unsafe(text), gate.open]);
        if (answer.status === 'rejected') throw answer.reason;
        return answer.value;
      };
      return { unsafe, listen: (...o) => client.listen(...o), end: (o) => client.end(o) };
    };
  };

  it('make the store once when they open it at the same time', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(() => open('together')));
    expect(new Set(stores.map(({ id }) => id)).size).toBe(1);
    expect(stores[0]?.driver).toMatchObject({
      name: 'postgres',
      capabilities: { reach: 'network', ownerProof: false },
    });
  });

  it('write in one order, without a gap, and each sees what the others wrote before', async () => {
    const stores = await Promise.all([1, 2, 3].map(() => open('order', { wakeups: false })));
    const turns = Array.from({ length: 12 }, (_, n) => n);
    await Promise.all(
      stores.map(async (store, index) => {
        for (const n of turns) {
          const { lastSeq } = await store.commit(commitOf('run/shared', 'any', events(2)));
          await store.commit(commitOf(`track/${index}`, n));
          expect(await store.head()).toBeGreaterThan(lastSeq);
        }
      }),
    );
    const log = await all((stores[0] as Store).readAll());
    expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: 3 * 12 * 3 }, (_, index) => index + 1));
    for (const stream of ['run/shared', 'track/0', 'track/1', 'track/2']) {
      const versions = log.filter((event) => event.stream === stream).map(({ version }) => version);
      expect(versions).toEqual(versions.map((_, index) => index + 1));
    }
  });

  it('need one message for a group while they are alone, and two in turns', async () => {
    const messages: string[] = [];
    const connectTo = recorded(messages);
    const stores = await Promise.all([1, 2].map(() => open('messages', { connect: connectTo, wakeups: false })));
    const [a, b] = stores as [Store, Store];
    await a.leases.openOwner({ owner: 'o', host: 'h', bootId: 'b' });
    const { token } = await a.leases.acquire({ set: 's', owner: 'o', keys: keys('k'), ttlMs: never });
    let version = 0;
    const cost = async (store: Store) => {
      messages.length = 0;
      const idempotencyKey = `key ${version}`;
      const fence = [{ set: 's', token }];
      const records = [{ collection: 'c', key: 'k', expectedRevision: version, value: version }];
      await store.commit({ ...commitOf('track/1', version++), idempotencyKey, fence, records });
      return { messages: messages.length, fetched: messages.some((text) => text.includes('FROM "messages"."grants"')) };
    };
    await cost(b);
    // Whoever finds another writer asks once more; then he knows that he is not alone.
    expect(await cost(a)).toEqual({ messages: 3, fetched: true });
    for (const store of [b, a, b]) expect(await cost(store)).toEqual({ messages: 2, fetched: true });
    await cost(b);
    for (let n = 0; n < 3; n += 1) expect(await cost(b)).toEqual({ messages: 1, fetched: false });
    expect(await cost(a)).toEqual({ messages: 2, fetched: true });
  });

  describe('of whom one was alone for some time', () => {
    /** A handle that takes for granted what nobody told it, and another one. */
    const aloneFor = async (schema: string, messages: string[] = [], gate: { open?: Promise<void> } = {}) => {
      const a = await open(schema, { connect: recorded(messages, gate), wakeups: false });
      const b = await open(schema, { wakeups: false });
      const owner = { host: 'h', bootId: 'b' };
      await b.leases.openOwner({ ...owner, owner: 'b' });
      await a.leases.openOwner({ ...owner, owner: 'a' });
      for (let n = 0; n < 8; n += 1) {
        const op = { op: 'acquire', set: `s${n}`, owner: 'a', keys: keys(`k${n}`), ttlMs: never } as const;
        await a.commit({ ...commitOf('track/alone', n), leases: [op], idempotencyKey: `alone ${n}` });
      }
      messages.length = 0;
      return { a, b };
    };

    it('write new streams, keys and leases in one message, without a look at what is there', async () => {
      const messages: string[] = [];
      const { a } = await aloneFor('blind', messages);
      const acquire = { op: 'acquire', set: 's', owner: 'a', keys: keys('k', 'l'), ttlMs: never } as const;
      const { grants } = await a.commit({ ...commitOf('track/new', 0), leases: [acquire], idempotencyKey: 'new' });
      const token = grants[0]?.token ?? 0;
      await a.commit({
        ...commitOf('track/new', 1),
        leases: [{ op: 'release', set: 's', token }],
        fence: [{ set: 's', token }],
      });
      expect(messages.length).toBe(2);
      expect(messages.join(';')).not.toMatch(/SELECT [^;]* FROM "blind"/u);
      const left = await admin.unsafe('SELECT count(*)::int AS n FROM blind.grant_keys WHERE token = $1', [token]);
      expect(left).toMatchObject([{ n: 0 }]);
    });

    it('find a stream, a key and a lease that were there before, however sure they are that there are none', async () => {
      const { a, b } = await aloneFor('before');
      const taken = { set: 'taken', owner: 'b', keys: keys('k'), ttlMs: never };
      await b.commit({ ...commitOf('run/old', 0), leases: [{ op: 'acquire', ...taken }], idempotencyKey: 'old' });
      for (let n = 8; n < 16; n += 1) await a.commit(commitOf('track/alone', n));
      // Seven members of a group: what becomes of one is nothing to the others.
      const codes = await Promise.all([
        codeOf(a.commit(commitOf('run/old', 0))),
        codeOf(a.commit({ ...commitOf('run/old', 0, events(2)), idempotencyKey: 'old' })),
        a
          .commit({ ...commitOf('run/old', 0), leases: [{ op: 'acquire', ...taken }], idempotencyKey: 'old' })
          .then((r) => r.deduplicated, String),
        codeOf(a.commit(commitOf('run/old', 'any'))),
        codeOf(a.commit(commitOf('run/other', 'any'))),
        codeOf(a.leases.acquire({ ...taken, set: 'mine', owner: 'a' })),
        codeOf(a.commit(commitOf('track/alone', 16))),
      ]);
      expect(codes).toEqual([
        'VERSION_CONFLICT',
        'IDEMPOTENCY_MISMATCH',
        expect.anything(),
        undefined,
        undefined,
        'LEASE_HELD',
        undefined,
      ]);
      // The only one of its group, so that nothing else makes it look.
      for (let n = 17; n < 90; n += 1) await a.commit(commitOf('track/alone', n));
      await b.commit(commitOf('run/late', 0));
      for (let n = 90; n < 98; n += 1) await a.commit(commitOf('track/alone', n));
      const before = await a.head();
      expect(await a.commit(commitOf('run/late', 'any'))).toMatchObject({ lastSeq: before + 1 });
      expect(await a.head({ stream: 'run/late' })).toBe(2);
    });

    it.each([false, true])('send a group before the one in front is answered (which fails: %s)', async (fails) => {
      const messages: string[] = [];
      const gate: { open?: Promise<void> } = {};
      const { a, b } = await aloneFor(`ahead_${fails}`, messages, gate);
      if (fails) await b.commit(commitOf('track/other', 0));
      let release: () => void = () => undefined;
      gate.open = new Promise((resolve) => (release = resolve));
      const told: number[] = [];
      const commits = [8, 9, 10].map(async (version) => {
        while (messages.length < Math.min(2, version - 8)) await clock.turn();
        const { lastSeq } = await a.commit(commitOf('track/alone', version));
        told.push(version);
        return lastSeq;
      });
      while (messages.length < 2) await clock.turn();
      for (let n = 0; n < 20; n += 1) await clock.turn();
      expect([messages.length, told]).toEqual([2, []]);
      release();
      const others = fails ? 1 : 0;
      expect(await Promise.all(commits)).toEqual([9 + others, 10 + others, 11 + others]);
      expect(told).toEqual([8, 9, 10]);
      expect(await all(a.read('track/alone'))).toHaveLength(11);
    });

    it('write a large group in one message, and refuse one of it alone', async () => {
      const messages: string[] = [];
      const { a } = await aloneFor('large', messages);
      const codes = await Promise.all(
        Array.from({ length: 40 }, (_, n) => codeOf(a.commit(commitOf('run/x', n % 39)))),
      );
      expect(messages.length).toBe(1);
      expect(codes.indexOf('VERSION_CONFLICT')).toBe(39);
      expect(await a.head({ stream: 'run/x' })).toBe(39);
    });

    it('write nothing that rests on what another handle has changed since', async () => {
      const { a, b } = await aloneFor('since');
      const [held] = await b.leases.list().then(({ grants }) => grants);
      await b.leases.release('s0', held?.token ?? 0);
      const fence = [{ set: 's0', token: held?.token ?? 0 }];
      expect(await codeOf(a.commit({ ...commitOf('track/alone', 8), fence }))).toBe('FENCED');
      expect(await a.commit(commitOf('track/alone', 8))).toMatchObject({ lastSeq: 9 });
    });
  });

  it('fetch the next page ahead for who goes from page to page, and never take it for the end of the log', async () => {
    const messages: string[] = [];
    const store = await open('ahead', { connect: recorded(messages), wakeups: false, limits: { pageEvents: 2 } });
    await store.commit(commitOf('track/1', 0, events(5)));
    const asked = (after: number) => messages.filter((text) => text.includes(`seq > ${after} `)).length;
    const pages = store.readAll()[Symbol.asyncIterator]();
    const seqs = async () => ((await pages.next()).value ?? []).map(({ seq }: { seq: number }) => seq);
    expect([await seqs(), asked(2), asked(4)]).toEqual([[1, 2], 0, 0]);
    expect([await seqs(), asked(2), asked(4)]).toEqual([[3, 4], 1, 1]);
    // What was fetched ahead is not full, and not the end any more.
    await store.commit(commitOf('track/1', 5, events(2, 6)));
    expect((await all(store.readAll({ after: 4 }))).map(({ seq }) => seq)).toEqual([5, 6, 7]);
    expect(await seqs()).toEqual([5]);
  });

  it('let one of two equal commits with one key write', async () => {
    const stores = await Promise.all([1, 2].map(() => open('keyed', { wakeups: false })));
    for (const n of [0, 1, 2, 3, 4]) {
      const commit = { ...commitOf('track/1', n), idempotencyKey: `key ${n}` };
      const results = await Promise.all(stores.map((store) => store.commit(commit)));
      expect(results.map(({ deduplicated }) => deduplicated).toSorted()).toEqual([false, true]);
    }
  });

  it('wake each other: followers, claims, and who waits for a lease', async () => {
    const [a, b] = (await Promise.all([1, 2].map(() => open('woken', { followPollMs: never })))) as [Store, Store];
    const page = b.follow({ after: 0 })[Symbol.asyncIterator]().next();
    await b.subscriptions.ensure({
      name: 'views',
      from: 'start',
      order: 'all',
      maxAttempts: 3,
      backoff: { baseMs: 1, maxMs: 1 },
    });
    const claim = b.subscriptions.claim('views', { owner: 'b', max: 1, visibleMs: never });
    for (const [store, owner] of [
      [a, 'a'],
      [b, 'b'],
    ] as const)
      await store.leases.openOwner({ owner, host: 'host', bootId: 'boot' });
    const held = await a.leases.acquire({ set: 's', owner: 'a', keys: keys('k'), ttlMs: never });
    const waiting = b.leases.acquire({ set: 't', owner: 'b', keys: keys('k'), ttlMs: never }, { waitMs: never });
    while ((await a.leases.list()).waiting.length === 0) await clock.turn();
    await a.commit(commitOf('track/1', 0));
    expect((await page).value).toMatchObject([{ seq: 1 }]);
    expect((await claim).deliveries).toHaveLength(1);
    await a.leases.release('s', held.token);
    expect(await waiting).toMatchObject({ set: 't', owner: 'b' });
  });

  it('find by polling what no wake-up told them', async () => {
    const a = await open('polled', { wakeups: false });
    const b = await open('polled', { wakeups: false, followPollMs: 5 });
    const page = b.follow({ after: 0 })[Symbol.asyncIterator]().next();
    await clock.sleep(10);
    await a.commit(commitOf('track/1', 0));
    expect((await page).value).toMatchObject([{ seq: 1 }]);
  });

  it('let leases expire by the clock of the server, whatever their own clocks say', async () => {
    const skewed = (ms: number): Clock => ({
      now: () => clock.now() + ms,
      monotonic: () => clock.monotonic(),
      sleep: (...o) => clock.sleep(...o),
      turn: () => clock.turn(),
    });
    const a = await open('timed', { clock: skewed(-3_600_000) });
    const b = await open('timed', { clock: skewed(3_600_000), followPollMs: 20 });
    for (const [store, owner] of [
      [a, 'a'],
      [b, 'b'],
    ] as const)
      await store.leases.openOwner({ owner, host: 'host', bootId: 'boot' });
    const long = await a.leases.acquire({ set: 's', owner: 'a', keys: keys('k'), ttlMs: 60_000 });
    const leftMs = Date.parse(long.expiresAt) - clock.now();
    expect(leftMs).toBeGreaterThan(50_000);
    expect(leftMs).toBeLessThan(70_000);
    const request = { set: 't', owner: 'b', keys: keys('k'), ttlMs: 60_000 };
    expect(await codeOf(b.leases.acquire(request))).toBe('LEASE_HELD');
    await a.leases.renew('a', 30);
    await b.leases.acquire(request, { waitMs: 60_000 });
    const fence = [{ set: 's', token: long.token }];
    expect(await codeOf(a.commit({ ...commitOf('track/1', 0), fence }))).toBe('FENCED');
    expect(await codeOf(a.commit({ ...commitOf('track/1', 0), fence: [{ set: 's', token: 1.5 }] }))).toBe('FENCED');
  });

  it('keep texts that Postgres itself would refuse, and find nothing by names that it cannot hold', async () => {
    const store = await open('hostile');
    const odd = 'a\0b$_$';
    await store.leases.openOwner({ owner: 'o', host: "h'$_", bootId: '$_$' });
    const long = `${'dir:ä/'.repeat(600)}x`;
    await store.leases.acquire({ set: 's', owner: 'o', keys: keys(long, 'k\n"\\'), ttlMs: 60_000 });
    expect(await codeOf(store.leases.acquire({ set: 't', owner: 'o', keys: keys(long), ttlMs: 1 }))).toBe('LEASE_HELD');
    expect((await store.leases.list()).grants).toMatchObject([{ keys: keys(long, 'k\n"\\') }]);
    const actor = { kind: 'user', id: odd, org: odd, workspace: 'w' } as const;
    const data = { text: odd, $_$: ['\ud800', '\u2028', "'"] };
    await store.commit({
      appends: [{ stream: 'track/1', expectedVersion: 0, events: [{ type: 't', v: 1, data }] }],
      meta: { at: '2026-01-01T00:00:00.000Z', actor, causation: odd },
    });
    expect(await all(store.readAll())).toMatchObject([{ data, actor, causation: odd }]);
    await store.subscriptions.ensure({
      name: 'n',
      from: 'start',
      order: 'all',
      maxAttempts: 1,
      backoff: { baseMs: 1, maxMs: 1 },
    });
    const claim = await store.subscriptions.claim('n', { owner: 'o', max: 1, visibleMs: 60_000 });
    await store.subscriptions.settle(claim, [{ seq: 1, outcome: 'dead', error: odd }]);
    expect(await store.subscriptions.status('n')).toMatchObject({ dead: [{ seq: 1, error: odd }] });

    expect(await store.records.get('c', odd)).toBeUndefined();
    expect(await store.records.get(odd, 'k')).toBeUndefined();
    expect((await store.records.list('c', { prefix: odd })).rows).toEqual([]);
    expect((await store.records.list('c', { after: odd })).rows).toEqual([]);
    expect(await store.streams({ kind: odd })).toEqual([]);
    expect(await store.streams({ after: 'track/\0' })).toEqual([{ stream: 'track/1', version: 1 }]);
    expect(await all(store.readAll({ types: [odd, `${odd}*`], kinds: ['track', odd] }))).toEqual([]);
    expect(await codeOf(store.leases.renew(odd, 1))).toBe('OWNER_UNKNOWN');
    expect(await codeOf(store.subscriptions.status(odd))).toBe('VALIDATION_FAILED');
  });

  it('refuse one commit that the server does not take, and write those of the same group', async () => {
    const store = await open('poisoned');
    await admin.unsafe(`ALTER TABLE poisoned.records ADD CHECK ("key" <> 'poison')`);
    const put = (key: string) =>
      store.commit({ ...emptyCommit, records: [{ collection: '$c', key, expectedRevision: 0, value: 1 }] });
    const codes = await Promise.all(['a', 'poison', 'b'].map((key) => codeOf(put(key))));
    expect(codes).toEqual([undefined, 'STORE_FAILED', undefined]);
    expect((await store.records.list('$c')).rows.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  describe('with a schema', () => {
    const step = (number: number, sql: string): Migration => ({ number, name: `step ${number}`, sql });
    const run = async (schema: string, steps: readonly Migration[], readOnly = false) => {
      const client = connect(server);
      try {
        return await codeOf(migrate(client, { schema, clock, readOnly, steps }));
      } finally {
        await client.end();
      }
    };

    it('of a newer version refuse it, and so they do when a step was changed', async () => {
      const two = [step(1, 'CREATE TABLE a (n int)'), step(2, 'CREATE TABLE b (n int)')];
      expect(await run('steps', two)).toBeUndefined();
      expect(await run('steps', two)).toBeUndefined();
      expect(await run('steps', two.slice(0, 1))).toBe('STORE_NEWER');
      expect(await run('steps', [step(1, 'CREATE TABLE other (n int)'), ...two.slice(1)])).toBe('STORE_CORRUPT');
    });

    it('take all pending steps or none', async () => {
      const good = step(1, 'CREATE TABLE a (n int)');
      expect(await run('halves', [good, step(2, 'CREATE TABLE nonsense')])).toBe('MIGRATION_FAILED');
      expect(await run('halves', [good, step(2, 'CREATE TABLE b (n int)')])).toBeUndefined();
    });

    it('that is not there yet make none when they may only read, and write nothing', async () => {
      expect(await run('absent', migrations, true)).toBe('STORE_READ_ONLY');
      expect(await codeOf(open('absent', { readOnly: true }))).toBe('STORE_READ_ONLY');
      await open('together');
      const reader = await open('together', { readOnly: true });
      expect(await codeOf(reader.commit(commitOf('track/1', 0)))).toBe('STORE_READ_ONLY');
      expect(await reader.head()).toBe(0);
    });

    it('whose name could be more than a name refuse it', async () => {
      expect(await codeOf(open('a"; DROP SCHEMA b; --'))).toBe('VALIDATION_FAILED');
      expect(await codeOf(open('x', { maxConnections: 2 }))).toBe('VALIDATION_FAILED');
    });
  });

  it('say what is wrong when the server lets nobody in', async () => {
    await admin.unsafe('CREATE ROLE nobody LOGIN');
    const url = server.url.replace('postgres@', 'nobody@');
    const code = codeOf(open('forbidden', { connect: connecting({ ...server, url }) }));
    expect(await code).toBe('STORE_FAILED');
  });
});
