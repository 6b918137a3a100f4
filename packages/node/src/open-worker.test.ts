import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processRecord } from '@conductor/agents/node';
import { memoryBus } from '@conductor/bus';
import { defaultLimits, randomIds, systemClock } from '@conductor/core';
import type { ConductorError } from '@conductor/core';
import type { WorkerEvent } from '@conductor/engine/remote';
import { gitExchange, gitWorkFolders } from '@conductor/store/git';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openProject } from './open-project.js';
import { openStore } from './open-store.js';
import { openWorker } from './open-worker.js';
import type { OpenWorkerOptions } from './open-worker.js';
import { processName } from './temporary-folder.js';

let outer: string;
const at = (...path: readonly string[]) => join(outer, ...path);
const git = (folder: string, ...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=Jo', '-c', 'user.email=jo@example.com', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();

/** The engine's store once more, as another process of this machine would open it. */
const storeOf = async (root: string) => {
  const host = { stateDir: join(root, '.conductor'), clock: systemClock(), ids: randomIds(), limits: defaultLimits };
  return (await openStore('sqlite', host)).store;
};

beforeEach(async () => {
  outer = await realpath(await mkdtemp(join(tmpdir(), 'conductor-worker-')));
  git(outer, 'init', '--quiet', '--bare', '--initial-branch=main', 'shared.git');
  git(outer, 'clone', '--quiet', 'shared.git', 'engine');
  await writeFile(at('engine', 'conductor.config.json'), '{}');
  await writeFile(at('engine', '.gitignore'), 'conductor/\n');
  git(at('engine'), 'add', '-A');
  git(at('engine'), 'commit', '--quiet', '-m', 'first');
  git(at('engine'), 'push', '--quiet', 'origin', 'HEAD:main');
  git(outer, 'clone', '--quiet', '--branch=main', 'shared.git', 'worker');
});
afterEach(() => rm(outer, { recursive: true, force: true }));

async function workerOf(options: OpenWorkerOptions) {
  const events: WorkerEvent[] = [];
  const worker = await openWorker(at('worker'), { onEvent: (event) => void events.push(event), ...options });
  const end = new AbortController();
  const done = worker.run({ signal: end.signal });
  return {
    events,
    async stop() {
      end.abort(new DOMException('Stopped', 'AbortError'));
      const summary = await done;
      await worker.close();
      return summary;
    },
  };
}

describe('a worker in a clone of its own', () => {
  it('does the tasks of an engine in another clone: function or program, each in a fresh copy', async () => {
    const project = await openProject(at('engine'), { agents: { worker: 'remote' } });
    const program = `const fs = require('fs');
      const { task } = JSON.parse(fs.readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
      for (const file of task.files) fs.writeFileSync(file, fs.existsSync('a.txt') ? 'after a\\n' : 'first\\n');
      console.log(JSON.stringify({ status: 'done', summary: 'Wrote ' + task.files }));`;
    const agents: OpenWorkerOptions['agents'] = {
      worker: {
        code: { command: [process.execPath, '-e', program] },
        docs: async (_, { workspace }) => {
          await workspace.write('a.txt', 'a\n');
          return 'Wrote a';
        },
      },
    };
    const worker = await workerOf({ store: await storeOf(project.root), agents });
    const { id } = await project.api.tracks.create({
      goal: 'Two files',
      tasks: [
        { text: 'Write a', files: ['a.txt'], type: 'docs' },
        { text: 'Write b', files: ['b.txt'], dependsOn: ['1.1'] },
      ],
    });
    await project.api.tracks.run(id);
    await project.api.tracks.waitFor(id, 'completed');
    expect(await worker.stop()).toEqual({ tasks: 2, failed: 0 });
    await project.close();
    expect(await readFile(at('engine', 'b.txt'), 'utf8')).toBe('after a\n');
    expect(git(at('engine'), 'log', '--format=%s').split('\n')).toContain(`feat(${id}): Task 1.1 - Write a`);
    expect(git(at('shared.git'), 'branch', '--list', 'conductor/*')).toBe('');
    expect(git(at('worker'), 'status', '--porcelain')).toBe('');
    expect(git(at('worker'), 'worktree', 'list').split('\n')).toHaveLength(1);
  });

  it('ends what a worker that was killed here has left running, and removes its copy', async () => {
    const project = await openProject(at('engine'));
    const base = { branch: 'conductor/base/run_1', commit: git(at('engine'), 'rev-parse', 'HEAD') };
    await gitExchange({ root: at('engine') }).publish(base);
    const folders = gitWorkFolders({ root: at('worker'), clock: systemClock(), worktrees: at('copies') });
    const copy = await folders.open({ runId: 'run_1', base });
    const child = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    const ended = once(child, 'exit');
    const record = processRecord(child.pid ?? 0, { clock: systemClock() });
    const left = at('worker', '.conductor', 'workers', processName().replace(/\d+$/u, '999999999'));
    await mkdir(left, { recursive: true });
    await writeFile(join(left, 'run_1'), `${JSON.stringify(record)}\n{"torn`);

    const worker = await workerOf({ store: await storeOf(project.root), agents: async () => 'Nothing' });
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect([existsSync(left), existsSync(copy.workspace.root)]).toEqual([false, false]);
    await worker.stop();
    await project.close();
    expect(await readdir(at('worker', '.conductor', 'workers'))).toEqual([]);
  });

  it('does tasks while its NATS server is away, and so does the engine: both are told once', async () => {
    const told: string[] = [];
    const away = { bus: 'nats://127.0.0.1:1', onWarning: ({ code }: ConductorError) => void told.push(code) } as const;
    const project = await openProject(at('engine'), { agents: { worker: 'remote' }, ...away });
    const limits = { monitorMs: 50 };
    const write: OpenWorkerOptions['agents'] = {
      worker: async (_, { workspace }) => {
        await workspace.write('a.txt', 'a\n');
        return 'Wrote a';
      },
    };
    const worker = await workerOf({ store: await storeOf(project.root), agents: write, limits, ...away });
    const { id } = await project.api.tracks.create({ goal: 'A file', tasks: [{ text: 'Write a', files: ['a.txt'] }] });
    await project.api.tracks.run(id);
    await project.api.tracks.waitFor(id, 'completed');
    expect(await worker.stop()).toEqual({ tasks: 1, failed: 0 });
    await project.close();
    expect(told).toEqual(['BUS_FAILED', 'BUS_FAILED']);
  });

  it('leaves no bus open when it cannot be opened itself: a connection would keep the process', async () => {
    const bus = memoryBus();
    const refused = openWorker(at('worker'), { store: 'sqlite', bus, repo: '--upload-pack=x' });
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(bus.publish([])).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('must be told where the log is, and finds a project in it', async () => {
    await expect(openWorker(at('worker'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const worker = await openWorker(at('worker'), { store: 'sqlite' });
    await expect(worker.run()).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
    await worker.close();
  });
});
