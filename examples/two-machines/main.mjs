// One engine and three workers: four processes, each with a clone of its own, on one Postgres and one NATS.
//
//   CONDUCTOR_STORE=postgres://… CONDUCTOR_BUS=nats://… node main.mjs            in a fresh temporary folder
//   CONDUCTOR_STORE=postgres://… CONDUCTOR_BUS=nats://… node main.mjs <folder>   goes on: kill any process, all of them if you like
//   node main.mjs <folder> --only-make                                           makes the clones and ends
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const workers = ['worker-1', 'worker-2', 'worker-3'];
const command = fileURLToPath(new URL('dist/bin.js', import.meta.resolve('@conductor/cli/package.json')));
const [given, onlyMake] = process.argv.slice(2);
const folder = given ?? mkdtempSync(join(realpathSync(tmpdir()), 'conductor-two-machines-'));

for (const name of onlyMake === undefined ? ['CONDUCTOR_STORE', 'CONDUCTOR_BUS'] : [])
  if (!process.env[name]) end(`${name} is not set: see README.md`);
if (!existsSync(join(folder, 'engine'))) makeClones();
if (onlyMake === undefined) await run();

/** What would lie on four machines: a repository that all of them reach, and a clone for each. */
function makeClones() {
  mkdirSync(folder, { recursive: true });
  const git = (cwd, ...args) => execFileSync('git', args, { cwd: join(folder, cwd), stdio: 'pipe' });
  git('.', 'init', '--quiet', '--bare', '--initial-branch=main', 'shared.git');
  git('.', 'clone', '--quiet', 'shared.git', 'engine');
  cpSync(fileURLToPath(new URL('project', import.meta.url)), join(folder, 'engine'), { recursive: true });
  git('engine', 'add', '--all');
  git('engine', '-c', 'user.name=Example', '-c', 'user.email=example@localhost', 'commit', '--quiet', '-m', 'Start');
  git('engine', 'push', '--quiet', 'origin', 'HEAD:main');
  for (const name of workers) git('.', 'clone', '--quiet', '--branch=main', 'shared.git', name);
}

async function run() {
  console.log(`Clones in ${folder}`);
  // A second track would say that the first one is active: this one goes on where it stood.
  const listed = spawnSync(process.execPath, [command, 'list', '--json', '-C', join(folder, 'engine')]);
  const { tracks, error } = JSON.parse(listed.stdout);
  if (error) end(`${error.message}\n${error.hint ?? ''}`);
  if (tracks.length === 0) await conductor('engine', 'new', 'Chapters', '--plan', 'plan.md').ended;
  const helpers = workers.map((name) => conductor(name, 'worker', '--config', 'worker.config.json'));
  // 5: the track is held, by an engine that was killed a moment ago. Only its lease tells, and that expires.
  let exitCode = await conductor('engine', 'run').ended;
  while (exitCode === 5) exitCode = await conductor('engine', 'run').ended;
  for (const { child } of helpers) child.kill('SIGTERM');
  await Promise.all(helpers.map(({ ended }) => ended));
  process.exitCode = exitCode;
}

/** What is missing, for people. */
function end(text) {
  console.error(text.trim());
  process.exit(1);
}

/** A process of the command in a clone; what it says is shown with its name and number, by which you can kill it. */
function conductor(name, ...args) {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: join(folder, name),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.trim() !== '') console.log(`${name.padEnd(8)} ${String(child.pid).padStart(7)}  ${line}`);
  });
  const ended = new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  return { child, ended };
}
