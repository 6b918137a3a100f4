import { loadavg } from 'node:os';

/**
 * Runs the same workload on several subjects, one after the other in each round, so that all of them meet the same
 * machine; the first round is thrown away. Answers, by subject and metric, the medians of the rounds.
 */
export async function rounds(subjects, { count = Number(process.env.RUNS ?? 5) } = {}) {
  const seen = {};
  for (let round = 0; round <= count; round += 1) {
    for (const [name, run] of Object.entries(subjects)) {
      const metrics = await run();
      if (round === 0) continue;
      for (const [metric, value] of Object.entries(metrics)) ((seen[name] ??= {})[metric] ??= []).push(value);
    }
  }
  return Object.fromEntries(
    Object.entries(seen).map(([name, metrics]) => [
      name,
      Object.fromEntries(Object.entries(metrics).map(([metric, values]) => [metric, middle(values)])),
    ]),
  );
}

function middle(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** Calls `task` with 0 … count-1, at most `atOnce` in flight. */
export async function pool(count, atOnce, task) {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      next += 1;
      await task(next - 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
}

/** Seconds on the monotonic clock. */
export const seconds = () => Number(process.hrtime.bigint()) / 1e9;

const missed = [];

/** Prints a line of JSON; `wanted` gives the least (or, with `most`, the largest) value that a figure must have. */
export function line(bench, figures, wanted = {}) {
  const rounded = Object.entries(figures).map(([key, value]) => [
    key,
    typeof value === 'number' ? Number(value.toPrecision(4)) : value,
  ]);
  const below = Object.entries(wanted).filter(([key, { least = -Infinity, most = Infinity }]) => {
    const value = figures[key];
    return !(value >= least && value <= most);
  });
  for (const [key] of below) missed.push(`${bench} ${key}`);
  const load = Number(loadavg()[0].toFixed(2));
  process.stdout.write(
    `${JSON.stringify({ bench, ...Object.fromEntries(rounded), load, ...(below.length > 0 ? { missed: below.map(([key]) => key) } : {}) })}\n`,
  );
}

/** Ends with 1 when a figure was missed. */
export function ended() {
  if (missed.length > 0) process.stderr.write(`missed: ${missed.join(', ')}\n`);
  process.exitCode = missed.length > 0 ? 1 : 0;
}
