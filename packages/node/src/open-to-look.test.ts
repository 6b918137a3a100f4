import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultLimits, randomIds, systemClock } from '@conductor/core';
import { importMark } from '@conductor/core/ports';
import type { Commit } from '@conductor/core/ports';
import { memoryStore } from '@conductor/store/memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from './open-store.js';
import type { StoreHost } from './open-store.js';
import { openToLook } from './open-to-look.js';

let host: StoreHost;
beforeEach(async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'conductor-look-'));
  host = { stateDir, clock: systemClock(), ids: randomIds(), limits: defaultLimits };
});
afterEach(() => rm(host.stateDir, { recursive: true, force: true }));

const meta: Commit['meta'] = { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'user', id: 'jo' } };
const event: Commit = {
  appends: [{ stream: 'acme/1', expectedVersion: 0, events: [{ type: 'acme/happened', v: 1, data: null }] }],
  meta,
};

describe.each(['sqlite', 'files'] as const)('looking at a store %s', (choice) => {
  it('makes none where there is none: what is written goes with the process', async () => {
    const { store, isPassing } = await openToLook(choice, host);
    expect([isPassing, store.driver.name]).toEqual([true, 'memory']);
    await store.close();
    for (const place of ['conductor.db', 'files']) expect(existsSync(join(host.stateDir, place))).toBe(false);
  });

  it('writes nothing into one without events, and opens one with events as it is', async () => {
    await (await openStore(choice, host)).store.close();
    const empty = await openToLook(choice, host);
    await empty.store.commit(event);
    await empty.store.close();
    const { store } = await openStore(choice, host);
    expect([empty.isPassing, await store.head()]).toEqual([true, 0]);
    await store.commit(event);
    await store.close();
    const full = await openToLook(choice, host);
    expect([full.isPassing, await full.store.head()]).toEqual([false, 1]);
    await full.store.close();
  });

  it('refuses one that an import did not fill to its end', async () => {
    const { store } = await openStore(choice, host);
    await store.commit({ appends: [], meta, records: [{ ...importMark, expectedRevision: 0, value: { sha256: '' } }] });
    await store.close();
    await expect(openToLook(choice, host)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });
});

it('a store that was handed in stays what it is', async () => {
  const store = memoryStore({ clock: host.clock });
  expect(await openToLook(store, host)).toMatchObject({ store, isPassing: false });
});
