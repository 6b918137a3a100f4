// The full counts of what the tests show with fewer (R37); seeds and counts go to docs/proofs/*.json. Takes about an hour on two cores.
// pnpm prove            all steps            pnpm prove --only=suites,stores
// CONDUCTOR_SEED=7 pnpm prove                other seeds
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { exitCodeOf } from './run.mjs';
import { formatMatrix, suiteMatrix } from './suite-matrix.mjs';

const report = '.cache/prove.json';
const steps = {
  suites: { run: suites, says: 'every driver against the suites of its port' },
  stores: { run: stores, says: 'stores: killed writers and servers, answers to clients, followers' },
  tracks: { run: tracks, says: 'tracks: a run that is killed' },
};

process.env.CONDUCTOR_PROVE = 'full';
const only = process.argv
  .find((arg) => arg.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',');
let code = await exitCodeOf('node', ['scripts/build.mjs', 'js']);
for (const [name, { run, says }] of Object.entries(steps)) {
  if (code !== 0 || only?.includes(name) === false) continue;
  console.log(`\n== ${name}: ${says}`);
  code = await run();
}
process.exitCode = code;

async function suites() {
  const projects = ['store', 'bus', 'agents'].map((name) => `--project=${name}`);
  const failed = await vitest(...projects, '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`);
  const drivers = suiteMatrix(JSON.parse(readFileSync(report, 'utf8')));
  console.log(`\n${formatMatrix(drivers)}\n`);
  if (failed === 0) writeSuites(drivers);
  return failed;
}

function writeSuites(drivers) {
  const proof = {
    proves: 'Each driver passes the conformance suites of its port, unchanged.',
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    suites: drivers,
  };
  mkdirSync('docs/proofs', { recursive: true });
  writeFileSync('docs/proofs/suites.json', `${JSON.stringify(proof, undefined, 2)}\n`);
}

/** One file at a time: each of them keeps both cores busy. */
function stores() {
  return vitest('--project=isolated', '--no-file-parallelism', 'packages/store/test/prove');
}

function tracks() {
  return vitest('--project=dist', 'packages/cli/test/kill.dist.test.ts');
}

function vitest(...args) {
  return exitCodeOf('vitest', ['run', ...args]);
}
