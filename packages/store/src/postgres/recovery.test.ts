import { ConductorError, systemClock } from '@conductor/core';
import type { Store } from '@conductor/core/ports';
import { afterAll, describe, expect, it } from 'vitest';
import { startPostgresIfPossible } from '../../test/postgres-server.js';
import type { PostgresServer } from '../../test/postgres-server.js';
import { connect, connecting } from '../../test/postgres-store.js';
import { all, codeOf, commitOf, events } from '../conformance/store-fixture.js';
import type { PgClient, PgClientOptions } from './client.js';
import { postgresStore } from './store.js';

const server = await startPostgresIfPossible();
const clock = systemClock();

/** Whether a message ends a transaction in which something is written. */
const isCommit = (text: string) => /^SET TRANSACTION .*WRITE;|COMMIT *$/u.test(text);

/** Each writer has a stream of its own and tells how many of its commits were acknowledged. */
async function write(
  store: Store,
  stream: string,
  o: { readonly until: () => boolean; readonly acknowledged: () => void },
) {
  let version = 0;
  while (!o.until()) {
    // A commit whose outcome nobody knows is repeated: its key lets it happen once.
    const commit = { ...commitOf(stream, version, events(2, version + 1)), idempotencyKey: `${stream} ${version}` };
    try {
      await store.commit(commit);
    } catch (error) {
      if (ConductorError.is(error, 'COMMIT_UNKNOWN', 'STORE_BUSY')) continue;
      throw error;
    }
    version += 2;
    o.acknowledged();
  }
  return version;
}

/** Every acknowledged event is there, none doubled, no number left out. */
async function expectWhole(store: Store, versions: ReadonlyMap<string, number>): Promise<void> {
  const log = await all(store.readAll());
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  for (const [stream, version] of versions) {
    const own = log.filter((event) => event.stream === stream);
    expect(own.map(({ version: at, data }) => [at, data])).toEqual(
      Array.from({ length: version }, (_, index) => [index + 1, { n: index + 1 }]),
    );
  }
}

describe.skipIf(server === undefined)('a Postgres store whose server fails', () => {
  if (server === undefined) return;
  afterAll(() => server.stop());

  /** Eight writers on one handle, and somebody who disturbs them in between. */
  async function disturbed(schema: string, disturb: (round: number) => Promise<void>, rounds: number) {
    const store = await postgresStore({ connect: connecting(server as PostgresServer, schema), clock, schema });
    let acknowledged = 0;
    let over = false;
    const streams = Array.from({ length: 8 }, (_, index) => `track/w${index}`);
    const writers = streams.map((stream) =>
      write(store, stream, { until: () => over, acknowledged: () => (acknowledged += 1) }),
    );
    const ended = Promise.all(writers);
    ended.catch(() => undefined); // awaited below
    const goOn = async (count: number) => {
      const target = acknowledged + count;
      while (acknowledged < target) await Promise.race([clock.sleep(2), ended.then(() => undefined)]);
    };
    for (let round = 0; round < rounds; round += 1) {
      await goOn(40 + round * 13);
      await disturb(round);
    }
    await goOn(40);
    over = true;
    const versions = new Map((await ended).map((version, index) => [streams[index] ?? '', version]));
    await expectWhole(store, versions);
    await store.close();
  }

  it('keeps every acknowledged event when its connections are ended in the middle of groups', async () => {
    const admin = connect(server);
    await disturbed(
      'terminated',
      async () => {
        await admin.unsafe(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'terminated'",
        );
      },
      5,
    );
    await admin.end({ timeout: 1 });
  });

  it('keeps every acknowledged event when the server is killed and started again', () =>
    disturbed('killed', () => server.restart(), 3));

  it('learns whether a commit happened whose answer was lost, or says that it could not', async () => {
    const lost = { next: false, happened: true, stays: false, away: false, others: async () => undefined as unknown };
    const gone = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const cut = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    // Loses the answer to COMMIT, or COMMIT itself.
    const losing = (client: PgClient): PgClient => ({
      listen: (...o) => client.listen(...o),
      end: (o) => client.end(o),
      async unsafe(text) {
        if (lost.away) throw gone();
        if (!lost.next || !isCommit(text)) return client.unsafe(text);
        lost.next = false;
        await client.unsafe(lost.happened ? text : 'ROLLBACK');
        await lost.others();
        lost.away = lost.stays;
        throw cut();
      },
    });
    const clients = connecting(server);
    const store = await postgresStore({
      connect: (o) => losing(clients(o)),
      clock,
      schema: 'in_doubt',
      storeBusyMs: 200,
      wakeups: false,
    });
    for (const happened of [true, false]) {
      lost.next = true;
      lost.happened = happened;
      const version = await store.head({ stream: 'track/1' });
      const result = await store.commit(commitOf('track/1', version));
      expect(result).toMatchObject({ lastSeq: version + 1, deduplicated: false });
    }
    expect(lost.next).toBe(false);
    expect(await store.head()).toBe(2);
    // As well when somebody else wrote in between, and in the one message of a handle that was alone.
    const other = await postgresStore({ connect: clients, clock, schema: 'in_doubt', wakeups: false });
    for (const [index, happened] of [true, false, true, false].entries()) {
      for (let n = 0; n < 3; n += 1) await store.commit(commitOf(`track/alone ${index}`, n));
      const writes = index < 2 ? 0 : 2;
      lost.others = async () => {
        for (let n = 0; n < writes; n += 1) await other.commit(commitOf(`track/other ${index}`, n));
      };
      Object.assign(lost, { next: true, happened });
      const head = await store.head();
      const result = await store.commit(commitOf(`track/alone ${index}`, 3));
      expect(result).toMatchObject({ lastSeq: head + 1 + (happened ? 0 : writes), deduplicated: false });
      expect(await store.head()).toBe(head + 1 + writes);
    }
    lost.others = async () => undefined;
    await other.close();
    Object.assign(lost, { next: true, happened: true, stays: true });
    expect(await codeOf(store.commit(commitOf('track/1', 2)))).toBe('COMMIT_UNKNOWN');
    lost.away = false;
    expect(await codeOf(store.commit(commitOf('track/1', 2)))).toBe('VERSION_CONFLICT');
    await expectWhole(store, new Map());
    await store.close();
  });

  it('lets a COMMIT that comes later than the question what became of it write nothing', async () => {
    let late: { readonly client: PgClient; readonly text: string } | undefined;
    let delays = false;
    const delaying = (client: PgClient): PgClient => ({
      listen: (...o) => client.listen(...o),
      end: (o) => client.end(o),
      unsafe(text) {
        if (!delays || !isCommit(text)) return client.unsafe(text);
        delays = false;
        late = { client, text };
        return Promise.reject(Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' }));
      },
    });
    const clients = connecting(server);
    const connect = (o: PgClientOptions) => delaying(clients(o));
    const store = await postgresStore({ connect, clock, schema: 'late', storeBusyMs: 1_000, wakeups: false });
    for (let n = 0; n < 5; n += 1) await store.commit(commitOf('track/1', n));
    delays = true;
    await store.commit(commitOf('track/1', 5));
    const arrived = late?.client.unsafe(late.text) as Promise<unknown>;
    await expect(arrived).rejects.toMatchObject({ code: '22012' });
    expect(await store.commit(commitOf('track/1', 6))).toMatchObject({ lastSeq: 7 });
    await expectWhole(store, new Map());
    await store.close();
  });

  it('answers STORE_BUSY while the server stays away, and goes on when it is back', async () => {
    const store = await postgresStore({ connect: connecting(server), clock, schema: 'away', storeBusyMs: 300 });
    // Alone for so long that it sends what it commits without asking first.
    for (let n = 0; n < 5; n += 1) await store.commit(commitOf('track/1', n));
    await server.kill();
    // It may have gone out before the loss of its connection was heard of; whatever comes later has not.
    expect(['COMMIT_UNKNOWN', 'STORE_BUSY']).toContain(await codeOf(store.commit(commitOf('track/1', 5))));
    const codes = await Promise.all([store.commit(commitOf('track/1', 5)), store.head()].map(codeOf));
    expect(codes).toEqual(['STORE_BUSY', 'STORE_BUSY']);
    await server.restart();
    // The handle goes on.
    await store.commit(commitOf('track/1', 5));
    await store.close();
  });
});
