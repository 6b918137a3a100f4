// Reading the log beside reading the raw rows: a start with 10,000 open runs (W14) and the replay of a million events; what a
// step weighs on disk; and whether an append costs more the longer its stream is. Needs `pnpm run build`. EVENTS, RUNS.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ended, line, rounds, seconds } from './lib/rounds.mjs';
import { openStore, scratch, sqlite } from './lib/sqlite.mjs';

const events = Number(process.env.EVENTS ?? 1_000_000);
const actor = { kind: 'engine', id: 'bench' };
const meta = () => ({ at: new Date().toISOString(), actor });
const step = (n) => ({ type: 'bench/step.completed', v: 1, data: { n, ok: true, files: ['src/a.ts', 'src/b.ts'] } });

/** Streams `run/0` … of `each` events, as many as make `total`. */
async function fill(folder, total, each) {
  const { store } = await openStore(folder);
  const perCommit = Math.min(1_000, each);
  for (let stream = 0; stream < total / each; stream += 1) {
    for (let version = 0; version < each; version += perCommit) {
      const batch = Array.from({ length: perCommit }, (_, n) => step(version + n));
      const appends = [{ stream: `run/${stream}`, expectedVersion: version, events: batch }];
      if (each > 100) await store.commit({ appends, meta: meta() });
      else void store.commit({ appends, meta: meta() });
    }
    if (stream % 500 === 499) await store.head();
  }
  await store.close();
}

/** Every row with what its commit says, in pages by `seq`, JSON parsed: what no reader of events can do without. */
function readRaw(folder) {
  const database = new sqlite.DatabaseSync(join(folder, 'conductor.db'));
  const page = database.prepare(`SELECT e.*, c.at, c.actor, c.correlation, c.causation FROM events e
    JOIN commits c ON c."commit" = e."commit" WHERE e.seq > ? ORDER BY e.seq LIMIT 1000`);
  let after = 0;
  let count = 0;
  for (let rows = page.all(after); rows.length > 0; rows = page.all(after)) {
    for (const row of rows) count += JSON.parse(row.data).ok ? 1 : 0;
    after = rows.at(-1).seq;
  }
  database.close();
  return count;
}

async function readOurs(folder) {
  const { store } = await openStore(folder);
  let count = 0;
  for await (const page of store.readAll()) for (const { data } of page) count += data.ok ? 1 : 0;
  await store.close();
  return count;
}

const timed = async (read) => {
  const begun = seconds();
  const count = await read();
  return { ms: (seconds() - begun) * 1000, count, rssMb: process.memoryUsage().rss / 2 ** 20 };
};

{
  const { folder, remove } = scratch();
  await fill(folder, 200_000, 20);
  const first = async () => {
    const begun = seconds();
    const { store } = await openStore(folder);
    for await (const _ of store.read('run/0')) break;
    const ms = (seconds() - begun) * 1000;
    await store.close();
    return { ms };
  };
  const seen = await rounds({
    floor: () => timed(() => readRaw(folder)),
    ours: () => timed(() => readOurs(folder)),
    first,
  });
  const ofRaw = seen.ours.ms / seen.floor.ms;
  line(
    'W14.resume',
    { ms: seen.ours.ms, rawMs: seen.floor.ms, ofRaw, firstRunMs: seen.first.ms, events: seen.ours.count },
    { ofRaw: { most: 2 }, firstRunMs: { most: 100 } },
  );
  remove();
}

{
  const { folder, remove } = scratch();
  await fill(folder, events, 100_000);
  const seen = await rounds({ floor: () => timed(() => readRaw(folder)), ours: () => timed(() => readOurs(folder)) });
  const share = seen.floor.ms / seen.ours.ms;
  line(
    'replay',
    { events: seen.ours.count, ms: seen.ours.ms, rawMs: seen.floor.ms, ofRaw: share, rssMb: seen.ours.rssMb },
    { ofRaw: { least: 0.7 } },
  );
  remove();
}

{
  const { folder, remove } = scratch();
  const { store } = await openStore(folder);
  const steps = 10_000;
  const busy = [];
  for (let version = 0; version < steps; version += 1) {
    const begun = process.cpuUsage();
    await store.commit({
      appends: [{ stream: 'run/long', expectedVersion: version, events: [step(version)] }],
      meta: meta(),
      idempotencyKey: `long/${version}`,
    });
    const { user, system } = process.cpuUsage(begun);
    busy.push(user + system);
  }
  await store.close();
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) / steps;
  // Least squares over medians of a hundred: the growth over the whole stream, beside what an append costs in its middle.
  const medians = Array.from(
    { length: 100 },
    (_, n) => busy.slice(n * 100, n * 100 + 100).sort((a, b) => a - b)[50],
  ).slice(5);
  const mean = medians.reduce((sum, value) => sum + value, 0) / medians.length;
  const middle = (medians.length - 1) / 2;
  const slope =
    medians.reduce((sum, value, n) => sum + (n - middle) * (value - mean), 0) /
    medians.reduce((sum, _, n) => sum + (n - middle) ** 2, 0);
  const growth = 1 + (slope * medians.length) / mean;
  line(
    'history',
    { appendUs: mean, growth, bytesPerStep: bytes },
    { growth: { most: 1.1 }, bytesPerStep: { most: 600 } },
  );
  remove();
}

ended();
