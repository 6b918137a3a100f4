// A process of its own that commits to a SQLite store: node writer.mjs <file> <count>. Says `yes <n>` for each acknowledged commit of
// two events and `no <n> <code>` for a refused one, goes on after that, and closes the store at the end: `closed`.
import { writeSync } from 'node:fs';
import { systemClock } from '@conductor/core';
import { sqliteStore } from '@conductor/store/sqlite';

const [path, count] = process.argv.slice(2);
const { DatabaseSync } = process.getBuiltinModule?.('node:sqlite') ?? (await import('@photostructure/sqlite'));
const say = (text) => writeSync(1, `${text}\n`);
const meta = { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'system', id: 'writer' } };
try {
  const store = await sqliteStore({ database: new DatabaseSync(path), clock: systemClock() });
  say('open');
  for (let n = 1; n <= Number(count); n += 1) {
    const events = [1, 2].map((part) => ({ type: 'thing.done', v: 1, data: { n, part, text: 'x'.repeat(n * 100) } }));
    try {
      await store.commit({ appends: [{ stream: 'run/a', expectedVersion: 'any', events }], meta });
      say(`yes ${n}`);
    } catch (error) {
      say(`no ${n} ${error.code}`);
    }
  }
  await store.close();
  say('closed');
} catch (error) {
  say(`failed ${error.code}`);
}
