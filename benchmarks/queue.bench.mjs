// A queue over the log: jobs are events, a named subscription hands them to a worker and remembers which are done (W4.single);
// and the time from a job's commit until its handler begins (W5). Needs `pnpm run build`. Ends with 1 when a figure misses.
import { openFloor } from './lib/floor.mjs';
import { peer } from './lib/peers.mjs';
import { startRedis } from './lib/redis.mjs';
import { ended, line, pool, quantile, rounds, seconds } from './lib/rounds.mjs';
import { openSubject } from './lib/runs.mjs';

const jobs = 10_000;
const atOnce = 16;
const batch = 64;
const work = async ({ n }) => ({ n, ok: true });

async function floorQueue() {
  const { write, statements, close } = openFloor();
  const begun = seconds();
  await pool(jobs, atOnce, (n) => write(() => statements.enqueue.run(JSON.stringify({ n }))));
  const queued = seconds();
  const buffer = [];
  let done = 0;
  const lane = async () => {
    for (;;) {
      if (buffer.length === 0) buffer.push(...(await write(() => statements.claim.all(batch))));
      const job = buffer.shift();
      if (job === undefined) return;
      const result = JSON.stringify(await work(JSON.parse(job.data)));
      await write(() => statements.done.run(result, job.id));
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const drained = seconds();
  if (done !== jobs) throw new Error(`${done} of ${jobs} jobs were done`);
  close();
  return { inPerSecond: jobs / (queued - begun), outPerSecond: jobs / (drained - queued) };
}

const enqueue = (store, n) =>
  store.commit({
    appends: [{ stream: 'run/jobs', expectedVersion: 'any', events: [{ type: 'bench/job', v: 1, data: { n } }] }],
    meta: { at: new Date().toISOString(), actor: { kind: 'engine', id: 'bench' } },
  });

async function ourQueue() {
  const { store, owner, close } = await openSubject();
  const begun = seconds();
  await pool(jobs, atOnce, (n) => enqueue(store, n));
  const queued = seconds();
  let done = 0;
  while (done < jobs) {
    const claim = await store.subscriptions.claim('outbox', { owner, max: batch, visibleMs: 30_000 });
    const { deliveries } = claim;
    await pool(deliveries.length, atOnce, (index) => work(deliveries[index].event.data));
    await store.subscriptions.settle(
      claim,
      deliveries.map(({ event: { seq } }) => ({ seq, outcome: 'done' })),
    );
    done += deliveries.length;
  }
  const drained = seconds();
  await close();
  return { inPerSecond: jobs / (queued - begun), outPerSecond: jobs / (drained - queued) };
}

/**
 * A claimer that is idle waits for the next job, so each job here comes after a pause: what the pause makes colder (caches, a
 * processor that has gone to sleep) is then in both figures, that of the bare commit as well as ours.
 */
const pause = () => new Promise((resolve) => setTimeout(resolve, 1));

async function commitLatency() {
  const { write, statements, close } = openFloor();
  const took = [];
  for (let n = 0; n < 300; n += 1) {
    await pause();
    const begun = seconds();
    await write(() => statements.enqueue.run('{}'));
    took.push((seconds() - begun) * 1000);
  }
  close();
  return { p50Ms: quantile(took, 0.5) };
}

async function pickup() {
  const { store, owner, close } = await openSubject();
  const took = [];
  for (let n = 0; n < 300; n += 1) {
    const claiming = store.subscriptions.claim('outbox', { owner, max: 1, visibleMs: 30_000 });
    await pause();
    const begun = seconds();
    const [claim] = await Promise.all([claiming.then((got) => ({ got, at: seconds() })), enqueue(store, n)]);
    took.push((claim.at - begun) * 1000);
    await store.subscriptions.settle(
      claim.got,
      claim.got.deliveries.map(({ event: { seq } }) => ({ seq, outcome: 'done' })),
    );
  }
  await close();
  return { p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99) };
}

/** What BullMQ does on a Redis that syncs before it answers; `undefined` where either is missing. */
async function bullmq() {
  const nothing = { queue: undefined, pickup: undefined };
  const redis = process.env.CONDUCTOR_PEERS === undefined ? undefined : await startRedis();
  if (redis === undefined) return { ...nothing, queue: await peer('w4-bullmq.mjs', 'W4.single', 'bullmq') };
  process.env.REDIS_PORT = String(redis.port); // where the peer looks for it
  process.env.TAG = redis.persistence; // part of the name that it gives itself
  try {
    return {
      queue: await peer('w4-bullmq.mjs', 'W4.single', 'bullmq'),
      pickup: await peer('w4-bullmq.mjs', 'W5.pickup', 'bullmq'),
    };
  } finally {
    await redis.stop();
  }
}

const others = await bullmq();
{
  const { ours, floor } = await rounds({ floor: floorQueue, ours: ourQueue });
  const ofFloorIn = ours.inPerSecond / floor.inPerSecond;
  const ofFloorOut = ours.outPerSecond / floor.outPerSecond;
  const figures = { ...ours, floorIn: floor.inPerSecond, floorOut: floor.outPerSecond, ofFloorIn, ofFloorOut };
  const wanted = { ofFloorIn: { least: 0.6 }, ofFloorOut: { least: 0.5 } };
  const other = others.queue;
  if (other === undefined) line('W4.single', figures, wanted);
  else {
    const ofPeerIn = ours.inPerSecond / other.enqueue_per_s;
    const ofPeerOut = ours.outPerSecond / other.drain_per_s;
    line(
      'W4.single',
      { ...figures, peer: other.peer, peerIn: other.enqueue_per_s, peerOut: other.drain_per_s, ofPeerIn, ofPeerOut },
      { ...wanted, ofPeerIn: { least: 2.7 }, ofPeerOut: { least: 3.8 } },
    );
  }
}
{
  const { ours, floor } = await rounds({ floor: commitLatency, ours: pickup });
  const ofCommit = ours.p50Ms / floor.p50Ms;
  const figures = { ...ours, commitMs: floor.p50Ms, ofCommit };
  const wanted = { ofCommit: { most: 1.5 } };
  const other = others.pickup;
  if (other === undefined) line('W5.pickup', figures, wanted);
  else {
    const ofPeer = ours.p50Ms / other.p50_ms;
    line(
      'W5.pickup',
      { ...figures, peer: other.peer, peerMs: other.p50_ms, ofPeer },
      { ...wanted, ofPeer: { most: 1 } },
    );
  }
}

ended();
