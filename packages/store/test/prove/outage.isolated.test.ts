import { systemClock } from '@conductor/core';
import { afterAll, describe, expect, it } from 'vitest';
import { all, codeOf, commitOf } from '../../src/conformance/store-fixture.js';
import { startPostgresIfPossible } from '../postgres-server.js';
import { openAt } from './places.js';

const server = await startPostgresIfPossible();
afterAll(() => server?.stop());

describe.skipIf(server === undefined)('a Postgres that is away for longer than a store waits', () => {
  it('is used again when it is back, however often it was asked meanwhile', async () => {
    if (server === undefined) return;
    const clock = systemClock();
    const store = await openAt({ driver: 'postgres', url: server.url, schema: 'away' }, { clock, storeBusyMs: 20 });
    await store.commit(commitOf('track/1', 0));
    await server.kill();
    for (let times = 0; times < 5; times += 1)
      expect(await codeOf(store.commit(commitOf('track/1', 1)))).toBe('STORE_BUSY');
    await server.restart();
    // It may take a few tries until the pool has connected: it gives up soon.
    let code: string | undefined = 'STORE_BUSY';
    for (let left = 100; left > 0 && code === 'STORE_BUSY'; left -= 1)
      code = await codeOf(store.commit(commitOf('track/1', 1)));
    expect(code).toBeUndefined();
    expect(await all(store.readAll())).toHaveLength(2);
    await store.close();
  });
});
