// The whole write path on Postgres with 64 calls in flight, beside rows written in batches by the same client, on one
// connection to the same server, which waits for the disk: as many rows as ours writes, in one plain table, one transaction
// for what a group can hold. `ofEvents` is the share of writing the events alone, without the rows that make them safe.
// Needs `pnpm run build`. PG_URL: a server to use instead of one of its own. Ends with 1 when a figure misses its target.
import { systemClock } from '../packages/core/dist/index.js';
import { postgresStore } from '../packages/store/dist/postgres.js';
import { peer } from './lib/peers.mjs';
import { postgres, startPostgres } from './lib/postgres.mjs';
import { ended, line, pool, quantile, rounds, seconds } from './lib/rounds.mjs';
import { openSubject } from './lib/runs.mjs';

const atOnce = 64;
const runs = 6_400;
const appends = 12_800;
const data = { n: 0, ok: true };
const quiet = { onnotice: () => undefined };

const server = await startPostgres();
let schemas = 0;

/** A store in a schema of its own, which goes with it. */
async function openPostgresSubject() {
  const schema = `conductor_bench_${process.pid}_${(schemas += 1)}`;
  const connect = (options) => postgres(server.url, options);
  const subject = await openSubject(async () => ({
    store: await postgresStore({ connect, clock: systemClock(), schema }),
  }));
  return {
    ...subject,
    async close() {
      await subject.close();
      const sql = postgres(server.url, { max: 1, ...quiet });
      await sql`DROP SCHEMA ${sql(schema)} CASCADE`;
      await sql.end();
    },
  };
}

/** Writes rows in transactions of these sizes, over and over, until `times` are done; answers how many it made in a second. */
async function batchesPerSecond(sizes, times) {
  const sql = postgres(server.url, { max: 1, ...quiet });
  const table = sql(`bench_floor_${process.pid}`);
  await sql`DROP TABLE IF EXISTS ${table}`;
  await sql`CREATE TABLE ${table} (seq bigserial PRIMARY KEY, stream text NOT NULL, version bigint NOT NULL,
    type text NOT NULL, data text NOT NULL)`;
  const text = JSON.stringify(data);
  const begun = seconds();
  for (let time = 0; time < times; time += 1) {
    for (const size of sizes) {
      const rows = Array.from({ length: size }, (_, index) => ({
        stream: `run/${time}-${index}`,
        version: 1,
        type: 'bench/step.completed',
        data: text,
      }));
      await sql.begin((transaction) => transaction`INSERT INTO ${table} ${transaction(rows)}`);
    }
  }
  const perSecond = times / (seconds() - begun);
  await sql`DROP TABLE ${table}`;
  await sql.end();
  return perSecond;
}

/** `rows` that one subject writes in each of its transactions; as many subjects as a group holds. */
async function batched(count, rows) {
  const sizes = rows.map((each) => each * atOnce);
  return { perSecond: atOnce * (await batchesPerSecond(sizes, Math.ceil(count / atOnce))) };
}

async function ourRuns() {
  const subject = await openPostgresSubject();
  const took = [];
  const begun = seconds();
  await pool(runs, atOnce, async (index) => {
    const start = seconds();
    await subject.run(`bench-${index}`, 1);
    took.push((seconds() - start) * 1000);
  });
  const perSecond = runs / (seconds() - begun);
  await subject.close();
  return { perSecond, p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99) };
}

/** Each lane has a stream of its own, and waits for the answer before it appends again. */
async function ourAppends() {
  const { store, owner, close } = await openPostgresSubject();
  const actor = { kind: 'engine', id: owner };
  const begun = seconds();
  await pool(atOnce, atOnce, async (lane) => {
    for (let expectedVersion = 0; expectedVersion < appends / atOnce; expectedVersion += 1) {
      const events = [{ type: 'bench/step.completed', v: 1, data }];
      await store.commit({
        appends: [{ stream: `run/lane-${lane}`, expectedVersion, events }],
        meta: { at: new Date().toISOString(), actor },
      });
    }
  });
  const perSecond = appends / (seconds() - begun);
  await close();
  return { perSecond };
}

/** The same figures beside both floors: as many rows as ours writes, and no row but the events. */
function beside(ours, floor, eventsAlone) {
  return {
    ...ours,
    floor: floor.perSecond,
    floorEvents: eventsAlone.perSecond,
    ofBatched: ours.perSecond / floor.perSecond,
    ofEvents: ours.perSecond / eventsAlone.perSecond,
  };
}

if (server !== undefined) {
  process.env.PG_URL = server.url; // where the peer looks for it
  // A run: a commit with an event, a lease and its key; then a commit with two events.
  const ran = await rounds({
    floor: () => batched(runs, [4, 3]),
    events: () => batched(runs, [1, 2]),
    ours: ourRuns,
  });
  const figures = beside(ran.ours, ran.floor, ran.events);
  const other = await peer('w2-dbos.mjs', 'W2.c64', 'dbos');
  if (other === undefined) line('Postgres W2.c64', figures, { ofBatched: { least: 0.5 } });
  else {
    const theirs = other.wf_per_s;
    line(
      'Postgres W2.c64',
      { ...figures, peer: other.peer, theirs, ofPeer: figures.perSecond / theirs },
      { ofBatched: { least: 0.5 }, ofPeer: { least: 8 } },
    );
  }

  // An append: a commit with an event.
  const appended = await rounds({
    floor: () => batched(appends, [2]),
    events: () => batched(appends, [1]),
    ours: ourAppends,
  });
  line('Postgres appends.c64', beside(appended.ours, appended.floor, appended.events), { ofBatched: { least: 0.5 } });
  await server.stop();
}

ended();
