// The full counts of what the tests show with fewer (R37); seeds and counts go to docs/proofs/*.json. Takes a quarter of an hour.
// Arguments go to vitest.
import { exitCodeOf } from './run.mjs';

process.env.CONDUCTOR_PROVE = '1';
let code = await exitCodeOf('node', ['scripts/build.mjs', 'js']);
if (code === 0) {
  const proofs = ['packages/cli/test/kill.dist.test.ts'];
  code = await exitCodeOf('vitest', ['run', '--project=dist', ...proofs, ...process.argv.slice(2)]);
}
process.exitCode = code;
