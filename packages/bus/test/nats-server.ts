import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** Debian keeps it where the PATH of an ordinary user does not look. */
const usualFolders = ['/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** Path of the nats-server of this machine, or `undefined`: tests that need one skip by name then. */
export const natsServer: string | undefined = findServer();

/** A server of its own for one test file, on 127.0.0.1, with JetStream in a temporary folder. */
export interface TestNats {
  readonly url: string;
  readonly port: number;
  /** The process as it is now; changes with `restart`. */
  readonly pid: number;
  /** Ends the server in good order and removes its folder. Idempotent. */
  stop(): Promise<void>;
  /** SIGKILL; the folder stays for `restart`. */
  kill(): Promise<void>;
  /** Starts the server again on the same port and folder; kills it first when it runs. */
  restart(): Promise<void>;
  /** Connections of clients that it has now. */
  connections(): Promise<number>;
  /** A server that is there and does not answer: resolves when it stands still. */
  freeze(): Promise<void>;
  thaw(): void;
}

/**
 * Starts a server and resolves when it takes connections; `config` is added to its configuration. Throws where there is
 * none: look at `natsServer` first.
 */
export async function startNats({ config = '' }: { readonly config?: string } = {}): Promise<TestNats> {
  const directory = await mkdtemp(join(tmpdir(), 'conductor-nats-'));
  const first = await launch(directory, { wanted: -1, config });
  const { port } = first;
  let { child, monitor } = first;
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await exited;
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid ?? 0;
    },
    async stop() {
      // A frozen server does not take the signal of good order.
      child.kill('SIGCONT');
      await end('SIGTERM');
      await rm(directory, { recursive: true, force: true });
    },
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGKILL');
      ({ child, monitor } = await launch(directory, { wanted: port, config }));
    },
    async connections() {
      const answer = await fetch(`http://127.0.0.1:${monitor}/connz`);
      return ((await answer.json()) as { readonly num_connections: number }).num_connections;
    },
    async freeze() {
      child.kill('SIGSTOP');
      // The signal takes its time on a busy machine.
      while (!(await stateOf(child.pid ?? 0)).startsWith('T'));
    },
    thaw: () => void child.kill('SIGCONT'),
  };
}

async function stateOf(pid: number): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]);
  return stdout.trim();
}

interface Launched {
  readonly child: ChildProcess;
  readonly port: number;
  /** Port of its own account of itself. */
  readonly monitor: number;
}

async function launch(
  directory: string,
  { wanted, config }: { readonly wanted: number; readonly config: string },
): Promise<Launched> {
  if (natsServer === undefined) throw new Error('There is no nats-server on this machine');
  const file = join(directory, 'nats.conf');
  const storage = `{ store_dir: ${JSON.stringify(join(directory, 'js'))}, max_mem: 256M, max_file: 2G }`;
  // Loopback only; a test never asks for gigabytes.
  await writeFile(file, `listen: "127.0.0.1:${wanted}"\nhttp: "127.0.0.1:-1"\njetstream ${storage}\n${config}\n`);
  const child = spawn(natsServer, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const onExit = () => void child.kill('SIGKILL');
  process.once('exit', onExit);
  child.once('exit', () => process.off('exit', onExit));
  return { child, ...(await portsOf(child)) };
}

function portsOf(child: ChildProcess): Promise<Omit<Launched, 'child'>> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const ports = { port: 0, monitor: 0 };
    if (!child.stderr) return reject(new Error('nats-server has no stderr'));
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.length < 50) said.push(line);
      const [, what, port] = /(client connections|http monitor) on 127\.0\.0\.1:(\d+)/u.exec(line) ?? [];
      if (what !== undefined) ports[what === 'http monitor' ? 'monitor' : 'port'] = Number(port);
      if (line.includes('Server is ready')) resolve(ports);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`nats-server ended with ${code}:\n${said.join('\n')}`)));
  });
}

function findServer(): string | undefined {
  const named = process.env['NATS_SERVER'];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...usualFolders];
  return folders.map((folder) => join(folder, 'nats-server')).find((path) => existsSync(path));
}
