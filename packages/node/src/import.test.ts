import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openProject } from './open-project.js';
import type { OpenProjectOptions, Project } from './open-project.js';

let dir = '';
let project: Project | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'conductor-import-'));
});
afterEach(async () => {
  await project?.close();
  project = undefined;
  await rm(dir, { recursive: true, force: true });
});

const put = async (path: string, content: string | Uint8Array) => {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await writeFile(join(dir, path), content);
};
const get = (path: string) => readFile(join(dir, path), 'utf8');
const open = async (options: OpenProjectOptions = {}) => {
  await project?.close();
  return (project = await openProject(dir, { git: 'off', ...options }));
};
/** Everything below a folder of the project, links not followed. */
const tree = async (path: string) => {
  const entries = await readdir(join(dir, path), { recursive: true, withFileTypes: true });
  return entries.map((entry) => relative(join(dir, path), join(entry.parentPath, entry.name))).sort();
};

const spec =
  '# Spec\n\n## Goal\n\nHello\n\n## Requirements\n\n- R1: a\n\n## Acceptance Criteria\n\n- hello.txt says hello\n';
const plan = '# Plan\n\n## Phase 1: Work\n\n- [ ] Task 1.1: Write hello.txt\n  - Files: hello.txt\n';
const worker: NonNullable<OpenProjectOptions['agents']> = {
  worker: async (_assignment, { workspace }) => {
    await workspace.write('hello.txt', 'hello\n');
    return 'Wrote hello.txt';
  },
};

describe('a project with folders of tracks', () => {
  it('takes any name of a folder, and makes a kebab slug with the date of the day for a new track [FMT-02]', async () => {
    const names = [
      'a-feature_20250102',
      'short_name_20250102',
      'phase-4',
      '名前',
      'v1.2 (draft) [x]',
      'UPPER',
      '{a,b}',
      'ünïcode',
    ];
    for (const name of names) await put(`conductor/tracks/${name}/plan.md`, plan);
    const { api } = await open();
    expect((await api.tracks.list()).items.map(({ id }) => id).sort()).toEqual([...names].sort());
    for (const name of names) expect((await api.plans.get(name)).plan.phases).toHaveLength(1);
    const { id, createdAt } = await api.tracks.create({ goal: 'Ein Gruß & "Hello, World!" — für alle' });
    expect(id).toBe(`ein-gruss-hello-world-fur-alle_${createdAt.slice(0, 10).replaceAll('-', '')}`);
  });

  it('refuses what is hostile with a finding, and writes nothing there', async () => {
    await put('elsewhere/plan.md', plan);
    await put('conductor/tracks/good/plan.md', plan);
    await put('conductor/tracks/Good/plan.md', plan);
    await put('conductor/tracks/a:b/plan.md', plan);
    await put('conductor/tracks/a\\b/plan.md', plan);
    await put('conductor/tracks/nul/plan.md', plan);
    await put('conductor/tracks/line\nend/plan.md', plan);
    await put('conductor/tracks/linked-plan/spec.md', spec);
    await put('conductor/tracks/linked-bus/plan.md', plan);
    await put('conductor/tracks/empty/notes.txt', 'nothing of a track');
    await symlink(join(dir, 'elsewhere'), join(dir, 'conductor/tracks/inside'));
    await symlink(tmpdir(), join(dir, 'conductor/tracks/outside'));
    await symlink(join(dir, 'elsewhere/plan.md'), join(dir, 'conductor/tracks/linked-plan/plan.md'));
    await symlink(join(dir, 'elsewhere'), join(dir, 'conductor/tracks/linked-bus/.message-bus'));
    const before = [await tree('conductor'), await tree('elsewhere')];
    const { api } = await open();
    expect((await api.tracks.list()).items.map(({ id }) => id)).toEqual(['Good']);
    const { checks } = await api.system.doctor();
    expect(checks.find(({ id }) => id === 'folders')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('a:b'),
    });
    for (const name of ['a:b', 'a\\b', '../elsewhere', '..', 'inside/', 'line\nend'])
      await expect(api.tracks.get(name), name).rejects.toMatchObject({ code: 'ID_INVALID' });
    for (const name of ['good', 'inside', 'outside', 'linked-plan', 'linked-bus', 'nul', 'nobody'])
      await expect(api.tracks.run(name), name).rejects.toMatchObject({ code: 'TRACK_NOT_FOUND' });
    expect([await tree('conductor'), await tree('elsewhere')]).toEqual(before);
  });

  it('takes over a folder that comes later as soon as somebody names it, even an empty one', async () => {
    const { api } = await open({ create: true });
    await put('conductor/tracks/later/plan.md', plan);
    await put('conductor/tracks/bare/notes.txt', 'only notes');
    await expect(api.tracks.get('later')).resolves.toMatchObject({ id: 'later', step: 'EVALUATE_PLAN' });
    await expect(api.plans.get('later')).resolves.toMatchObject({ plan: { title: 'Plan' } });
    await expect(api.tracks.get('bare')).resolves.toMatchObject({ step: 'PLAN', stepStatus: 'NOT_STARTED' });
  });

  it('brings an old metadata.json to version 3 with its first change, keeps the old one beside it, and does so once', async () => {
    const old =
      '{\r\n\t"zeta": 1,\r\n\t"status": "new",\r\n\t"track_id": "old",\r\n\t"description": "Say hello",\r\n\t"tags": ["x"]\r\n}\r\n';
    await put('conductor/tracks/old/metadata.json', old);
    await put('conductor/tracks/old/plan.md', plan);
    await put('conductor/tracks/old/spec.md', spec);
    const { api } = await open({ agents: worker });
    expect(await tree('conductor')).toEqual([
      'tracks',
      'tracks/old',
      ...['metadata.json', 'plan.md', 'spec.md'].map((name) => `tracks/old/${name}`),
    ]);
    await api.tracks.run('old');
    expect(await api.tracks.waitFor('old')).toMatchObject({ lifecycle: 'completed' });
    await project?.close();
    expect(await get('conductor/tracks/old/metadata.json.v1.bak')).toBe(old);
    const text = await get('conductor/tracks/old/metadata.json');
    expect(
      text.startsWith(
        '{\r\n\t"zeta": 1,\r\n\t"status": "complete",\r\n\t"track_id": "old",\r\n\t"description": "Say hello",\r\n\t"tags": ["x"],',
      ),
    ).toBe(true);
    expect(JSON.parse(text)).toMatchObject({
      version: 3,
      loop_state: { current_step: 'COMPLETE', step_status: 'PASSED' },
    });
    const again = await open();
    await again.api.tracks.move('old', { to: 'archived' });
    await again.close();
    expect((await tree('conductor/tracks/old')).filter((name) => name.endsWith('.bak'))).toEqual([
      'metadata.json.v1.bak',
    ]);
  });

  it('writes a file in the encoding that it had', async () => {
    const text = JSON.stringify({
      version: 3,
      name: 'Grüße',
      loop_state: { current_step: 'PLAN', step_status: 'NOT_STARTED' },
    });
    await put('conductor/tracks/wide/metadata.json', new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le')));
    await put('conductor/tracks/mark/metadata.json', `\ufeff${text}`);
    const { api } = await open();
    for (const id of ['wide', 'mark']) await api.tracks.update(id, { type: 'chore' });
    await project?.close();
    const wide = (await readFile(join(dir, 'conductor/tracks/wide/metadata.json'))).toString('utf16le');
    const mark = await get('conductor/tracks/mark/metadata.json');
    for (const written of [wide, mark]) {
      expect(written.startsWith('\ufeff{')).toBe(true);
      expect(JSON.parse(written.slice(1))).toMatchObject({ name: 'Grüße', type: 'chore' });
    }
  });

  it('leaves a file alone that cannot be read, until somebody mends it', async () => {
    const broken = '{"version": 3, "name": "Half';
    await put('conductor/tracks/half/metadata.json', broken);
    await put('conductor/tracks/half/plan.md', plan);
    const { api } = await open();
    await api.tracks.update('half', { type: 'chore' });
    await open();
    expect(await get('conductor/tracks/half/metadata.json')).toBe(broken);
    await put('conductor/tracks/half/metadata.json', '{"version": 3, "name": "Whole"}');
    await project?.api.tracks.update('half', { priority: 'P1' });
    await project?.close();
    expect(JSON.parse(await get('conductor/tracks/half/metadata.json'))).toMatchObject({
      name: 'Whole',
      type: 'chore',
      priority: 'P1',
    });
    const { api: later } = await open();
    expect(await later.tracks.get('half')).toMatchObject({ name: 'Whole', priority: 'P1' });
  });
});

describe('metadata.json on a disk', () => {
  it('is written under its lock folder, never half, and a lock that was left behind is taken over [FMT-28]', async () => {
    const warned: unknown[] = [];
    const logger = {
      debug() {},
      info() {},
      error() {},
      warn: (_text: string, about?: object) => void warned.push(about),
      with: () => logger,
    };
    const { api } = await open({ create: true, logger });
    const { id } = await api.tracks.create({ goal: 'Hello' });
    const folder = `conductor/tracks/${id}`;
    const named = async () => (JSON.parse(await get(`${folder}/metadata.json`)) as { readonly name: string }).name;
    const lock = join(dir, folder, '.metadata.lock');

    await mkdir(lock); // another tool is in the middle of its change
    const next = await open({ logger });
    await next.api.tracks.update(id, { name: 'Locked out' });
    await next.close();
    expect(await named()).toBe('Hello');
    expect(warned).toContainEqual({ code: 'VIEW_LOCKED' });

    const longAgo = new Date(Date.now() - 120_000);
    await utimes(lock, longAgo, longAgo); // and has died since
    const last = await open({ logger });
    await last.api.tracks.update(id, { name: 'Stale' });
    await last.close();
    expect(await named()).toBe('Stale');
    expect(existsSync(lock)).toBe(false);

    const many = await open({ logger });
    let writing = true;
    const seen = new Set<string>();
    const reading = (async () => {
      while (writing) seen.add(await named()); // a half-written file would not parse
    })();
    for (let at = 0; at < 25; at += 1) await many.api.tracks.update(id, { name: `Name ${at}` });
    await many.close();
    writing = false;
    await reading;
    expect(await named()).toBe('Name 24');
    expect((await tree(folder)).filter((name) => name.includes('.tmp') || name.includes('.lock'))).toEqual([]);
  });
});
