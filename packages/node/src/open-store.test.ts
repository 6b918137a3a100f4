import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ConductorError, defaultLimits, randomIds, systemClock } from '@conductor/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPostgres } from './open-postgres.js';
import { openProject } from './open-project.js';
import type { OpenProjectOptions, Project } from './open-project.js';

let dir = '';
const opened: Project[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'conductor-store-choice-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const project of opened.splice(0)) await project.close();
  await rm(dir, { recursive: true, force: true });
});

const worker: NonNullable<OpenProjectOptions['agents']> = {
  worker: async (_assignment, { workspace }) => {
    await workspace.write('hello.txt', 'Hello\n');
    return 'Wrote hello.txt';
  },
};
const hello = { goal: 'A greeting in hello.txt', tasks: [{ text: 'Write hello.txt', files: ['hello.txt'] }] };

async function open(options: OpenProjectOptions = {}): Promise<Project> {
  const project = await openProject(dir, { create: true, agents: worker, ...options });
  opened.push(project);
  return project;
}

const storeOf = async (project: Project) =>
  (await project.api.system.doctor()).checks.find(({ id }) => id === 'store')?.message ?? '';

describe('the store of a project', () => {
  it('is plain files where the configuration says so: a track runs to its end and is there after a restart', async () => {
    await writeFile(join(dir, 'conductor.config.json'), '{ "store": "files" }');
    const first = await open();
    const { id } = await first.api.tracks.create(hello);
    await first.api.tracks.run(id);
    expect((await first.api.tracks.waitFor(id)).lifecycle).toBe('completed');
    await first.close();
    expect(await readdir(join(dir, '.conductor'))).not.toContain('conductor.db');
    const log = await readFile(join(dir, '.conductor', 'files', 'log', 'log-000001.jsonl'), 'utf8');
    expect(log).toContain('track.completed');
    const again = await open();
    expect(again.projectId).toBe(first.projectId);
    expect((await again.api.tracks.get(id)).lifecycle).toBe('completed');
    expect(await storeOf(again)).toMatch(/^file: \d+ events/u);
  });

  it('is named by a variable before the file, and by an option before both', async () => {
    await writeFile(join(dir, 'conductor.config.json'), '{ "store": "files" }');
    vi.stubEnv('CONDUCTOR_STORE', 'memory');
    expect(await storeOf(await open())).toMatch(/^memory: /u);
    expect(await storeOf(await open({ store: 'sqlite' }))).toMatch(/^sqlite: /u);
    vi.stubEnv('CONDUCTOR_STORE', '');
    expect(await storeOf(await open())).toMatch(/^file: /u);
  });

  it.each(['sqlite', 'files', 'memory'] as const)(
    '%s takes what the limits of the configuration allow',
    async (store) => {
      const limits = { eventBytes: 4_000, foldSnapshotEvery: 1_000 };
      await writeFile(join(dir, 'conductor.config.json'), JSON.stringify({ store, limits }));
      const { api } = await open();
      await api.tracks.create({ name: 'Small', spec: 'word '.repeat(100) });
      const refused = api.tracks.create({ name: 'Large', spec: 'word '.repeat(1_000) });
      await expect(refused).rejects.toMatchObject({ code: 'EVENT_TOO_LARGE' });
    },
  );

  it('lets two handles share plain files: a track of one is run by the other', async () => {
    const one = await open({ store: 'files' });
    const two = await open({ store: 'files' });
    const { id } = await one.api.tracks.create(hello);
    await two.api.tracks.run(id);
    expect((await two.api.tracks.waitFor(id)).lifecycle).toBe('completed');
    expect((await one.api.tracks.get(id)).lifecycle).toBe('completed');
  });

  it('is a Postgres that cannot be reached, which is said without its password', async () => {
    const store = 'postgres://ann:s3cret@127.0.0.1:1/app?password=s3cret' as const; // nobody listens there
    const refused = await open({ store, limits: { storeBusyMs: 1 } }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'STORE_BUSY', message: expect.stringContaining('127.0.0.1:1') });
    expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain('s3cret');
  });

  it('is given up at once by a signal, however long a server says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    const asked = once(silent, 'connection');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo; // it listens on a port
    const abort = new AbortController();
    const reason = new Error('enough');
    const limits = { storeBusyMs: 1 };
    const opening = open({ store: `postgres://ann@127.0.0.1:${port}/app`, limits, signal: abort.signal });
    const refused = expect(opening).rejects.toBe(reason);
    const [socket] = (await asked) as [Socket];
    abort.abort(reason);
    await refused;
    expect(await readdir(join(dir, '.conductor', 'tmp'))).toEqual([]);
    socket.destroy();
    silent.close();
  });

  it('tells which package is missing for a Postgres', async () => {
    const limits = defaultLimits;
    const load = () => Promise.reject(new Error('Cannot find package'));
    const refused = openPostgres('postgres://db/app', { clock: systemClock(), ids: randomIds(), limits, load });
    await expect(refused).rejects.toMatchObject({
      code: 'CAPABILITY_MISSING',
      hint: expect.stringContaining('npm install postgres'),
    });
  });

  it.each(['postgres://', 'postgresql://', 'postgres://ann:s3/cret@db/app'])(
    'is refused when its address is %s',
    async (store) => {
      const refused = await open({ store: store as 'memory' }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('%2F') });
      expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain('s3/cret');
    },
  );

  it.each(['oracle', 'mysql://ann:s3cret@db/app', 'ann:s3cret@db/app', ''])(
    'is refused when it is %s, without its password',
    async (store) => {
      const refused = await open({ store: store as 'memory' }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('sqlite, files') });
      expect(
        ConductorError.is(refused) && JSON.stringify([refused.message, refused.hint, refused.details]),
      ).not.toContain('s3cret');
    },
  );
});
