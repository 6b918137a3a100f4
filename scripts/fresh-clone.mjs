// What a stranger does: clones the last commit, has an empty home and none of our tools, and runs `npm start`, twice.
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { exitCodeOf } from './run.mjs';

const folder = mkdtempSync(join(tmpdir(), 'conductor-clone-'));
const home = join(folder, 'home');
const clone = join(folder, 'conductor');
const path = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter);
try {
  mkdirSync(home);
  await run('git', ['clone', '--quiet', '--no-hardlinks', process.cwd(), clone], folder);
  await run('npm', ['start'], clone);
  await run('npm', ['start'], clone);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function run(file, args, cwd) {
  const start = performance.now();
  const code = await exitCodeOf(file, args, { cwd, env: { PATH: path, HOME: home } });
  console.log(`-- ${file} ${args[0]}: exit ${code} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  if (code !== 0) throw new Error(`${file} ${args[0]} failed in a fresh clone`);
}
