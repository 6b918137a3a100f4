// W13: a process that drives 100 runs of 20 steps is killed (SIGKILL) at five moments, and another goes on from the log. A step
// leaves a line in a file, then sleeps for 20 ms; only then is it in the log. Leases of the dead last 30 s: its lock, which the
// system drops with it, proves its death before. Needs `pnpm run build`. Ends with 1 when a figure misses its target.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { peer } from './lib/peers.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { ended, line, quantile } from './lib/rounds.mjs';
import { openStore, scratch } from './lib/sqlite.mjs';

const runs = 100;
const steps = 20;
const script = fileURLToPath(new URL('lib/steps.mjs', import.meta.url));
const run = promisify(execFile);

/** What steps did to the world: which step, and when. */
function linesOf(folder) {
  const file = join(folder, 'lines');
  const texts = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return texts.map((text) => {
    const [name, step, at] = text.split(' ');
    return { step: `${name} ${step}`, at: BigInt(at) };
  });
}

const ms = (from, to) => Number(to - from) / 1e6;

async function killAndResume(atLines) {
  const { folder, remove } = scratch();
  const args = (role) => [script, folder, role, String(runs), String(steps)];
  const first = spawn(process.execPath, args('start'), { stdio: 'inherit' });
  const gone = once(first, 'exit');
  while (linesOf(folder).length < atLines) {
    if (first.exitCode !== null) throw new Error('The first process ended before it was killed');
    await sleep(2);
  }
  first.kill('SIGKILL');
  await gone;
  const before = linesOf(folder).length;
  const spawned = process.hrtime.bigint();
  const { stdout } = await run(process.execPath, args('resume'));
  const done = process.hrtime.bigint();
  const begun = BigInt(JSON.parse(stdout).begun);
  const lines = linesOf(folder);
  const firstStep = lines[before].at;
  const known = new Set(lines.map(({ step }) => step));
  const completed = await completedSteps(folder);
  remove();
  return {
    firstStepMs: ms(spawned, firstStep),
    ofOurCodeMs: ms(begun, firstStep),
    allDoneMs: ms(spawned, done),
    twice: lines.length - known.size,
    lost: runs * steps - Math.min(known.size, completed),
  };
}

/** Steps that the log knows as completed; versions are without a gap, or reading would have failed. */
async function completedSteps(folder) {
  const { store } = await openStore(folder);
  const seen = new Set();
  for await (const page of store.readAll({ types: ['bench/step.completed'] }))
    for (const { stream, data } of page) seen.add(`${stream} ${data.n}`);
  await store.close();
  return seen.size;
}

async function theirFigures() {
  if (process.env.CONDUCTOR_PEERS === undefined) return peer('w13-kill9.mjs', 'W13.kill9', 'dbos'); // says that it is skipped
  const server = await startPostgres();
  if (server === undefined) return undefined;
  process.env.PG_URL = server.url; // where the peer looks for it
  const found = await peer('w13-kill9.mjs', 'W13.kill9', 'dbos');
  await server.stop();
  return found;
}

const seen = [];
for (const atLines of [600, 800, 1_000, 1_200, 1_400]) seen.push(await killAndResume(atLines));
const median = (metric) =>
  quantile(
    seen.map((each) => each[metric]),
    0.5,
  );
const figures = {
  runs,
  steps,
  kills: seen.length,
  firstStepMs: median('firstStepMs'),
  ofOurCodeMs: median('ofOurCodeMs'),
  allDoneMs: median('allDoneMs'),
  twice: median('twice'),
  lost: Math.max(...seen.map(({ lost }) => lost)),
};
const wanted = { firstStepMs: { most: 250 }, lost: { most: 0 } };
const other = await theirFigures();
if (other === undefined) line('W13.kill9', figures, wanted);
else {
  const theirs = other.recovery_ms;
  line(
    'W13.kill9',
    { ...figures, peer: other.peer, theirs, ofPeer: theirs / figures.firstStepMs },
    { ...wanted, ofPeer: { least: 7 } },
  );
}

ended();
