// A process of its own that writes: node writer.mjs <sqlite|file> <path> <stream> <count>. Prints `<n>` for each acknowledged commit.
import { writeSync } from 'node:fs';
import { systemClock } from '@conductor/core';
import { fileStore, nodeLogFiles } from '@conductor/store/file';
import { databaseLock, sqliteStore } from '@conductor/store/sqlite';

const [driver, path, stream, count] = process.argv.slice(2);
const { DatabaseSync } = process.getBuiltinModule?.('node:sqlite') ?? (await import('@photostructure/sqlite'));
const clock = systemClock();
const store =
  driver === 'sqlite'
    ? await sqliteStore({ database: new DatabaseSync(path), clock })
    : await fileStore({
        files: nodeLogFiles(path),
        lock: databaseLock(new DatabaseSync(`${path}.lock`)),
        clock,
        // So little that the log is written anew again and again, while others write and are killed.
        compactBytes: 8_192,
      });
const meta = { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'system', id: 'writer' } };

/** A line that says nothing any more as soon as the next one is written. */
async function putRow(n) {
  const row = { collection: '$view', key: stream, expectedRevision: 'any', value: { n, text: 'x'.repeat(600) } };
  try {
    await store.commit({ appends: [], records: [row], meta });
  } catch (error) {
    if (error.code !== 'STORE_FULL') throw error; // the next commit tells it
  }
}

if (driver === 'file') await store.records.define('$view', { version: 1, indexes: [] });
for (let n = 1; n <= Number(count); n += 1) {
  const events = [
    { type: 'thing.begun', v: 1, data: { n } },
    { type: 'thing.done', v: 1, data: { n } },
  ];
  const expectedVersion = (n - 1) * 2;
  await store.commit({ appends: [{ stream, expectedVersion, events }], meta }).catch((error) => {
    writeSync(1, `${error.code}\n`);
    process.exit(3);
  });
  writeSync(1, `${n}\n`);
  if (driver === 'file') await putRow(n);
}
await store.close();
