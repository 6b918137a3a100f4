// All tests: builds what the spawning tests need (cached), then runs vitest. Arguments go to vitest: npm test -- packages/dag
import { rmSync } from 'node:fs';
import { exitCodeOf } from './run.mjs';

rmSync('.cache/test-counts.json', { force: true });
const built = await exitCodeOf('pnpm', ['run', '-s', 'build']);
if (built !== 0) process.exit(built);
const reporters = ['dot', './scripts/plain-reporter.mjs', 'json'].map((name) => `--reporter=${name}`);
const args = ['run', ...reporters, '--outputFile.json=.cache/tests.json', ...process.argv.slice(2)];
process.exitCode = await exitCodeOf('vitest', args);
