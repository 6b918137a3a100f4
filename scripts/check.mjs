// Everything that must hold before a change is pushed; green here is green in CI.
// pnpm check            all steps            pnpm check --from=types    from that step on
// pnpm check --only=lint,types               pnpm check --skip=tests
// Two steps run side by side, since most of them keep one core busy; what a step prints appears in one piece when it ends. The tests
// use both cores, and often wait for a process or a disk: what they leave goes to the light steps.
import { availableParallelism } from 'node:os';
import { startStep } from './run.mjs';
import { countLine } from './test-counts.mjs';

/** In the order in which they begin; `after`: steps whose result a step uses, or with which it would share files; `light`: reads sources only. */
const steps = {
  tests: { run: ['npm', 'test', '--silent'] },
  format: { run: ['prettier', '--check', '--log-level', 'warn', '.'], light: true },
  types: { run: ['pnpm', 'run', '-s', 'typecheck'], light: true },
  lint: { run: ['oxlint', '--type-aware', '--deny-warnings'], light: true },
  arrows: { run: ['pnpm', 'run', '-s', 'arrows'], light: true },
  readmes: { run: ['node', 'scripts/check-readmes.mjs'], light: true },
  knip: { run: ['knip', '--no-config-hints'], light: true },
  build: { run: ['pnpm', 'run', '-s', 'build'] },
  lanes: { run: ['node', 'scripts/lanes.mjs'] },
  packages: { run: ['node', 'scripts/check-packages.mjs'], after: ['build'] },
  api: { run: ['node', 'scripts/api-reports.mjs'], after: ['build'] },
  size: { run: ['size-limit'], after: ['build'] },
  smoke: { run: ['node', 'scripts/smoke.mjs'], after: ['build', 'lanes'] }, // one of them fetches the other Nodes
  clone: { run: ['node', 'scripts/fresh-clone.mjs'] },
};

const began = performance.now();
const names = chosen(Object.keys(steps), process.argv.slice(2));
const waiting = new Set(names);
const running = new Map();
const failed = [];
const lanes = Math.min(2, availableParallelism());

while (waiting.size + running.size > 0) {
  for (const name of failed.length === 0 ? [...waiting] : []) if (mayStart(name)) start(name);
  await Promise.race(running.values());
  if (failed.length > 0) waiting.clear();
}
console.log(
  `${failed.length > 0 ? `stopped at ${failed.join(', ')}` : `${names.length} steps ok`} after ${secondsSince(began)} s`,
);
console.log(`\n${countLine({ runFailed: failed.length > 0 })}`);
process.exitCode = failed.length > 0 ? 1 : 0;

function mayStart(name) {
  const { after = [], light = false } = steps[name];
  if (running.size >= (name === 'tests' ? 1 : lanes) || (running.has('tests') && !light)) return false;
  return !after.some((other) => waiting.has(other) || running.has(other));
}

function start(name) {
  waiting.delete(name);
  const { run, light } = steps[name];
  const [file, ...args] = run;
  const shown = name === 'tests';
  const startMs = performance.now();
  if (shown) console.log(`== ${name}`);
  const ended = startStep(file, args, { shown, low: light && running.has('tests') }).then(({ code, printed }) => {
    running.delete(name);
    const outcome = code === 0 ? 'ok' : `failed (exit ${code})`;
    console.log(`${shown ? '' : `== ${name}\n${printed}`}== ${name}: ${outcome} in ${secondsSince(startMs)} s`);
    if (code !== 0) failed.push(name);
  });
  running.set(name, ended);
}

function chosen(all, args) {
  const list = (flag) =>
    args
      .find((arg) => arg.startsWith(`--${flag}=`))
      ?.split('=')[1]
      ?.split(',');
  const [only = all, skip = [], from = all.slice(0, 1)] = [list('only'), list('skip'), list('from')];
  const unknown = [...only, ...skip, ...from].filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`unknown step ${unknown.join(', ')}; the steps are ${all.join(', ')}`);
    process.exit(2);
  }
  return all.slice(all.indexOf(from[0])).filter((name) => only.includes(name) && !skip.includes(name));
}

function secondsSince(start) {
  return ((performance.now() - start) / 1000).toFixed(1);
}
