import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openProject } from './open-project.js';
import type { OpenProjectOptions } from './open-project.js';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'conductor-node-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const worker: NonNullable<OpenProjectOptions['agents']> = {
  worker: async ({ trackId }, { workspace }) => {
    await workspace.write('hello.txt', `Hello from ${trackId}\n`);
    return 'Wrote hello.txt';
  },
};
const hello = { goal: 'A greeting in hello.txt', tasks: [{ text: 'Write hello.txt', files: ['hello.txt'] }] };

describe('openProject', () => {
  it('runs a track from a goal to COMPLETE in an empty folder, and leaves the files people read', async () => {
    const project = await openProject(join(dir, 'hello'), { create: true, agents: worker });
    const { tracks, events } = project.api;
    const { id } = await tracks.create(hello);
    const run = await tracks.run(id);
    const seen: string[] = [];
    for await (const event of events.follow(run.feed)) seen.push(event.type);
    expect(seen.at(-1)).toBe('loop.stopped');
    expect((await tracks.get(id)).lifecycle).toBe('completed');
    await project.close();
    const read = (path: string) => readFile(join(dir, 'hello', path), 'utf8');
    expect(await read('hello.txt')).toBe(`Hello from ${id}\n`);
    expect(await read(`conductor/tracks/${id}/plan.md`)).toContain('- [x] Task 1.1: Write hello.txt');
    expect(JSON.parse(await read(`conductor/tracks/${id}/metadata.json`))).toMatchObject({
      version: 3,
      status: 'complete',
    });
    expect(await read('conductor/tracks.md')).toMatch(/## Completed Tracks[\s\S]*a-greeting/u);
    expect(await read(`conductor/tracks/${id}/completion-report.md`)).toContain('hello.txt');
    expect(await read(`conductor/tracks/${id}/.message-bus/queue.jsonl`)).toContain('TASK_COMPLETE');
  });

  it('commits the work in a repository, path by path, with its key as trailer', async () => {
    const root = join(dir, 'repo');
    await mkdir(root);
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8', timeout: 20_000 });
    git('init', '-q');
    await writeFile(join(root, 'mine.txt'), 'a person works here\n');
    git('add', 'mine.txt');
    git('-c', 'user.name=p', '-c', 'user.email=p@example.org', 'commit', '-q', '-m', 'first');
    await writeFile(join(root, 'mine.txt'), 'and has not committed this\n');
    const project = await openProject(root, { create: true, agents: worker });
    const { id } = await project.api.tracks.create(hello);
    await project.api.tracks.run(id);
    await project.api.tracks.waitFor(id);
    const { plan } = await project.api.plans.get(id);
    await project.close();
    const sha = plan.phases[0]?.tasks[0]?.commit ?? '';
    expect(git('show', '--name-only', '--format=%s', sha)).toBe(
      `feat(${id}): Task 1.1 - Write hello.txt\n\nhello.txt\n`,
    );
    expect(git('log', '-1', '--format=%(trailers:key=Conductor-Key,valueonly)', sha)).toContain(
      `${id}/EXECUTE/1.1@1/1`,
    );
    expect(git('status', '--short', 'mine.txt')).toBe(' M mine.txt\n');
  });

  it('goes on where an earlier process stopped, with the same project id', async () => {
    const first = await openProject(dir, { create: true });
    const { id } = await first.api.tracks.create(hello);
    await first.api.tracks.run(id);
    expect((await first.api.tracks.waitFor(id)).lastStop).toBe('error'); // nobody was handed in
    await first.close();
    const second = await openProject(dir, { agents: worker });
    expect(second.projectId).toBe(first.projectId);
    await second.api.tracks.run(id);
    expect((await second.api.tracks.waitFor(id)).lifecycle).toBe('completed');
    await second.close();
  });

  it('lets two processes share a store: the second one is told who runs a track', async () => {
    const one = await openProject(dir, {
      create: true,
      agents: {
        worker: (_a, { signal }) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      },
    });
    const two = await openProject(dir, { agents: worker });
    const { id } = await one.api.tracks.create(hello);
    await one.api.tracks.run(id);
    await expect(two.api.tracks.run(id)).rejects.toMatchObject({ code: 'TRACK_HELD' });
    await one.close();
    await two.api.tracks.run(id);
    expect((await two.api.tracks.waitFor(id)).lifecycle).toBe('completed');
    await two.close();
  });

  it('runs a command of a JSON configuration as an agent', async () => {
    const script =
      "require('fs').writeFileSync('hello.txt','by a command');console.log(JSON.stringify({status:'done',summary:'ok'}))";
    await writeFile(
      join(dir, 'conductor.config.json'),
      JSON.stringify({ agents: { worker: { command: ['node', '-e', script] } } }),
    );
    const project = await openProject(dir);
    const { id } = await project.api.tracks.create(hello);
    await project.api.tracks.run(id);
    expect((await project.api.tracks.waitFor(id)).lifecycle).toBe('completed');
    await project.close();
    expect(await readFile(join(dir, 'hello.txt'), 'utf8')).toBe('by a command');
  });

  it('does not make a project where nobody asked for one', async () => {
    await expect(openProject(join(dir, 'nothing'))).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
    await expect(stat(join(dir, 'nothing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['short', 'not a database'],
    ['long', 'not a database, '.repeat(500)],
  ])('refuses a store that is no database (%s), and leaves it as it is', async (_size, text) => {
    await (await openProject(dir, { create: true })).close();
    const path = join(dir, '.conductor', 'conductor.db');
    await writeFile(path, text);
    await expect(openProject(dir)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('keeps its state to the owner, and names it in a .gitignore of its own', async () => {
    await (await openProject(dir, { create: true })).close();
    expect((await stat(join(dir, '.conductor', 'owners'))).mode & 0o777).toBe(0o700);
    expect(await readFile(join(dir, '.conductor', '.gitignore'), 'utf8')).toContain('conductor.db\n');
    await chmod(join(dir, '.conductor'), 0o755);
    await writeFile(join(dir, '.conductor', '.gitignore'), 'mine\n');
    await (await openProject(dir)).close();
    expect(await readFile(join(dir, '.conductor', '.gitignore'), 'utf8')).toBe('mine\n');
  });
});
