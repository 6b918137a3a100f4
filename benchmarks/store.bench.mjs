// The whole write path beside the least code that is durable on the same SQLite driver (W2, W3) and the cost of an event as
// its stream grows. Needs `pnpm run build`. Ends with 1 when a figure misses its target.
import { openFloor } from './lib/floor.mjs';
import { peer } from './lib/peers.mjs';
import { ended, line, pool, quantile, rounds, seconds } from './lib/rounds.mjs';
import { openSubject } from './lib/runs.mjs';

/** Runs of one kind, `atOnce` of them in flight: runs per second and the time that one takes. */
async function runsPerSecond(subject, { count, atOnce, steps }) {
  const took = [];
  const start = seconds();
  await pool(count, atOnce, async (index) => {
    const begun = seconds();
    await subject.run(`bench-${index}`, steps);
    took.push((seconds() - begun) * 1000);
  });
  const perSecond = (count * steps) / (seconds() - start);
  await subject.close();
  return { perSecond, p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99) };
}

async function compare(bench, workload, share, timesPeer, most = {}) {
  const floorOf = () => {
    const floor = openFloor();
    return { run: (_, steps) => floor.run(steps), close: () => floor.close() };
  };
  const { ours, floor } = await rounds({
    floor: () => runsPerSecond(floorOf(), workload),
    ours: async () => runsPerSecond(await openSubject(), workload),
  });
  const other = await peer('w2-dbos.mjs', bench, 'dbos');
  const theirs = other?.wf_per_s ?? other?.steps_per_s;
  const figures = { ...ours, floor: floor.perSecond, ofFloor: ours.perSecond / floor.perSecond };
  if (theirs === undefined) return line(bench, figures, { ofFloor: { least: share }, ...most });
  const beside = { ...figures, peer: other.peer, theirs, ofPeer: ours.perSecond / theirs };
  line(bench, beside, { ofFloor: { least: share }, ofPeer: { least: timesPeer }, ...most });
}

await compare('W2.seq', { count: 600, atOnce: 1, steps: 1 }, 0.8, 7, { p50Ms: { most: 0.45 } });
await compare('W2.c64', { count: 10_000, atOnce: 64, steps: 1 }, 0.28, 25);
await compare('W3.seq', { count: 10, atOnce: 1, steps: 100 }, 0.85, 4);
await compare('W3.c16', { count: 64, atOnce: 16, steps: 100 }, 0.5, 6.5);

ended();
