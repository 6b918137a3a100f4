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
  disks: { run: disks, says: 'stores: torn logs, disks that fail or lose what was not synced' },
  relay: { run: relay, says: 'buses: a relay that is killed' },
  tracks: { run: tracks, says: 'tracks: a run that is killed' },
};

process.env.CONDUCTOR_PROVE = 'full';
const only = process.argv
  .find((arg) => arg.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',');
const unknown = only?.filter((name) => !Object.hasOwn(steps, name)) ?? [];
if (unknown.length > 0)
  throw new Error(`No such step: ${unknown.join(', ')}. There are ${Object.keys(steps).join(', ')}.`);
const took = [];
let code = await exitCodeOf('node', ['scripts/build.mjs', 'js']);
const chosen = code === 0 ? Object.entries(steps).filter(([name]) => only?.includes(name) ?? true) : [];
for (const [name, { run, says }] of chosen) {
  console.log(`\n== ${name}: ${says}`);
  const began = performance.now();
  const failed = await run();
  took.push(`${name} ${failed === 0 ? 'shown' : 'FAILED'} in ${Math.round((performance.now() - began) / 1000)} s`);
  code ||= failed; // what one step found hides nothing of the others
}
console.log(`\n${took.join('\n')}`);
process.exitCode = code;

async function suites() {
  const projects = ['store', 'bus', 'agents'].map((name) => `--project=${name}`);
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
  const failed = await vitest(...projects, ...reporters, '--testNamePattern= contract');
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

function disks() {
  const files = ['sqlite', 'file/log'].map((driver) => `packages/store/src/${driver}/faults.test.ts`);
  return vitest('--project=store', '--project=dist', '--no-file-parallelism', ...files, 'packages/store/test/faults');
}

function relay() {
  return vitest('--project=dist', 'packages/bus/test/relay-kill.dist.test.ts');
}

function tracks() {
  return vitest('--project=dist', 'packages/cli/test/kill.dist.test.ts');
}

function vitest(...args) {
  return exitCodeOf('vitest', ['run', ...args]);
}
