// Builds what is stale, then runs the demo of the command line: npm start, or npm start -- <folder>
import { exitCodeOf } from './run.mjs';

const bin = 'packages/cli/dist/bin.js';
// Ctrl-C reaches the demo itself, which stops in order; we only wait for it.
process.on('SIGINT', () => {});

let code = await exitCodeOf('node', ['scripts/build.mjs', 'js']);
if (code === 0) {
  code = await exitCodeOf('node', [bin, 'demo', ...process.argv.slice(2)]);
  if (code === 0) console.log(`\nIn this clone, first type:  alias conductor='node ${process.cwd()}/${bin}'`);
}
process.exitCode = code;
