// Two programs side by side: the isomorphic sources without Node's types; and everything, tests included.
import { exitCodeOf } from './run.mjs';
import { tsc } from './tsc.mjs';

const programs = ['tsconfig.isomorphic.json', 'tsconfig.json'];
const codes = await Promise.all(programs.map((program) => exitCodeOf('node', [tsc, '-p', program, '--noEmit'])));
process.exitCode = Math.max(...codes);
