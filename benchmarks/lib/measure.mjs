/** Median of five runs after one that is thrown away; each run gives a number. */
export function median(run, runs = 5) {
  run();
  const values = Array.from({ length: runs }, run).sort((a, b) => a - b);
  return values[Math.floor(runs / 2)];
}

/** Median of five runs of a call that is warm: run before for a second, or twenty times. */
export function warmed(run) {
  const end = performance.now() + 1000;
  for (let count = 0; count < 20 && performance.now() < end; count += 1) run();
  return median(run);
}

/** Milliseconds that a call takes. */
export function elapsed(call) {
  const start = performance.now();
  call();
  return performance.now() - start;
}

/** Prints one JSON object per line, for scripts and people alike. */
export function report(name, values) {
  const rounded = Object.entries(values).map(([key, value]) => [key, Number(value.toPrecision(4))]);
  process.stdout.write(`${JSON.stringify({ bench: name, ...Object.fromEntries(rounded) })}\n`);
}
