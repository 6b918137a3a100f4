import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { ConductorError, systemClock } from '@conductor/core';
import type { ArtifactId, Artifacts } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgresIfPossible } from '../../../test/postgres-server.js';
import { connect, connecting, emptyStore, settling, sharedClients } from '../../../test/postgres-store.js';
import { artifactsSuite } from '../../conformance/artifacts.suite.js';
import { snapshotsSuite } from '../../conformance/snapshots.suite.js';
import { all, codeOf, commitOf, events, keys } from '../../conformance/store-fixture.js';
import { storedSnapshots } from '../../snapshots/snapshots.js';
import { postgresArtifacts } from './artifacts.js';
import type { PostgresArtifacts, PostgresArtifactsOptions } from './artifacts.js';
import type { PgClient } from '../client.js';
import { postgresStore } from '../store.js';
import { postgresUpkeep } from '../upkeep.js';

const server = await startPostgresIfPossible();
const clock = systemClock();
const hour = 3_600_000;

describe.skipIf(server === undefined)('Postgres', () => {
  if (server === undefined) return;
  const admin = connect(server);
  const { clientOf, end } = sharedClients(server);
  afterAll(async () => {
    await Promise.all([end(), admin.end()]);
    await server.stop();
  });

  artifactsSuite('postgres', async ({ clock: fake }) => {
    const shared = (o: Parameters<typeof clientOf>[0]) => settling(clientOf(o), fake);
    const artifacts = postgresArtifacts({ connect: shared, clock: fake, time: 'clock', chunkBytes: 65_536 });
    return {
      artifacts,
      async close() {
        await artifacts.close();
        await admin.unsafe('DELETE FROM conductor.artifacts');
      },
    };
  });

  snapshotsSuite('postgres, with artifacts beside the log', async ({ clock: fake, wrap }) => {
    const o = { clock: fake, time: 'clock' } as const;
    const store = await postgresStore({ connect: (options) => settling(clientOf(options), fake), ...o });
    const inner = postgresArtifacts({ connect: (options) => settling(clientOf(options), fake), ...o });
    const artifacts = wrap(inner);
    return {
      snapshots: storedSnapshots({ store, artifacts }),
      artifacts,
      async close() {
        await Promise.all([store.close(), inner.close()]);
        await emptyStore(admin, 'conductor');
        await admin.unsafe('DELETE FROM conductor.artifacts');
      },
    };
  });

  describe('artifacts in Postgres', () => {
    const opened: PostgresArtifacts[] = [];
    const open = (o: Partial<PostgresArtifactsOptions> = {}): PostgresArtifacts => {
      const artifacts = postgresArtifacts({
        connect: connecting(server),
        clock,
        schema: 'own',
        chunkBytes: 1_000,
        ...o,
      });
      opened.push(artifacts);
      return artifacts;
    };
    beforeEach(async () => {
      await open().sweep(() => false, { olderThanMs: -hour });
      return async () => {
        for (const artifacts of opened.splice(0)) await artifacts.close();
      };
    });

    const bytesOf = (length: number, seed = 7) => new Uint8Array(length).map((_, index) => (index * seed) % 251);
    async function* inParts(whole: Uint8Array, size: number) {
      for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
    }
    const read = async (artifacts: Artifacts, id: ArtifactId, o: Parameters<Artifacts['get']>[1] = {}) => {
      const parts: Uint8Array[] = [];
      for await (const part of artifacts.get(id, o)) parts.push(part);
      return new Uint8Array(Buffer.concat(parts));
    };
    /** What lies in the tables. */
    const rows = async () => {
      const [row] = await admin.unsafe<{ artifacts: number; uploads: number; chunks: number }[]>(
        `SELECT count(sha256)::int AS artifacts, (count(*) - count(sha256))::int AS uploads,
          (SELECT count(*)::int FROM own.artifact_chunks) AS chunks FROM own.artifacts`,
      );
      return row;
    };
    const recorded = (messages: string[], answer: (client: PgClient, text: string) => PromiseLike<unknown>) => {
      const clients = connecting(server);
      return (options: Parameters<typeof clients>[0]): PgClient => {
        const client = clients(options);
        return {
          listen: (...o) => client.listen(...o),
          end: (o) => client.end(o),
          unsafe(text) {
            messages.push(text);
            return answer(client, text);
          },
        };
      };
    };

    it('are read by one handle as another one put them, and lie there once', async () => {
      const [a, b] = [open(), open({ chunkBytes: 300 })];
      const bytes = bytesOf(4_500);
      const { id } = await a.put(bytes);
      expect(await read(b, id)).toEqual(bytes);
      expect(await read(b, id, { from: 999, to: 2_001 })).toEqual(bytes.subarray(999, 2_001));
      await a.put(inParts(bytes, 170));
      expect(await rows()).toEqual({ artifacts: 1, uploads: 0, chunks: 5 });
      // Chunks of another size are not what this handle would write: it puts its own in their place.
      await b.put(bytes);
      expect(await rows()).toEqual({ artifacts: 1, uploads: 0, chunks: 15 });
      expect(await read(a, id)).toEqual(bytes);
    });

    it('go on to be read when the same bytes are put anew meanwhile', async () => {
      const [a, b] = [open(), open({ chunkBytes: 300 })];
      const bytes = bytesOf(4_500);
      const { id } = await a.put(bytes);
      const parts: Uint8Array[] = [];
      for await (const part of a.get(id)) {
        if (parts.push(part) === 2) await b.put(bytes);
      }
      expect(new Uint8Array(Buffer.concat(parts))).toEqual(bytes);
    });

    it('are sent chunk by chunk, while no more of the stream is read than that, and not at all when they are there', async () => {
      const messages: string[] = [];
      const artifacts = open({ connect: recorded(messages, (client, text) => client.unsafe(text)) });
      const whole = bytesOf(20_500);
      const ahead: number[] = [];
      async function* watched() {
        for (let at = 0; at < whole.length; at += 500) {
          ahead.push(at / 1_000 - messages.filter((text) => text.includes('decode(')).length);
          yield whole.subarray(at, at + 500);
        }
      }
      await artifacts.put(watched());
      expect(Math.max(...ahead)).toBeLessThanOrEqual(2);
      // A chunk has 1,336 digits; at the end there is a digest of each besides.
      expect(Math.max(...messages.map(({ length }) => length))).toBeLessThan(5_000);
      messages.length = 0;
      await artifacts.put(whole);
      expect(messages.filter((text) => text.includes('decode($')).length).toBe(0);
      messages.length = 0;
      await artifacts.put(bytesOf(900, 11));
      expect(messages).toHaveLength(1);
    });

    it('are found by nobody while they are half written, and stay as long as more of them comes', async () => {
      const fake = new FakeClock();
      const artifacts = open({ clock: fake, time: 'clock' });
      const bytes = bytesOf(4_600);
      const { id } = await open({ schema: 'elsewhere' }).put(bytes);
      const seen: unknown[] = [];
      async function* slowly() {
        for await (const part of inParts(bytes, 1_000)) {
          yield part;
          await fake.advance(0.4 * hour);
          seen.push(await codeOf(read(artifacts, id)), await artifacts.sweep(() => false, { olderThanMs: hour }));
        }
      }
      await artifacts.put(slowly());
      expect(new Set(seen.map((each) => JSON.stringify(each)))).toEqual(
        new Set(['"ARTIFACT_NOT_FOUND"', '{"removed":0,"bytes":0}']),
      );
      expect(await read(artifacts, id)).toEqual(bytes);
    });

    it('go with a sweep when they were begun and nobody went on with them; who does so later is told', async () => {
      const fake = new FakeClock();
      const artifacts = open({ clock: fake, time: 'clock' });
      async function* stalled() {
        yield bytesOf(2_100);
        expect(await rows()).toEqual({ artifacts: 0, uploads: 1, chunks: 1 });
        await fake.advance(2 * hour);
        expect(await artifacts.sweep(() => true, { olderThanMs: hour })).toEqual({ removed: 0, bytes: 0 });
        expect(await rows()).toEqual({ artifacts: 0, uploads: 0, chunks: 0 });
        yield bytesOf(2_000);
      }
      expect(await codeOf(artifacts.put(stalled()))).toBe('STORE_BUSY');
      expect(await rows()).toEqual({ artifacts: 0, uploads: 0, chunks: 0 });
    });

    it('are refused when they are too large, and nothing of them stays', async () => {
      const artifacts = open({ maxBytes: 3_000 });
      for (const bytes of [bytesOf(3_001), inParts(bytesOf(3_001), 800)])
        await expect(artifacts.put(bytes)).rejects.toMatchObject({ code: 'TOO_LARGE', details: { maxBytes: 3_000 } });
      expect(await rows()).toEqual({ artifacts: 0, uploads: 0, chunks: 0 });
      await artifacts.put(bytesOf(3_000));
    });

    it('keep nothing of a put that is aborted or refused after some chunks, and end a read that is aborted', async () => {
      const artifacts = open();
      const controller = new AbortController();
      const { signal } = controller;
      async function* aborting() {
        yield bytesOf(5_500);
        controller.abort(new Error('enough'));
        yield bytesOf(5_500);
      }
      await expect(artifacts.put(aborting(), { signal })).rejects.toThrow('enough');
      const expected: ArtifactId = `sha256:${'a'.repeat(64)}`;
      for (const bytes of [bytesOf(5_500), inParts(bytesOf(5_500), 500)])
        expect(await codeOf(artifacts.put(bytes, { expect: expected }))).toBe('ARTIFACT_CORRUPT');
      expect(await rows()).toEqual({ artifacts: 0, uploads: 0, chunks: 0 });

      const { id } = await artifacts.put(bytesOf(5_500));
      const reading = new AbortController();
      const parts = artifacts.get(id, { signal: reading.signal })[Symbol.asyncIterator]();
      await parts.next();
      reading.abort(new Error('no more'));
      await expect(parts.next()).rejects.toThrow('no more');
    });

    it('that are damaged are found out at the end of a full read, and mended by the next put', async () => {
      const artifacts = open();
      for (const bytes of [bytesOf(700), bytesOf(3_300)]) {
        const { id } = await artifacts.put(bytes);
        for (const damage of [
          `UPDATE own.artifact_chunks SET data = set_byte(data, 3, 255) WHERE n = 0`,
          `UPDATE own.artifact_chunks SET data = substr(data, 2) WHERE n = 0`,
          `DELETE FROM own.artifact_chunks WHERE n = 0`,
        ]) {
          await admin.unsafe(damage);
          expect(await codeOf(read(artifacts, id))).toBe('ARTIFACT_CORRUPT');
          await artifacts.put(bytes);
          expect(await read(artifacts, id)).toEqual(bytes);
        }
      }
      expect(await rows()).toMatchObject({ artifacts: 2, uploads: 0 });
    });

    it('are put once when every answer is lost, whether what was asked happened or not', async () => {
      for (const happens of [true, false]) {
        const lost = new Set<string>();
        const losing = recorded([], async (client, text) => {
          const first = !lost.has(text) && text.includes('artifact_chunks') && !text.includes('CREATE');
          lost.add(text);
          if (!first) return client.unsafe(text);
          if (happens) await client.unsafe(text);
          throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
        });
        const artifacts = open({ connect: losing });
        for (const bytes of [bytesOf(3_500, 13), bytesOf(800, 13)]) {
          const { id } = await artifacts.put(inParts(bytes, 700));
          expect(await read(artifacts, id)).toEqual(bytes);
        }
        expect(lost.size).toBeGreaterThan(8);
        expect(await rows()).toEqual({ artifacts: 2, uploads: 0, chunks: 5 });
      }
    });

    it('are whole or not there, while many put the same bytes and others sweep and read', async () => {
      const handles = [open(), open({ chunkBytes: 700 }), open()];
      const bytes = [bytesOf(2_500, 17), bytesOf(400, 17)];
      const ids = await Promise.all(bytes.map(async (each) => (await handles[0]?.put(each))?.id ?? 'sha256:'));
      const codes = new Set<string | undefined>();
      await Promise.all(
        handles.map(async (artifacts, turn) => {
          for (let n = turn; n < 12 + turn; n += 1) {
            const each = bytes[n % 2] ?? bytesOf(0);
            if (n % 3 === 0) await artifacts.sweep(() => false, { olderThanMs: -hour });
            else codes.add(await codeOf(artifacts.put(n % 5 === 0 ? inParts(each, 600) : each)));
            const reading = read(artifacts, ids[n % 2] ?? 'sha256:').then((found) => expect(found).toEqual(each));
            codes.add(await codeOf(reading));
          }
        }),
      );
      // A sweep of everything takes uploads as well, and says so to who puts.
      for (const fine of [undefined, 'ARTIFACT_NOT_FOUND', 'STORE_BUSY']) codes.delete(fine);
      expect([...codes]).toEqual([]);
      for (const [index, id] of ids.entries()) {
        await handles[2]?.put(bytes[index] ?? bytesOf(0));
        expect(await read(handles[1] as Artifacts, id)).toEqual(bytes[index]); // three handles
      }
      expect(await rows()).toMatchObject({ artifacts: 2, uploads: 0 });
    });

    it('are there once when many handles finish the same bytes at the same moment', async () => {
      const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `finishing ${name}`);
      const handles = names.map((name) => open({ connect: connecting(server, name) }));
      const whole = bytesOf(2_000, 23);
      const watcher = connect(server);
      const finishing = async () => {
        const [row] = await watcher.unsafe<{ count: number }[]>(
          "SELECT count(*)::int FROM pg_stat_activity WHERE application_name LIKE 'finishing%' AND wait_event_type = 'Lock'",
        );
        return row?.count;
      };
      let arrived = 0;
      let locked = false;
      async function* together() {
        yield whole; // two chunks: the first was sent when this goes on, the second goes with the last message
        arrived += 1;
        if (arrived === handles.length) {
          await admin.unsafe('BEGIN; LOCK TABLE own.artifact_chunks IN EXCLUSIVE MODE');
          locked = true;
        }
        while (!locked) await clock.sleep(1);
      }
      const puts = handles.map((artifacts) => artifacts.put(together()));
      while ((await finishing()) !== handles.length) await clock.sleep(1);
      await admin.unsafe('COMMIT');
      await watcher.end();
      expect(new Set((await Promise.all(puts)).map(({ id }) => id)).size).toBe(1);
      expect(await read(handles[0] as Artifacts, (await puts[0])?.id ?? 'sha256:')).toEqual(whole); // five handles
      expect(await rows()).toEqual({ artifacts: 1, uploads: 0, chunks: 2 });
    });

    it('refuse a range that is none, and a schema that could be more than a name', async () => {
      const artifacts = open();
      const { id } = await artifacts.put(bytesOf(10));
      for (const range of [{ from: -1 }, { from: 0.5 }, { from: 5, to: 4 }, { to: Number.NaN }])
        expect(await codeOf(read(artifacts, id, range))).toBe('VALIDATION_FAILED');
      for (const o of [{ schema: 'a"; DROP SCHEMA own; --' }, { chunkBytes: 0 }])
        expect(() => open(o)).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
    });

    it('answer CLOSED once they are closed, and connect to nobody before they are asked', async () => {
      let connected = 0;
      const count = (options: Parameters<PostgresArtifactsOptions['connect']>[0]) => {
        connected += 1;
        return connecting(server)(options);
      };
      const artifacts = open({ connect: count });
      const unused = open({ connect: count });
      await unused.close();
      expect(connected).toBe(0);
      await Promise.all([artifacts.put(bytesOf(1)), artifacts.put(bytesOf(2))]);
      expect(connected).toBe(1);
      await artifacts.close();
      await artifacts.close();
      for (const used of [artifacts, unused]) expect(await codeOf(used.put(bytesOf(1)))).toBe('CLOSED');
      expect(connected).toBe(1);
    });

    it('answer STORE_BUSY where no server answers, and try again when they are asked again', async () => {
      let there = false;
      const gone = recorded([], (client, text) =>
        there ? client.unsafe(text) : Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })),
      );
      const artifacts = open({ connect: gone, storeBusyMs: 1 });
      const refused = await artifacts.put(bytesOf(1)).catch((error: unknown) => error);
      expect(ConductorError.is(refused, 'STORE_BUSY')).toBe(true);
      there = true;
      await artifacts.put(bytesOf(1));
    });
  });

  describe('the upkeep of a Postgres store', () => {
    it('tells what events and rows name, for a sweep to leave', async () => {
      const o = { connect: connecting(server), clock, schema: 'named' };
      const store = await postgresStore({ ...o, maxConnections: 3 });
      const [artifacts, upkeep] = [postgresArtifacts(o), postgresUpkeep(o)];
      const put = async (text: string) => (await artifacts.put(new TextEncoder().encode(text))).id;
      const [inEvent, inRow, loose] = [await put('one'), await put('two'), await put('three')];
      await store.commit(commitOf('track/1', 0, [{ type: 't', v: 1, data: { a: [{ text: `see ${inEvent}` }] } }]));
      const record = { collection: '$c', key: 'k', expectedRevision: 0, value: { body: { id: inRow } } };
      await store.commit({ ...commitOf('track/1', 1), records: [record] });
      const named = await upkeep.references();
      expect([...named].toSorted()).toEqual([inEvent, inRow].toSorted());
      expect(await artifacts.sweep((id) => named.has(id), { olderThanMs: -hour })).toEqual({ removed: 1, bytes: 5 });
      expect(await codeOf(artifacts.get(loose)[Symbol.asyncIterator]().next())).toBe('ARTIFACT_NOT_FOUND');
      await Promise.all([store.close(), artifacts.close(), upkeep.close()]);
      expect(await codeOf(upkeep.references())).toBe('CLOSED');
    });

    it('removes dead letters and traces of leases that are old, beside a handle that goes on, and nothing else', async () => {
      const fake = new FakeClock();
      const o = { connect: connecting(server), clock: fake, schema: 'tidied', time: 'clock' } as const;
      const store = await postgresStore({ ...o, maxConnections: 3 });
      const upkeep = postgresUpkeep(o);
      const { leases, subscriptions } = store;
      await leases.openOwner({ owner: 'o', host: 'here', bootId: 'boot' });
      await leases.acquire({ set: 'lost', owner: 'o', keys: keys('a'), ttlMs: 1_000 });
      await store.commit(commitOf('track/1', 0, events(2)));
      const spec = {
        name: 'mails',
        from: 'start',
        order: 'all',
        maxAttempts: 1,
        backoff: { baseMs: 1, maxMs: 1 },
      } as const;
      await subscriptions.ensure(spec);
      const claim = await subscriptions.claim('mails', { owner: 'o', max: 1, visibleMs: 1_000 });
      await subscriptions.settle(claim, [{ seq: 1, outcome: 'dead', error: 'no' }]);
      await fake.advance(2_000);
      await leases.acquire({ set: 'held', owner: 'o', keys: keys('a'), ttlMs: 100 * 24 * hour }); // takes over what was lost
      expect(await upkeep.tidy()).toMatchObject({ deadLetters: 0, leases: 0 });
      await fake.advance(31 * 24 * hour);
      const tidied = await upkeep.tidy();
      expect(tidied).toMatchObject({ deadLetters: 1, leases: 1 });
      expect(tidied.bytes).toBeGreaterThan(0);
      expect(await upkeep.tidy()).toMatchObject({ deadLetters: 0, leases: 0 });

      // The handle wrote that letter itself, and remembers it no more.
      expect(await codeOf(subscriptions.replay('mails', { dead: [1] }))).toBe('VALIDATION_FAILED');
      expect(await subscriptions.status('mails')).toMatchObject({ dead: [] });
      expect((await leases.list()).grants).toMatchObject([{ set: 'held' }]);
      expect(await codeOf(leases.acquire({ set: 'x', owner: 'o', keys: keys('a'), ttlMs: 1 }))).toBe('LEASE_HELD');
      await store.commit(commitOf('track/1', 2));
      expect(await store.head()).toBe(3);
      await Promise.all([store.close(), upkeep.close()]);
    });
  });

  it('takes a store over that was written before it had artifacts: all of it is there, and goes on', async () => {
    const file = (name: string) =>
      readFileSync(new URL(`../../../test/fixtures/postgres-schema-1.${name}`, import.meta.url));
    await admin.unsafe('CREATE SCHEMA before; SET search_path TO before');
    await admin.unsafe(gunzipSync(file('sql.gz')).toString('utf8'));
    const raw = () => admin.unsafe('SELECT * FROM before.events ORDER BY seq');
    const before = await raw();
    const fake = new FakeClock();
    const o = { connect: connecting(server), clock: fake, schema: 'before', time: 'clock' } as const;
    expect(await codeOf(postgresStore({ ...o, readOnly: true }))).toBe('STORE_READ_ONLY');
    const store = await postgresStore({ ...o, maxConnections: 3 });
    const { commit: _, ...expected } = JSON.parse(file('json').toString('utf8')) as Record<string, unknown>;
    const seen = {
      id: store.id,
      events: await all(store.readAll()),
      streams: await store.streams(),
      things: await store.records.list('things', { deleted: true }),
      leases: await store.leases.list(),
      subscription: await store.subscriptions.status('mails'),
    };
    expect(JSON.parse(JSON.stringify(seen))).toEqual(expected);
    expect(await raw()).toEqual(before);
    const key = { idempotencyKey: 'key-3' };
    expect(await codeOf(store.commit({ ...commitOf('track/a', 12), ...key }))).toBe('IDEMPOTENCY_MISMATCH');
    expect((await store.commit(commitOf('track/a', 12))).lastSeq).toBe(26);
    const artifacts = postgresArtifacts(o);
    await artifacts.put(new Uint8Array(3));
    await Promise.all([store.close(), artifacts.close()]);
  });
});
