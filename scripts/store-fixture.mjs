// Writes a SQLite database with the schema of an earlier commit, and what that commit's own code reads back from it:
//   node scripts/store-fixture.mjs <commit> <name>    e.g. 6726a14 schema-1
// It makes packages/store/test/fixtures/<name>.db.gz and <name>.json, which packages/store/src/sqlite/fixtures.test.ts opens.
// With the address of an empty Postgres database behind them, it makes <name>.sql.gz instead, a script that writes the tables
// of that commit with what is in them; packages/store/src/postgres/artifacts/artifacts.test.ts runs it.
// The commit is checked out into a work tree of its own and bundled with today's dependencies; nothing of today's store is used.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'tsup';

const [commit, name, address] = process.argv.slice(2);
if (commit === undefined || !/^[a-z0-9-]+$/u.test(name ?? ''))
  throw new Error('node scripts/store-fixture.mjs <commit> <name> [postgres://…]');
const root = resolve(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'conductor-fixture-'));
const tree = join(scratch, 'tree');
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });

/** Imports between packages lead to the sources of the same commit; all else to what is installed. */
const ownSources = {
  name: 'own-sources',
  setup(esbuild) {
    const { exports } = JSON.parse(readFileSync(join(tree, 'packages/core/package.json'), 'utf8'));
    esbuild.onResolve({ filter: /^@conductor\/core/ }, ({ path }) => ({
      path: join(tree, 'packages/core', exports[path.replace('@conductor/core', '.')]['@conductor/source']),
    }));
  },
};

async function fromCommit(file) {
  await build({
    entry: { store: join(tree, 'packages/store/src', file) },
    outDir: join(scratch, 'out'),
    format: 'esm',
    config: false,
    silent: true,
    noExternal: [/.*/u],
    tsconfig: join(root, 'tsconfig.base.json'),
    esbuildPlugins: [ownSources],
    esbuildOptions(options) {
      options.nodePaths = ['core', 'store'].map((each) => join(root, 'packages', each, 'node_modules'));
    },
  });
  return import(`${pathToFileURL(join(scratch, 'out', 'store.js')).href}?${file}`);
}

const clock = {
  now: () => Date.parse('2026-01-01T00:00:00.000Z'),
  monotonic: () => 0,
  sleep: () => new Promise(() => undefined),
  turn: () => new Promise((done) => setImmediate(done)),
};

/** Some of everything that a store holds, by the port alone, which is older than any schema. */
async function fill(store) {
  const meta = { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'user', id: 'ann', org: 'acme' } };
  const owner = 'engine-1';
  const keys = (...names) => names.map((key) => ({ key, mode: 'exclusive' }));
  await store.records.define('things', { version: 1, indexes: [['size']], unique: [['name']] });
  await store.subscriptions.ensure({
    name: 'mails',
    from: 'start',
    order: 'stream',
    maxAttempts: 1,
    backoff: { baseMs: 1, maxMs: 1 },
  });
  await store.leases.openOwner({ owner, host: 'here', bootId: 'boot' });
  for (let version = 0; version < 12; version += 1) {
    await store.commit({
      appends: ['track/a', 'board/ü-ß'].map((stream) => ({
        stream,
        expectedVersion: version,
        events: [
          { type: 'thing.happened', v: 1, data: { version, text: `line\u2028 "${version}" 🚂`, nested: [null, 1.5] } },
        ],
      })),
      meta: { ...meta, correlation: { trackId: 'a' }, ...(version % 2 === 1 && { causation: `track/a@${version}` }) },
      records: [
        {
          collection: 'things',
          key: `t${version % 3}`,
          expectedRevision: Math.floor(version / 3),
          value: { name: `n${version}`, size: version },
        },
      ],
      idempotencyKey: `key-${version}`,
    });
  }
  await store.commit({
    appends: [{ stream: 'run/1', expectedVersion: 'any', events: [{ type: 'a.removed', v: 2, data: {} }] }],
    meta,
    records: [{ collection: 'things', key: 't2', expectedRevision: 4, value: undefined }],
  });
  const gone = await store.leases.acquire({ set: 'gone', owner, keys: keys('a', 'b'), ttlMs: 60_000 });
  await store.leases.release('gone', gone.token);
  await store.leases.acquire({ set: 'held', owner, keys: [...keys('a'), { key: 'c', mode: 'shared' }], ttlMs: 60_000 });
  store.leases
    .acquire({ set: 'waits', owner, keys: keys('a'), ttlMs: 60_000 }, { waitMs: 60_000 })
    .catch(() => undefined);
  for (let turns = 0; turns < 50; turns += 1) await clock.turn();
  const claim = await store.subscriptions.claim('mails', { owner, max: 3, visibleMs: 60_000 });
  await store.subscriptions.settle(claim, [
    { seq: 1, outcome: 'done' },
    { seq: 2, outcome: 'dead', error: 'no such address' },
  ]);
}

async function readBack(store) {
  const events = [];
  for await (const page of store.readAll()) events.push(...page);
  return {
    commit,
    id: store.id,
    events,
    streams: await store.streams(),
    things: await store.records.list('things', { deleted: true }),
    leases: await store.leases.list(),
    subscription: await store.subscriptions.status('mails'),
  };
}

async function sqliteFile() {
  const { sqliteStore } = await fromCommit('sqlite/store.ts');
  const { DatabaseSync } =
    process.getBuiltinModule?.('node:sqlite') ??
    (await import(pathToFileURL(join(root, 'packages/store/node_modules/@photostructure/sqlite/dist/index.mjs')).href));
  const file = join(scratch, 'conductor.db');
  const store = await sqliteStore({ database: new DatabaseSync(file), clock });
  await fill(store);
  const seen = await readBack(store);
  // As a kill leaves it: closing would take the leases away. The log goes into the file, so that there is only one.
  const other = new DatabaseSync(file);
  other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  other.close();
  return { seen, bytes: readFileSync(file) };
}

/** The tables and their rows as SQL; names without a schema, so that it is the reader's who has one in his search path. */
async function postgresScript() {
  const { default: postgres } = await import(
    pathToFileURL(join(root, 'packages/store/node_modules/postgres/src/index.js')).href
  );
  const { migrations } = await fromCommit('postgres/migrations.ts');
  const { postgresStore } = await fromCommit('postgres/store.ts');
  const schema = 'fixture';
  const store = await postgresStore({
    connect: (o) => postgres(address, o),
    clock,
    schema,
    time: 'clock',
    wakeups: false,
  });
  await fill(store);
  const seen = await readBack(store);
  const client = postgres(address, { max: 1 });
  const tables =
    await client`SELECT relname AS name FROM pg_class WHERE relnamespace = ${schema}::regnamespace AND relkind = 'r'`;
  const parts = [
    'CREATE TABLE migrations (number bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, at text NOT NULL);',
    ...migrations.map(({ sql }) => sql),
  ];
  for (const { name: table } of tables) {
    const [{ rows }] = await client.unsafe(`SELECT json_agg(t)::text AS rows FROM ${schema}.${table} t`);
    if (rows !== null)
      parts.push(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $rows$${rows}$rows$);`);
  }
  await client.end();
  return { seen, bytes: Buffer.from(`${parts.join('\n')}\n`) };
}

try {
  git('worktree', 'add', '--detach', tree, commit);
  const { seen, bytes } = address === undefined ? await sqliteFile() : await postgresScript();
  const folder = join(root, 'packages/store/test/fixtures');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.${address === undefined ? 'db' : 'sql'}.gz`), gzipSync(bytes, { level: 9 }));
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(seen, null, 1)}\n`);
} finally {
  git('worktree', 'remove', '--force', tree);
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(0); // requests for leases still wait
