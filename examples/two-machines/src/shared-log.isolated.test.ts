import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@conductor/core';
import type { Content, Outcome } from '@conductor/core/ports';
import { backupProject, checkProjectStore, openProject, openWorker, tidyProject } from '@conductor/node';
import type { OpenProjectOptions, Project } from '@conductor/node';
import { storedSnapshots } from '@conductor/store';
import { fileArtifacts } from '@conductor/store/file';
import { postgresArtifacts, postgresStore } from '@conductor/store/postgres';
import type { PostgresStoreOptions } from '@conductor/store/postgres';
import postgres from 'postgres';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPostgresIfPossible } from '../../../packages/store/test/postgres-server.js';

const server = await startPostgresIfPossible();
const clock = systemClock();

/** Longer than what is kept in an event. */
const transcript = Array.from({ length: 12_000 }, (_, line) => `said ${line}`).join('\n');
const outcome: Outcome = { status: 'done', summary: 'Wrote hello.txt', transcript: { text: transcript } };
const plan = `# Greeting\n\n## Phase 1: Write\n\n- [ ] Task 1.1: Write hello.txt\n  - **Type**: docs\n  - **Acceptance**: hello.txt exists\n  - **Files**: hello.txt\n  - **Depends On**: none\n`;
const spec =
  '# Greeting\n\n## Requirements\n\n- hello.txt greets\n\n## Acceptance Criteria\n\n- [ ] hello.txt exists\n';
const agents: NonNullable<OpenProjectOptions['agents']> = {
  planner: async () => ({ status: 'done', summary: 'Planned', answer: { plan } }),
  worker: async (_assignment, { workspace }) => {
    await workspace.write('hello.txt', 'Hello\n');
    return outcome;
  },
};

describe.skipIf(server === undefined)('a project on Postgres', () => {
  if (server === undefined) return;
  afterAll(() => server.stop());

  let outer = '';
  let schemas = 0;
  let store: `postgres://${string}` = 'postgres://';
  const opened: { close(): Promise<void> }[] = [];
  beforeEach(async () => {
    outer = await realpath(await mkdtemp(join(tmpdir(), 'conductor-machines-')));
    schemas += 1;
    store = `${server.url}?schema=project_${schemas}` as `postgres://${string}`; // as the server says it
  });
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
    await rm(outer, { recursive: true, force: true });
  });

  /** A machine has a folder of its own. */
  const machine = async (name: string, options: OpenProjectOptions = {}): Promise<Project> => {
    const project = await openProject(join(outer, name), { create: true, store, agents, ...options });
    opened.push(project);
    return project;
  };
  /** A host of another kind: store and artifacts by themselves, without a folder. */
  const bare = async () => {
    const connect: PostgresStoreOptions['connect'] = (o) => postgres(server.url, o);
    const options = { connect, clock, schema: `project_${schemas}` };
    const [log, artifacts] = [await postgresStore(options), postgresArtifacts(options)];
    opened.push(log, artifacts);
    return { store: log, artifacts };
  };
  const textOf = async (project: Project, id: string) =>
    new Response((await project.api.artifacts.get(id)).body).text();
  const transcriptOf = async (project: Project, trackId: string): Promise<string> => {
    const { items } = await project.api.events.list({ trackId, types: ['task.reported'] });
    const reported = items[0]?.data as unknown as { readonly transcript: Content } | undefined; // of an event of ours
    return reported && 'artifact' in reported.transcript ? reported.transcript.artifact : 'none';
  };
  const onDisk = (name: string) => existsSync(join(outer, name, '.conductor', 'artifacts'));

  it('goes from a spec to COMPLETE on one machine, and another one reads all of it: log, artifacts and snapshots', async () => {
    const one = await machine('one', { limits: { foldSnapshotEvery: 10 } });
    const two = await machine('two');
    expect(two.projectId).toBe(one.projectId);
    const { id } = await one.api.tracks.create({ name: 'Greeting', spec });
    await one.api.tracks.run(id);
    expect(await one.api.tracks.waitFor(id)).toMatchObject({ lifecycle: 'completed' });
    expect(await readFile(join(outer, 'one', 'hello.txt'), 'utf8')).toBe('Hello\n');

    expect((await two.api.tracks.get(id)).lifecycle).toBe('completed');
    const artifact = await transcriptOf(two, id);
    expect(await textOf(two, artifact)).toBe(transcript);
    await one.close(); // what it kept of its state is written when it stops
    const snapshots = storedSnapshots(await bare());
    const head = await snapshots.latest(`track/${id}`);
    expect(JSON.stringify(await snapshots.read(head?.id ?? ''))).toContain('hello.txt');
    expect(['one', 'two'].map(onDisk)).toEqual([false, false]);
  });

  it('takes a long transcript from a worker on another machine, which has a clone and the same store', async () => {
    const git = (folder: string, ...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=Jo', '-c', 'user.email=jo@example.com', ...args], {
        cwd: join(outer, folder),
        stdio: 'pipe',
      });
    git('.', 'init', '--quiet', '--bare', '--initial-branch=main', 'shared.git');
    git('.', 'clone', '--quiet', 'shared.git', 'engine');
    await writeFile(join(outer, 'engine', 'conductor.config.json'), '{}');
    git('engine', 'add', '-A');
    git('engine', 'commit', '--quiet', '-m', 'first');
    git('engine', 'push', '--quiet', 'origin', 'HEAD:main');
    git('.', 'clone', '--quiet', '--branch=main', 'shared.git', 'worker');
    const engine = await machine('engine', { agents: { worker: 'remote' } });
    const worker = await openWorker(join(outer, 'worker'), { store, agents });
    const end = new AbortController();
    const done = worker.run({ signal: end.signal });
    const { id } = await engine.api.tracks.create({ goal: 'A greeting', plan });
    await engine.api.tracks.run(id);
    await engine.api.tracks.waitFor(id, 'completed');
    end.abort();
    expect(await done).toEqual({ tasks: 1, failed: 0 });
    await worker.close();
    expect(await textOf(engine, await transcriptOf(engine, id))).toBe(transcript);
    expect(['engine', 'worker'].map(onDisk)).toEqual([false, false]);
  });

  it('still reads the artifacts that lie in a folder from before they were shared, there', async () => {
    const directory = join(outer, 'one', '.conductor', 'artifacts');
    await mkdir(directory, { recursive: true });
    const { id } = await fileArtifacts({ directory, clock }).put(new TextEncoder().encode('from before'));
    expect(await textOf(await machine('one'), id)).toBe('from before');
    await expect((await machine('two')).api.artifacts.get(id)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  });

  it('makes no backup by itself, and names the commands that do, without a password', async () => {
    await machine('one');
    const secret = store.replace('postgres@', 'postgres:s3cret@');
    await writeFile(join(outer, 'one', 'conductor.config.json'), JSON.stringify({ store: secret }));
    const refused: unknown = await backupProject(join(outer, 'one'), join(outer, 'copy')).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('postgres') });
    expect(refused).toMatchObject({ hint: expect.stringContaining(`pg_dump --schema=project_${schemas} `) });
    expect(refused).toMatchObject({ hint: expect.stringContaining('conductor export --out') });
    expect(JSON.stringify(refused)).not.toContain('s3cret');
    expect(existsSync(join(outer, 'copy'))).toBe(false);
  });

  it('is tidied from any machine: artifacts that no event and no row names go, the others stay and are checked', async () => {
    const one = await machine('one');
    const other = await bare();
    const { artifacts } = other;
    const loose = await artifacts.put(new TextEncoder().encode('nobody needs this'));
    const { id: artifact } = await artifacts.put(new TextEncoder().encode(transcript));
    await other.store.commit({
      appends: [
        { stream: 'acme/1', expectedVersion: 0, events: [{ type: 'acme/thing.noticed', v: 1, data: { artifact } }] },
      ],
      meta: { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'user', id: 'jo' } },
    });
    await machine('two');
    await writeFile(
      join(outer, 'two', 'conductor.config.json'),
      JSON.stringify({ store, limits: { artifactGraceMs: 0 } }),
    );
    await clock.sleep(2); // older than nothing
    expect(await tidyProject(join(outer, 'two'))).toMatchObject({ artifacts: 1, artifactBytes: loose.bytes });
    expect(await textOf(one, artifact)).toBe(transcript);
    const checks = await checkProjectStore(join(outer, 'two'), { deep: true });
    expect(checks.map(({ id: check, status }) => [check, status])).toEqual([
      ['place', 'ok'],
      ['content', 'skip'],
      ['artifacts', 'ok'],
    ]);
    await artifacts.sweep(() => false, { olderThanMs: -1_000 });
    const [, , lost] = await checkProjectStore(join(outer, 'one'), {
      deep: true,
      config: join(outer, 'two', 'conductor.config.json'),
    });
    expect(lost).toMatchObject({ status: 'warn', message: expect.stringContaining(artifact) });
  });
});
