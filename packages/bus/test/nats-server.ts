import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';

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
  /** SIGSTOP and SIGCONT: a server that is there and does not answer. */
  freeze(): void;
  thaw(): void;
}

/** Starts a server and resolves when it takes connections. Throws where there is none: look at `natsServer` first. */
export async function startNats(): Promise<TestNats> {
  const directory = await mkdtemp(join(tmpdir(), 'conductor-nats-'));
  const first = await launch(directory, -1);
  const { port } = first;
  let { child } = first;
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
      ({ child } = await launch(directory, port));
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}

async function launch(directory: string, wanted: number): Promise<{ child: ChildProcess; port: number }> {
  if (natsServer === undefined) throw new Error('There is no nats-server on this machine');
  const config = join(directory, 'nats.conf');
  // Loopback only; a test never asks for gigabytes.
  await writeFile(
    config,
    `listen: "127.0.0.1:${wanted}"\njetstream { store_dir: ${JSON.stringify(join(directory, 'js'))}, max_mem: 256M, max_file: 2G }\n`,
  );
  const child = spawn(natsServer, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const onExit = () => void child.kill('SIGKILL');
  process.once('exit', onExit);
  child.once('exit', () => process.off('exit', onExit));
  const port = await portOf(child);
  return { child, port };
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    let port = 0;
    if (!child.stderr) return reject(new Error('nats-server has no stderr'));
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.length < 50) said.push(line);
      const listening = /Listening for client connections on 127\.0\.0\.1:(\d+)/u.exec(line);
      if (listening) port = Number(listening[1]);
      if (line.includes('Server is ready')) resolve(port);
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
