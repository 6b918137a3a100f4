// The unit tests again on the other Node versions that libraries promise: of the packages that meet Node itself. The others are plain
// language, or the command, which the smoke test starts there; the whole of it runs on these versions too where machines are many (.github/workflows).
import { nodeBinary, otherNodes } from './nodes.mjs';
import { exitCodeOf } from './run.mjs';

// By name: `--project=!isolated --project=!dist` means "not both", hence everything.
const projectsOf = (names) => names.map((name) => `--project=${name}`);
const all = projectsOf(['agents', 'bus', 'node', 'sdk', 'server', 'store']);
/** Of a further Node: what differs most between them is its SQLite and its files. */
const store = projectsOf(['store']);
process.env.CONDUCTOR_LANE = 'yes'; // vitest.shared.ts leaves out what is the same from every Node
for (const [index, version] of otherNodes.entries()) {
  console.log(`-- Node ${version}`);
  const binary = await nodeBinary(version);
  const projects = index === 0 ? all : store;
  const code = await exitCodeOf(binary, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot', ...projects]);
  if (code !== 0) process.exitCode = code;
}
