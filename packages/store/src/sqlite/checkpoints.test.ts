import { statSync } from 'node:fs';
import { FakeClock } from '@conductor/core/testing';
import type { Store } from '@conductor/core/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import type { TemporaryFolder } from '../../test/open-database.js';
import { sqliteStore } from './store.js';

let folder: TemporaryFolder;
let store: Store;
beforeEach(async () => {
  folder = temporaryFolder();
  const database = openDatabase(folder.file('conductor.db'));
  store = await sqliteStore({ database, clock: new FakeClock(), durability: 'os' });
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

const mebibyte = 1024 * 1024;
const logBytes = () => statSync(folder.file('conductor.db-wal')).size;
/** Fills some three pages. */
const data = { text: 'x'.repeat(12_000) };

async function append(stream: string): Promise<void> {
  await store.commit({
    appends: [{ stream: `run/${stream}`, expectedVersion: 'any', events: [{ type: 'test/filled', v: 1, data }] }],
    meta: { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'engine', id: 'e' } },
  });
}

describe('the write-ahead log of a SQLite store', () => {
  it('stays short while writers come one by one, and is moved less often while many come at once', async () => {
    for (let n = 0; n < 600; n += 1) await append(`one-${n}`);
    const short = logBytes();
    expect(short).toBeGreaterThan(3 * mebibyte);
    expect(short).toBeLessThan(5 * mebibyte);
    for (let n = 0; n < 60; n += 1) await Promise.all(Array.from({ length: 20 }, (_, lane) => append(`many-${lane}`)));
    expect(logBytes()).toBeGreaterThan(12 * mebibyte);
  });
});
