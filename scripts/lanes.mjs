// The unit tests again on the other Node versions that libraries promise.
import { basename } from 'node:path';
import { nodeBinary, otherNodes } from './nodes.mjs';
import { packages } from './packages.mjs';
import { exitCodeOf } from './run.mjs';

// By name: `--project=!isolated --project=!dist` means "not both", hence everything.
const projects = packages().map(({ folder }) => `--project=${basename(folder)}`);
for (const version of otherNodes) {
  console.log(`-- Node ${version}`);
  const binary = await nodeBinary(version);
  const code = await exitCodeOf(binary, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot', ...projects]);
  if (code !== 0) process.exitCode = code;
}
