import { join } from 'node:path';
import { scratch, sqlite } from './sqlite.mjs';

/**
 * The least code that keeps runs, steps and jobs durably in SQLite: one transaction for what arrives in a turn of the
 * event loop, synchronous = FULL. No versions, keys, leases, fences or subscriptions.
 */
export function openFloor() {
  const { folder, remove } = scratch();
  const database = new sqlite.DatabaseSync(join(folder, 'floor.db'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE run (id INTEGER PRIMARY KEY, name TEXT, status TEXT, input TEXT, output TEXT);
    CREATE TABLE step (run INTEGER, seq INTEGER, name TEXT, output TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID;
    CREATE TABLE job (id INTEGER PRIMARY KEY, status INTEGER NOT NULL, data TEXT, result TEXT);
    CREATE INDEX job_ready ON job (id) WHERE status = 0;
    CREATE TABLE lease (name TEXT PRIMARY KEY, owner TEXT, token INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID`);
  const prepared = (sql) => database.prepare(sql);
  const statements = {
    begin: prepared('BEGIN IMMEDIATE'),
    end: prepared('COMMIT'),
    run: prepared(`INSERT INTO run (name, status, input) VALUES (?, 'running', ?)`),
    finish: prepared(`UPDATE run SET status = 'done', output = ? WHERE id = ?`),
    step: prepared('INSERT INTO step VALUES (?, ?, ?, ?)'),
    enqueue: prepared('INSERT INTO job (status, data) VALUES (0, ?)'),
    claim: prepared(`UPDATE job SET status = 1
      WHERE id IN (SELECT id FROM job WHERE status = 0 ORDER BY id LIMIT ?) RETURNING id, data`),
    done: prepared('UPDATE job SET status = 2, result = ? WHERE id = ?'),
    acquire: prepared(`INSERT INTO lease VALUES (?, ?, 1, ?) ON CONFLICT (name) DO UPDATE
      SET owner = excluded.owner, token = token + 1, until = excluded.until
      WHERE lease.owner IS NULL OR lease.until < ? RETURNING token`),
    release: prepared('UPDATE lease SET owner = NULL WHERE name = ? AND owner = ? AND token = ?'),
  };
  let waiting = [];
  const flush = () => {
    const group = waiting;
    waiting = [];
    statements.begin.run();
    const answers = group.map(({ work }) => work());
    statements.end.run();
    for (const [index, { resolve }] of group.entries()) resolve(answers[index]);
  };
  const write = (work) =>
    new Promise((resolve) => {
      waiting.push({ work, resolve });
      if (waiting.length === 1) setImmediate(flush);
    });

  return {
    write,
    statements,
    async run(steps) {
      const { lastInsertRowid: id } = await write(() => statements.run.run('bench', '{}'));
      for (let step = 0; step < steps - 1; step += 1)
        await write(() => statements.step.run(id, step, `step ${step}`, JSON.stringify({ n: step, ok: true })));
      await write(() => {
        statements.step.run(id, steps - 1, 'last', JSON.stringify({ n: steps - 1, ok: true }));
        statements.finish.run('{"ok":true}', id);
      });
    },
    close() {
      database.close();
      remove();
    },
  };
}
