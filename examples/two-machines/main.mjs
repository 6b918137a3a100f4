// One engine and three workers: four processes, each with a clone of its own, on one Postgres and one NATS.
//
//   CONDUCTOR_STORE=postgres://… CONDUCTOR_BUS=nats://… node main.mjs            in a fresh temporary folder
//   CONDUCTOR_STORE=postgres://… CONDUCTOR_BUS=nats://… node main.mjs <folder>   goes on: kill any process, all of them if you like
//   node main.mjs <folder> --only-make                                           makes the clones and ends
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
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
const isFresh = !existsSync(join(folder, 'engine'));
if (isFresh) makeClones();
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
  const track = trackOfFolder();
  if (track?.lifecycle === 'completed') {
    console.log(`${track.id} is complete: git -C ${join(folder, 'engine')} log. Without a folder another one begins.`);
    return;
  }
  if (!track) await conductor('engine', 'new', 'Chapters', '--plan', 'plan.md').ended;
  const helpers = workers.map((name) => conductor(name, 'worker', '--config', 'worker.config.json'));
  const runEngine = () => conductor('engine', 'run', ...(track ? [track.id] : [])).ended;
  // 5: the track is held, by an engine that was killed a moment ago. Only its lease tells, and that expires.
  let exitCode = await runEngine();
  while (exitCode === 5) exitCode = await runEngine();
  for (const { child } of helpers) child.kill('SIGTERM');
  await Promise.all(helpers.map(({ ended }) => ended));
  process.exitCode = exitCode;
}

/** What these clones were made for: the newest track of the log, if there is one. New clones begin another. */
function trackOfFolder() {
  const listed = spawnSync(process.execPath, [command, 'list', '--all', '--json', '-C', join(folder, 'engine')]);
  const { tracks, error } = JSON.parse(listed.stdout);
  if (error) end(`${error.message}\n${error.hint ?? ''}`);
  const [newest] = tracks;
  if (!isFresh) return newest;
  const open = tracks.find(({ lifecycle }) => !['completed', 'failed', 'cancelled', 'archived'].includes(lifecycle));
  if (open) {
    for (const name of ['shared.git', 'engine', ...workers]) rmSync(join(folder, name), { recursive: true });
    end(
      `${open.id} of this store is not complete, and its work lies in other clones. Go on there: node main.mjs <folder>,\n` +
        'or give this run a log of its own: put ?schema=<name> behind the address in CONDUCTOR_STORE.',
    );
  }
  return undefined;
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
