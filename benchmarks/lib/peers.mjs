import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const printed = new Map();

/**
 * What another tool does in the same workload, on this machine and in this run: the medians that one of the scripts in
 * CONDUCTOR_PEERS prints, one JSON object per line with `workload`, `peer` and `metrics`. Their packages and servers are
 * found by the environment (BENCH_MODULES, PG_URL, REDIS_PORT). What is not there is skipped by name.
 */
export async function peer(script, workload, name) {
  if (!printed.has(script)) printed.set(script, recordsOf(script));
  const records = await printed.get(script);
  const found = records.find((record) => record.workload === workload && record.peer.startsWith(name));
  if (found === undefined) return undefined;
  return {
    peer: `${found.peer} ${found.version}`,
    ...Object.fromEntries(Object.entries(found.metrics).map(([metric, { median }]) => [metric, median])),
  };
}

/** A script may fail behind what it has printed: then that counts. */
async function recordsOf(script) {
  const folder = process.env.CONDUCTOR_PEERS;
  if (folder === undefined) return skipped(script, 'CONDUCTOR_PEERS is not set');
  const cwd = resolve(process.env.BENCH_MODULES ?? folder);
  const env = { RUNS: '3', ...process.env, BENCH_MODULES: cwd };
  const options = { cwd, env, timeout: 900_000, maxBuffer: 2 ** 24 };
  const ended = await run(process.execPath, [resolve(folder, script)], options).catch((error) => error);
  const { stdout = '', stderr = '', message = 'it printed nothing' } = ended;
  const records = stdout.split('\n').flatMap((text) => (text.startsWith('{') ? [JSON.parse(text)] : []));
  if (records.length > 0) return records;
  // The message only repeats the command; what a script died of stands in what it wrote.
  const cause = stderr.split('\n').find((text) => /^\w*Error\b/u.test(text));
  return skipped(script, cause ?? message.split('\n')[0]);
}

function skipped(script, why) {
  process.stderr.write(`skipped: ${script} (${why})\n`);
  return [];
}
