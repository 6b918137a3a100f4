// Everything that must hold before a change is pushed; green here is green in CI.
// pnpm check            all steps            pnpm check --from=types    from that step on
// pnpm check --only=lint,types               pnpm check --skip=tests
import { exitCodeOf } from './run.mjs';
import { countLine } from './test-counts.mjs';

const steps = {
  format: ['prettier', '--check', '--log-level', 'warn', '.'],
  lint: ['oxlint', '--type-aware', '--deny-warnings'],
  arrows: ['pnpm', 'run', '-s', 'arrows'],
  types: ['pnpm', 'run', '-s', 'typecheck'],
  readmes: ['node', 'scripts/check-readmes.mjs'],
  tests: ['node', 'scripts/test.mjs'],
  build: ['pnpm', 'run', '-s', 'build'],
  packages: ['node', 'scripts/check-packages.mjs'],
  knip: ['knip', '--no-config-hints'],
  size: ['size-limit'],
  api: ['node', 'scripts/api-reports.mjs'],
  smoke: ['node', 'scripts/smoke.mjs'],
  lanes: ['node', 'scripts/lanes.mjs'],
  clone: ['node', 'scripts/fresh-clone.mjs'],
};

const began = performance.now();
const names = chosen(Object.keys(steps), process.argv.slice(2));
for (const name of names) {
  console.log(`== ${name}`);
  const start = performance.now();
  const [file, ...args] = steps[name];
  const code = await exitCodeOf(file, args);
  console.log(`== ${name}: ${code === 0 ? 'ok' : `failed (exit ${code})`} in ${secondsSince(start)} s`);
  if (code !== 0) finish(name, code);
}
finish();

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

function finish(failedStep, code = 0) {
  const outcome = failedStep ? `stopped at ${failedStep}` : `${names.length} steps ok`;
  console.log(`${outcome} after ${secondsSince(began)} s\n\n${countLine({ runFailed: code !== 0 })}`);
  process.exit(code);
}
