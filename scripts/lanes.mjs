// The unit tests again on the other Node versions that libraries promise.
import { nodeBinary, otherNodes } from './nodes.mjs';
import { exitCodeOf } from './run.mjs';

for (const version of otherNodes) {
  console.log(`-- Node ${version}`);
  const binary = await nodeBinary(version);
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot', '--project=!isolated', '--project=!dist'];
  const code = await exitCodeOf(binary, args);
  if (code !== 0) process.exitCode = code;
}
