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
    : await fileStore({ files: nodeLogFiles(path), lock: databaseLock(new DatabaseSync(`${path}.lock`)), clock });
const meta = { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'system', id: 'writer' } };

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
}
await store.close();
