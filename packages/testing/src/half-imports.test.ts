import { importMark } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { memoryArtifacts, memoryStore } from '@conductor/store/memory';
import { exportLog, importLog } from '@conductor/store/transfer';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';

describe('a store that an import was filling when it was killed', () => {
  it('is opened by no engine before the import has come to its end', async () => {
    const from = await createTestEngine();
    await from.api.tracks.create({ goal: 'A file', tasks: [{ text: 'Write it', files: ['a.txt'] }] });
    const parts: Uint8Array[] = [];
    await exportLog(from, (bytes) => void parts.push(bytes));
    const text = async function* () {
      yield* parts;
    };

    const clock = new FakeClock();
    const store = memoryStore({ clock });
    const artifacts = memoryArtifacts({ clock });
    let commits = 0;
    const dying = {
      ...store,
      commit: async (...given: Parameters<typeof store.commit>) => {
        commits += 1;
        if (commits > 2) throw new Error('killed');
        return store.commit(...given);
      },
    };
    await expect(importLog({ store: dying, artifacts }, text)).rejects.toThrow('killed');
    expect(await store.head()).toBeGreaterThan(0);
    const open = () => createTestEngine({ ports: { store, artifacts, clock } });
    await expect(open()).rejects.toMatchObject({ code: 'INVALID_STATE' });
    expect(await store.records.get(importMark.collection, importMark.key)).toMatchObject({ deleted: false });

    await importLog({ store, artifacts }, text);
    const test = await open();
    expect(await test.api.tracks.list()).toEqual(await from.api.tracks.list());
    await test.close();
    await from.close();
  });
});
