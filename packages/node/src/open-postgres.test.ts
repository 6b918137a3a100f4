import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { inspect } from 'node:util';
import { defaultLimits, randomIds, systemClock } from '@conductor/core';
import { FakeClock } from '@conductor/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { openPostgres } from './open-postgres.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that does what it is told to with each connection. */
async function listen(onConnection: (socket: Socket) => void = () => undefined) {
  const server = createServer(onConnection).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return { server, port, url: `postgres://ann:s3cret@127.0.0.1:${port}/app` };
}

const host = { clock: systemClock(), ids: randomIds(), limits: defaultLimits };

describe('a Postgres that cannot be opened', () => {
  it('is named by host and port, never with its password', async () => {
    const { port, url, server } = await listen();
    server.close();
    const refused = await openPostgres(`${url}?connect_timeout=1`, host).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'STORE_BUSY',
      message: `Postgres at 127.0.0.1:${port} cannot be reached: nobody listens there (ECONNREFUSED)`,
      hint: expect.stringContaining('host and port'),
    });
    expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain('s3cret');
  });

  it('is given up after ten seconds when it says nothing, or after what its address says', async () => {
    const { server, url } = await listen();
    for (const [said, ms] of [
      ['', 10_000],
      ['?connect_timeout=3', 3_000],
    ] as const) {
      const clock = new FakeClock();
      const asked = once(server, 'connection');
      const outcome = openPostgres(url + said, { ...host, clock }).catch((error: unknown) => error);
      const [socket] = (await asked) as [Socket];
      const closed = once(socket.resume(), 'close');
      await clock.advance(ms);
      expect(await outcome).toMatchObject({
        code: 'STORE_BUSY',
        message: expect.stringContaining(`no answer within ${ms / 1_000} s`),
      });
      await closed;
      expect(clock.monotonic()).toBe(ms);
    }
  });

  it('leaves no connection behind when it is aborted', async () => {
    const { server, url } = await listen();
    const abort = new AbortController();
    const asked = once(server, 'connection');
    const opening = expect(openPostgres(url, host, { signal: abort.signal })).rejects.toThrow('enough');
    const [socket] = (await asked) as [Socket];
    const closed = once(socket.resume(), 'close');
    abort.abort(new Error('enough'));
    await opening;
    await closed;
  });

  it('is asked again after a pause when something in between hangs up without a word', async () => {
    const clock = new FakeClock();
    let asked = 0;
    const { url } = await listen((socket) => {
      asked += 1;
      socket.destroy();
    });
    let isOver = false;
    const outcome = openPostgres(url, { ...host, clock }).catch((error: unknown) => error);
    void outcome.then(() => (isOver = true));
    while (!isOver) {
      // The deadline sleeps all the time, and a second sleep is the pause before the next try: real time passes until then.
      if (clock.pending === 2) await clock.advanceToNext();
      else await systemClock().turn();
    }
    expect(await outcome).toMatchObject({
      code: 'STORE_BUSY',
      message: expect.stringMatching(/cannot be reached: it hangs up without a word|ECONNRESET/u),
    });
    expect(asked).toBe(24);
  });

  it('is refused when its host cannot be read', async () => {
    const refused = openPostgres('postgres://ann@%zz/app', host);
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('<host>') });
  });

  it.each(['x', '0', '-1', '1.5', '', '3601'])('is refused when its connect_timeout is %j', async (said) => {
    const refused = openPostgres(`postgres://ann@db/app?connect_timeout=${said}`, host);
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('seconds') });
  });
});

/** What a client of postgres.js answers whatever it is asked: enough to open a store without events. */
const row = { encoding: 'UTF8', fsync: 'on', waits: 'on', handle: 'h', known: false, id: 'store_1', now: 0, seq: 0 };

/** Clients that answer by themselves, without a server. */
function answering() {
  const made: object[] = [];
  const asked: string[] = [];
  const client = {
    unsafe: async (text: string) => {
      asked.push(text);
      const rows = text.split(';\n').map((statement) => (statement.includes('"events"') ? [] : [row]));
      return rows.length === 1 ? Object.assign(rows[0] ?? [], { command: 'SELECT' }) : rows;
    },
    listen: async () => ({ unlisten: async () => undefined }),
    end: async () => undefined,
  };
  // The cast: a client has many more methods, which the store does not use.
  const load = async () => ({ default: (_url: string, o: object) => (made.push(o), client) }) as never;
  return { made, asked, load };
}

describe('a Postgres that is opened', () => {
  it.each([
    [700, 700],
    [defaultLimits.followPollMs, 1_000], // this driver can wake, and need not look as often as others
  ])('is given the limits of the project that it can use: followPollMs %i looks each %i ms', async (said, polls) => {
    const { url } = await listen((socket) => void socket.once('data', () => socket.write('N')));
    const { made, asked, load } = answering();
    const clock = new FakeClock();
    const limits = { ...defaultLimits, eventBytes: 100, commitEvents: 1, followPollMs: said };
    const { store } = await openPostgres(`${url}?connect_timeout=3`, { ...host, clock, limits, load });
    expect(made).toMatchObject([{ connect_timeout: 3 }, { connect_timeout: 3 }]);
    const commit = (...texts: readonly string[]) =>
      store.commit({
        appends: [
          { stream: 'track/1', expectedVersion: 0, events: texts.map((data) => ({ type: 'a.b', v: 1, data })) },
        ],
        meta: { at: clock.instant(), actor: { kind: 'user', id: 'ann' } },
      });
    await expect(commit('x'.repeat(200))).rejects.toMatchObject({ code: 'EVENT_TOO_LARGE' });
    await expect(commit('a', 'b')).rejects.toMatchObject({ code: 'COMMIT_TOO_LARGE' });
    const following = store.follow({ after: 0 })[Symbol.asyncIterator]().next();
    await clock.settle();
    const before = asked.length;
    await clock.advance(polls - 1);
    expect(asked).toHaveLength(before);
    await clock.advance(1);
    await clock.settle();
    expect(asked.length).toBeGreaterThan(before);
    await Promise.all([store.close(), following.catch(() => undefined)]);
  });

  it('is asked by its client alone where TLS begins with the first byte', async () => {
    const { url, server } = await listen();
    server.close();
    const { asked, load } = answering();
    const { store } = await openPostgres(`${url}?sslnegotiation=direct`, { ...host, load });
    expect(asked.length).toBeGreaterThan(0);
    await store.close();
  });
});
