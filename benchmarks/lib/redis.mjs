import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.mjs';
import { scratch } from './sqlite.mjs';

/**
 * The server of REDIS_PORT, or one of its own that syncs its log before it answers (`appendfsync always`), on the disk that
 * is measured. `persistence` names what it does for durability. `undefined` where there is no `redis-server`.
 */
export async function startRedis() {
  const given = process.env.REDIS_PORT;
  if (given !== undefined) return { port: Number(given), persistence: persistenceOf(given), stop: () => undefined };
  try {
    return await ownServer();
  } catch (error) {
    process.stderr.write(`skipped: Redis (${error.message})\n`);
    return undefined;
  }
}

async function ownServer() {
  const { folder, remove } = scratch();
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'yes', appendfsync: 'always' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  try {
    await ready(child);
  } catch (error) {
    process.off('exit', end);
    remove();
    throw error;
  }
  return {
    port,
    persistence: 'aof-always',
    async stop() {
      child.kill();
      await once(child, 'exit');
      process.off('exit', end);
      remove();
    },
  };
}

function ready(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('error', reject);
    child.once('exit', () => reject(new Error(said.trim().split('\n').at(-1))));
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      said = (said + chunk).slice(-4_096);
      if (/ready to accept connections/iu.test(said)) resolve();
    });
  });
}

function persistenceOf(port) {
  const ask = (name) =>
    execFileSync('redis-cli', ['-p', port, 'CONFIG', 'GET', name], { encoding: 'utf8' }).split('\n')[1];
  return ask('appendonly') === 'yes' ? `aof-${ask('appendfsync')}` : 'memory-only';
}
