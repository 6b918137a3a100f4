import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { ConductorError } from '@conductor/core';
import type { Clock, Store } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { all, codeOf, commitOf, keys } from '../conformance/store-fixture.js';
import { storeSuite } from '../conformance/store.suite.js';
import type { OpenStore } from '../conformance/store.suite.js';
import { subscriptionsSuite } from '../conformance/subscriptions.suite.js';
import { leasesSuite } from '../conformance/leases.suite.js';
import { logSuite } from '../conformance/log.suite.js';
import { recordsSuite } from '../conformance/records.suite.js';
import { memoryStore } from '../memory/store.js';
import { openDatabase } from '../../test/open-database.js';
import { sqliteStore } from '../sqlite/store.js';
import type { StorePort } from './messages.js';
import { remoteStore } from './remote-store.js';
import type { RemoteStore } from './remote-store.js';
import { serveStore } from './serve-store.js';

/** Both ends of a port in this thread; a turn of the clock is open while a message is under way, so that `settle` waits for it. */
function ports(clock: Clock): { readonly here: StorePort; readonly there: StorePort; close(): void } {
  const { port1, port2 } = new MessageChannel();
  let underWay = 0;
  const keepTurning = async () => {
    while (underWay > 0) await clock.turn();
  };
  const counted = (port: MessagePort): StorePort => ({
    postMessage(message) {
      port.postMessage(message);
      underWay += 1;
      if (underWay === 1) void keepTurning();
    },
    on: (event, listen) =>
      port.on(event, (message) => {
        underWay -= 1;
        listen(message);
      }),
  });
  return { here: counted(port1), there: counted(port2), close: () => port1.close() };
}

async function behindPort(store: Store, clock: Clock, ended?: Promise<unknown>): Promise<RemoteStore> {
  const { here, there, close } = ports(clock);
  const extras = { twice: async (n: number) => n * 2 };
  void serveStore(there, Promise.resolve({ store, extras }));
  return remoteStore({ port: here, onClose: close, ended });
}

const open: OpenStore = async ({ clock }) => {
  const store = await behindPort(await sqliteStore({ database: openDatabase(':memory:'), clock }), clock);
  return { store, close: () => store.close() };
};

// The campaign runs the whole contract; else the parts that use every method and every kind of answer.
if (process.env['CONDUCTOR_PROVE'] === 'full') storeSuite('SQLite behind a port', open);
else for (const suite of [logSuite, leasesSuite, recordsSuite, subscriptionsSuite]) suite('SQLite behind a port', open);

describe('a store behind a port', () => {
  it('tells why it could not be opened, and lets go', async () => {
    const { here, there, close } = ports(new FakeClock());
    let closed = 0;
    const refusal = new ConductorError('STORE_CORRUPT', 'A page is damaged', {
      hint: 'Restore it.',
      details: { page: 7 },
    });
    void serveStore(there, Promise.reject(refusal));
    const opening = remoteStore({ port: here, onClose: () => void (closed += 1) });
    await expect(opening).rejects.toMatchObject({ code: 'STORE_CORRUPT', hint: 'Restore it.', details: { page: 7 } });
    expect(closed).toBe(1);
    close();
  });

  it('fails what waits, and everything after it, when the thread has ended', async () => {
    const clock = new FakeClock();
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const store = await behindPort(memoryStore({ clock }), clock, ended);
    const waiting = codeOf(all(store.follow({ after: 0 })));
    await clock.settle();
    end();
    expect(await waiting).toBe('STORE_FAILED');
    expect(await codeOf(store.commit(commitOf('track/1', 0)))).toBe('STORE_FAILED');
    await store.close();
  });

  it('refuses what cannot be copied, and goes on', async () => {
    const clock = new FakeClock();
    const store = await behindPort(memoryStore({ clock }), clock);
    const data = { f: () => undefined } as never; // no JSON, as a caller without types may have it
    expect(await codeOf(store.commit(commitOf('track/1', 0, [{ type: 'x', v: 1, data }])))).toBe('VALIDATION_FAILED');
    await store.commit(commitOf('track/1', 0));
    expect(await store.head()).toBe(1);
    await store.close();
  });

  it('gives back a lease that was granted there in the moment in which it was not wanted any more', async () => {
    const clock = new FakeClock();
    const store = await behindPort(memoryStore({ clock }), clock); // grants in the moment of the release
    const request = (set: string) => ({ set, owner: 'foreign:w', keys: keys('k'), ttlMs: 60_000 });
    const { token } = await store.leases.acquire(request('s'));
    const stop = new AbortController();
    const outcome = store.leases.acquire(request('t'), { waitMs: 60_000, signal: stop.signal }).catch(String);
    await clock.settle();
    const released = store.leases.release('s', token);
    stop.abort(new Error('too late'));
    await released;
    expect(await outcome).toContain('too late');
    expect((await store.leases.list()).grants).toEqual([]);
    await store.close();
  });

  it('answers a commit that was done there in the moment in which it was aborted here', async () => {
    const clock = new FakeClock();
    const inner = memoryStore({ clock });
    const stop = new AbortController();
    const commit: Store['commit'] = async (...args) => {
      const result = await inner.commit(...args);
      stop.abort(new Error('too late'));
      return result;
    };
    const store = await behindPort({ ...inner, commit }, clock);
    expect(await store.commit(commitOf('track/1', 0), { signal: stop.signal })).toMatchObject({ lastSeq: 1 });
    await store.close();
  });

  it('gives back events that were claimed there in the moment in which nobody wanted them any more', async () => {
    const clock = new FakeClock();
    const inner = memoryStore({ clock });
    const stop = new AbortController();
    const claim: Store['subscriptions']['claim'] = async (...args) => {
      const claimed = await inner.subscriptions.claim(...args);
      stop.abort(new Error('too late'));
      return claimed;
    };
    const store = await behindPort({ ...inner, subscriptions: { ...inner.subscriptions, claim } }, clock);
    const backoff = { baseMs: 1, maxMs: 1 };
    await store.subscriptions.ensure({ name: 's', from: 'start', order: 'all', maxAttempts: 1, backoff });
    await store.commit(commitOf('track/1', 0));
    const terms = { owner: 'o', max: 1, visibleMs: 60_000 };
    await expect(store.subscriptions.claim('s', { ...terms, signal: stop.signal })).rejects.toThrow('too late');
    expect(await inner.subscriptions.claim('s', terms)).toMatchObject({ deliveries: [{ attempt: 1 }] });
    await store.close();
  });

  it('has the further methods that it was given, and no others', async () => {
    const clock = new FakeClock();
    const store = await behindPort(memoryStore({ clock }), clock);
    expect(await store.extra('twice', [21])).toBe(42);
    for (const name of ['constructor', 'once', '__proto__'])
      expect(await codeOf(store.extra(name, []))).toBe('UNSUPPORTED');
    await store.close();
    expect(await codeOf(store.extra('twice', [1]))).toBe('CLOSED');
  });

  it('leaves nothing open there when a reader stops early', async () => {
    const clock = new FakeClock();
    let open = 0;
    const memory = memoryStore({ clock });
    const watched: Store = {
      ...memory,
      async *follow(o) {
        open += 1;
        try {
          yield* memory.follow(o);
        } finally {
          open -= 1;
        }
      },
    };
    const store = await behindPort(watched, clock);
    await store.commit(commitOf('track/1', 0));
    for await (const _ of store.follow({ after: 0 })) break;
    await clock.settle();
    expect(open).toBe(0);
    await store.close();
  });
});
