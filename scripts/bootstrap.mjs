// Makes a fresh clone ready, then runs a command in it: node scripts/bootstrap.mjs [command …arguments]
// Needs Node, npm and git, nothing else. Imports only node: modules, because nothing is installed yet.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const stampFile = join(root, 'node_modules', '.bootstrap');

requireNode(20, 19);
const env = {
  ...process.env,
  // turbo looks for pnpm on the PATH, and there need be none on this machine but ours.
  PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  npm_config_update_notifier: 'false',
};
// An empty HOME is worse than none: pnpm finds no folder for its store and gives up.
if (env.HOME === '') delete env.HOME;

const wanted = stamp();
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== wanted) {
  const failed = await install();
  if (failed !== 0) process.exit(failed);
}
const [command, ...args] = process.argv.slice(2);
if (command) process.exitCode = await run(command, args, env);

function requireNode(major, minor) {
  const [actualMajor = 0, actualMinor = 0] = process.versions.node.split('.').map(Number);
  if (actualMajor > major || (actualMajor === major && actualMinor >= minor)) return;
  console.error(`Conductor needs Node ${major}.${minor} or newer; this is Node ${process.versions.node}.`);
  process.exit(1);
}

/** What the installed tree was made from. Another lockfile, Node or machine means another tree. */
function stamp() {
  const lockfile = readFileSync(join(root, 'pnpm-lock.yaml'));
  const hash = createHash('sha256').update(lockfile).update(manifest.packageManager);
  return hash.update(`${process.version} ${process.platform} ${process.arch}`).digest('hex');
}

async function install() {
  console.log(`setting up: ${manifest.packageManager} installs from the lockfile (once, about half a minute)`);
  // Written again only after success, so an install that was killed is done over.
  rmSync(stampFile, { force: true });
  const npm = ['exec', '--yes', `--package=${manifest.packageManager}`, '--'];
  const pnpm = ['pnpm', 'install', '--frozen-lockfile', '--reporter=append-only'];
  const code = await run('npm', [...npm, ...pnpm], {
    ...env,
    CI: 'true', // without a terminal pnpm would stop and ask
  });
  if (code !== 0) {
    console.error(`setting up failed (exit ${code}); the lines above say why, and the next run tries again`);
    return code;
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, wanted);
  return 0;
}

/** Runs to the end and answers the exit code. The child hears of Ctrl-C itself; we wait for it to finish. */
function run(file, argv, environment) {
  return new Promise((resolve) => {
    const windows = process.platform === 'win32';
    const child = spawn(file, argv, { cwd: root, env: environment, stdio: 'inherit', shell: windows });
    process.on('SIGINT', () => {});
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.on('error', (error) => {
      console.error(`cannot run ${file}: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
