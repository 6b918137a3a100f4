// All tests: builds what the spawning tests need (cached), then runs vitest. Arguments go to vitest: npm test -- packages/dag
// Ends with one plain line that any machine can read: `12 passed, 0 failed, 1 skipped`.
import { clearCounts, countLine } from './test-counts.mjs';
import { exitCodeOf } from './run.mjs';

clearCounts();
let code = await exitCodeOf('node', ['scripts/build.mjs', 'js']);
if (code === 0) {
  const names = ['dot', 'json', './scripts/counting-reporter.mjs', './scripts/stall-reporter.mjs'];
  const reporters = names.map((name) => `--reporter=${name}`);
  const args = ['run', ...reporters, '--outputFile.json=.cache/tests.json', ...process.argv.slice(2)];
  code = await exitCodeOf('vitest', args);
}
console.log(`\n${countLine({ runFailed: code !== 0 })}`);
process.exitCode = code;
