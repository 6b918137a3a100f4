import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultLimits, randomIds, systemClock } from '@conductor/core';
import type { ConductorError } from '@conductor/core';
import type { Commit, Store } from '@conductor/core/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from './open-store.js';
import type { StoreHost } from './open-store.js';

let stateDir: string;
const stores: Store[] = [];
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'conductor-read-only-'));
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await rm(stateDir, { recursive: true, force: true });
});

async function open(choice: 'sqlite' | 'files', more: Partial<StoreHost> = {}): Promise<Store> {
  const host = { stateDir, clock: systemClock(), ids: randomIds(), limits: defaultLimits, ...more };
  const { store } = await openStore(choice, host);
  stores.push(store);
  return store;
}

const commit = (stream: string): Commit => ({
  appends: [{ stream, expectedVersion: 0, events: [{ type: 'acme/happened', v: 1, data: null }] }],
  meta: { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'user', id: 'jo' } },
});

// What the system refuses to a user without the right to write is in read-only.dist.test.ts of the command.
describe.each(['sqlite', 'files'] as const)('a store %s of a folder that may not be written', (choice) => {
  it('is read while somebody writes, and sees what is written', async () => {
    const writer = await open(choice);
    await writer.commit(commit('acme/1'));
    const told: ConductorError[] = [];
    const reader = await open(choice, { readOnly: true, onWarning: (warning) => void told.push(warning) });
    expect(await reader.head()).toBe(1);
    await writer.commit(commit('acme/2'));
    for await (const [event] of reader.follow({ after: 1 })) {
      expect(event).toMatchObject({ seq: 2, stream: 'acme/2' });
      break;
    }
    expect(told).toEqual([]);
  });

  it('opens for an engine, which writes down no owner, and refuses every change', async () => {
    await (await open(choice)).commit(commit('acme/1'));
    const reader = await open(choice, { readOnly: true });
    const { owner, close } = await reader.leases.openOwner({ owner: 'owner_1', host: 'here', bootId: 'b' });
    expect(await reader.leases.reap()).toEqual([]);
    const refused = { code: 'STORE_READ_ONLY', hint: expect.stringContaining(stateDir) };
    await expect(reader.commit(commit('acme/2'))).rejects.toMatchObject(refused);
    const keys = [{ key: 'track:1', mode: 'exclusive' as const }];
    await expect(reader.leases.acquire({ set: 's', owner, keys, ttlMs: 1_000 })).rejects.toMatchObject(refused);
    await expect(
      reader.subscriptions.ensure({ name: 'all', from: 'start', order: 'all' } as never),
    ).rejects.toMatchObject(refused);
    await close();
    expect(await reader.head()).toBe(1);
  });
});

it('a SQLite store that is not there yet is not made for a reader', async () => {
  await expect(open('sqlite', { readOnly: true })).rejects.toMatchObject({
    code: 'STORE_READ_ONLY',
    message: expect.stringContaining('no store yet'),
  });
  expect(existsSync(join(stateDir, 'conductor.db'))).toBe(false);
  await writeFile(join(stateDir, 'conductor.db'), 'no database, and longer than the header of one'.repeat(3));
  await expect(open('sqlite', { readOnly: true })).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});
