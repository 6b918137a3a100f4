/** Median of five runs after one that is thrown away; each run gives a number. */
export function median(run, runs = 5) {
  run();
  const values = Array.from({ length: runs }, run).sort((a, b) => a - b);
  return values[Math.floor(runs / 2)];
}

/** Median of five runs of a call that is warm: run before for two seconds, or fifty times. */
export function warmed(run) {
  const end = performance.now() + 2000;
  for (let count = 0; count < 50 && performance.now() < end; count += 1) run();
  return median(run);
}

/** Milliseconds that a call takes. */
export function elapsed(call) {
  const start = performance.now();
  call();
  return performance.now() - start;
}

/** Milliseconds of processor time that a call takes: on a machine that others keep busy too, the time until it returns says little. */
export function busy(call) {
  const start = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Prints one JSON object per line, for scripts and people alike. */
export function report(name, values) {
  const rounded = Object.entries(values).map(([key, value]) => [key, Number(value.toPrecision(4))]);
  process.stdout.write(`${JSON.stringify({ bench: name, ...Object.fromEntries(rounded) })}\n`);
}
