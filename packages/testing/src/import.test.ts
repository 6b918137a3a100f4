import { describe, expect, it } from 'vitest';
import { sha256Hex } from '@conductor/core/hash';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine, TestEngineOptions } from './create-test-engine.js';
import { dataOf, facts, replayed, steeredWorkers } from './scenario.js';

const folder = (id: string) => `conductor/tracks/${id}`;
const inFolder = (id: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder(id)}/${name}`, text]));
/** With a number that no double can hold. */
const json = (value: unknown) =>
  `${JSON.stringify(value, undefined, 2).replace('"load": 1', '"load": 12345678901234567890')}\n`;

const spec =
  '# Spec: Greet\n\n## Goal\n\nSay hello.\n\n## Requirements\n\n- R1: a\n\n## Acceptance Criteria\n\n- a.txt says hello\n';
const plan = `# Plan: Greet

## Phase 1: Work

- [x] Task 1.1: Write a [abc1234]
  - Files: a.txt
- [~] Task 1.2: Write b
  - Files: b.txt
- [ ] Task 1.3: Write c
  - Files: c.txt
`;
const v3 = {
  version: 3,
  track_id: 'greet_20250102',
  name: 'Greeting',
  type: 'bugfix',
  status: 'in_progress',
  priority: 'P1',
  created_at: '2025-01-02',
  updated_at: '2025-01-05T10:00:00+02:00',
  owner: { team: 'core', load: 1 },
  loop_state: {
    current_step: 'EXECUTE',
    step_status: 'IN_PROGRESS',
    execution_mode: 'SEQUENTIAL',
    fix_cycle_count: 1,
    max_fix_cycles: 5,
    checkpoints: {
      PLAN: { status: 'PASSED', plan_version: 2, agent: 'loop-planner' },
      EVALUATE_PLAN: { status: 'PASSED', verdict: 'PASS' },
      EXECUTE: { status: 'IN_PROGRESS', tasks_completed: 2, tasks_total: 3, commits: ['abc1234', 'def5678'] },
      ENRICH: { status: 'DONE' },
    },
  },
  board_sessions: [],
  lead_consultations: [],
  discovered_work: ['a text'],
  blockers: [],
};

/** Every file of the project that is not of the engine's own, with its text. */
async function allFiles({ workspace, read }: TestEngine): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for await (const { path } of workspace.list('**')) found[path] = (await read(path)) ?? '';
  return found;
}

async function opened(files: Readonly<Record<string, string>>, options: Omit<TestEngineOptions, 'files'> = {}) {
  const workers = steeredWorkers();
  const test = await createTestEngine({ files, agents: workers.agents, ...options });
  return { test, workers };
}

describe('a project with folders of tracks that have no history here', () => {
  const work = { 'a.txt': 'hello\n' };
  const files: Readonly<Record<string, string>> = {
    ...work,
    ...inFolder('greet_20250102', { 'spec.md': spec, 'plan.md': plan, 'metadata.json': json(v3) }),
  };

  it('takes each over once, with its files by hash, its state, its plan and its unknown keys, and writes nothing', async () => {
    const { test } = await opened(files);
    expect(await allFiles(test)).toEqual(files);
    const [imported, ...more] = await facts(test, 'greet_20250102');
    expect(more).toEqual([]);
    expect(imported?.type).toBe('track.imported');
    expect(dataOf(imported)).toMatchObject({
      name: 'Greeting',
      type: 'bugfix',
      priority: 'P1',
      source: 'imported',
      flags: { superpower: false },
      policy: { limits: { maxFixCycles: 5 } },
      loop: { step: 'EXECUTE', status: 'IN_PROGRESS', mode: 'SEQUENTIAL', fixCycles: 1, planRevisions: 1 },
      createdAt: '2025-01-02T00:00:00.000Z',
      plan: { text: { text: plan } },
    });
    expect(dataOf(imported)['extra']).toEqual({ owner: expect.stringContaining('12345678901234567890') });
    expect(dataOf(imported)['files']).toEqual(
      ['metadata.json', 'plan.md', 'spec.md'].map((name) => ({
        path: `${folder('greet_20250102')}/${name}`,
        hash: sha256Hex(files[`${folder('greet_20250102')}/${name}`] ?? ''),
      })),
    );
    const all = await test.events();
    const added = all.find(({ type }) => type === 'registry.added');
    expect(added?.commit).toBe(imported?.commit);
    expect(await test.api.tracks.list()).toMatchObject({
      items: [{ id: 'greet_20250102', name: 'Greeting', step: 'EXECUTE' }],
    });
    expect(await test.api.tracks.get('greet_20250102')).toEqual(await replayed(test, 'greet_20250102'));
    await test.close();
    const again = await createTestEngine({ ports: test.ports });
    expect(await again.events()).toEqual(all);
    await again.close();
  });

  it('goes on where their state says, and never does again what is done', async () => {
    const { test, workers } = await opened(files);
    await test.api.tracks.run('greet_20250102');
    expect((await test.api.tracks.waitFor('greet_20250102')).lifecycle).toBe('completed');
    const tasks = workers.calls.flatMap((call) => ('task' in call ? [call.task.id] : []));
    expect(tasks).toEqual(['1.2', '1.3']);
    expect(workers.calls.every(({ step }) => step !== 'PLAN' && step !== 'EVALUATE_PLAN')).toBe(true);
    await test.close();
  });
});

const done = plan.replaceAll(/\[[ ~]\]/gu, '[x]');
const written = { 'a.txt': 'hello\n', 'b.txt': 'b\n', 'c.txt': 'c\n' };

/** The state of the only track of these files, right after the project was opened. */
async function takenOver(files: Readonly<Record<string, string>>, id = 'greet_20250102') {
  const { test, workers } = await opened({ ...written, ...inFolder(id, files) });
  const [imported] = await facts(test, id, 'track.imported');
  const findings = (dataOf(imported)['findings'] ?? []) as readonly { readonly code: string; readonly line?: number }[];
  return { test, workers, track: await test.api.tracks.get(id), imported: dataOf(imported), findings };
}

describe('a folder that cannot be looked into', () => {
  it('is a finding that names it, and keeps no other folder waiting', async () => {
    const names = ['a-first', 'b-locked', 'c-last'];
    const { test } = await opened(Object.assign({}, ...names.map((name) => inFolder(name, { 'plan.md': plan }))), {
      trackFolders: {
        list: async () => names.map((name) => ({ name })),
        async entries(name) {
          if (name === 'b-locked') throw new Error(`EACCES: permission denied, scandir '${name}'`);
          return [{ name: 'plan.md' }];
        },
      },
    });
    expect((await test.api.tracks.list()).items.map(({ id }) => id).toSorted()).toEqual(['a-first', 'c-last']);
    const { checks } = await test.api.system.doctor();
    expect(checks.find(({ id }) => id === 'folders')).toMatchObject({
      status: 'warn',
      message: "conductor/tracks/b-locked: EACCES: permission denied, scandir 'b-locked'",
    });
    await test.close();
  });
});

describe('where a track stands that is taken over', () => {
  it.each([
    ['nothing but a spec', { 'spec.md': spec }, 'PLAN', 'NOT_STARTED', 'draft'],
    ['a plan', { 'plan.md': plan.replaceAll(/\[[x~]\]/gu, '[ ]') }, 'EVALUATE_PLAN', 'NOT_STARTED', 'ready'],
    ['a plan that was begun', { 'plan.md': plan }, 'EXECUTE', 'IN_PROGRESS', 'ready'],
    ['a plan that is done', { 'plan.md': done }, 'EVALUATE_EXECUTION', 'NOT_STARTED', 'ready'],
    [
      'an execution that failed',
      { 'plan.md': done, 'evaluation-report.md': '# Execution Evaluation Report\n\nVerdict: FAIL\n' },
      'FIX',
      'NOT_STARTED',
      'ready',
    ],
    ['a finished status', { 'metadata.json': json({ status: 'completed' }) }, 'COMPLETE', 'PASSED', 'completed'],
    ['a cancelled status', { 'metadata.json': json({ status: 'cancelled' }) }, 'PLAN', 'NOT_STARTED', 'cancelled'],
  ])('is read off its folder where no metadata says it: %s', async (_what, files, step, stepStatus, lifecycle) => {
    const { test, track } = await takenOver(files);
    expect(track).toMatchObject({ step, stepStatus, lifecycle });
    await test.close();
  });

  it('is what its file says, and a step or a status that nobody knows blocks it until a person decides [DATA-03]', async () => {
    const strange = {
      ...v3,
      status: 'Waiting for QA',
      loop_state: { ...v3.loop_state, current_step: 'GAME_VERIFICATION', step_status: 'WAITING_FOR_USER' },
    };
    const { test, track, findings, workers } = await takenOver({
      'spec.md': spec,
      'plan.md': done,
      'metadata.json': json(strange),
    });
    expect(findings).toContainEqual(expect.objectContaining({ code: 'STATE_UNKNOWN', severity: 'error' }));
    for (const item of ['status', 'loop_state.current_step', 'loop_state.step_status'])
      expect(findings).toContainEqual(
        expect.objectContaining({ code: 'METADATA_UNREAD', item, line: expect.any(Number) }),
      );
    expect(track).toMatchObject({ step: 'EVALUATE_EXECUTION', stepStatus: 'BLOCKED', blockers: [{ active: true }] });

    await test.api.tracks.run('greet_20250102');
    const asked = await test.api.tracks.waitFor('greet_20250102');
    expect(workers.calls).toEqual([]);
    const read = async () =>
      JSON.parse((await test.read(`${folder('greet_20250102')}/metadata.json`)) ?? '') as unknown;
    const kept = {
      status: 'Waiting for QA',
      owner: { team: 'core' },
      loop_state: {
        current_step: 'GAME_VERIFICATION',
        step_status: 'WAITING_FOR_USER',
        checkpoints: { ENRICH: { status: 'DONE' } },
      },
    };
    expect(await read()).toMatchObject(kept);

    await test.api.approvals.decide(asked.approvals[0] ?? '', { outcome: 'approved' });
    await test.api.tracks.run('greet_20250102');
    expect((await test.api.tracks.waitFor('greet_20250102')).lifecycle).toBe('completed');
    expect(await read()).toMatchObject({
      status: 'complete',
      loop_state: { current_step: 'COMPLETE', checkpoints: { ENRICH: { status: 'DONE' } } },
    });
    await test.close();
  });

  it('counts the marks of its plan, not the counter of its metadata, which is corrected, and that is said [RES-03]', async () => {
    const { test, track, findings, workers } = await takenOver({
      'spec.md': spec,
      'plan.md': plan,
      'metadata.json': json(v3),
    });
    expect(track.progress).toMatchObject({ total: 3, done: 1 });
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'TASKS_CORRECTED', message: expect.stringContaining('plan.md counts') }),
    );
    workers.hold('1.2');
    await test.api.tracks.run('greet_20250102');
    await test.api.tracks.waitFor('greet_20250102', ({ progress }) => progress.running === 1);
    await test.clock.settle();
    const counted = async () =>
      (JSON.parse((await test.read(`${folder('greet_20250102')}/metadata.json`)) ?? '') as typeof v3).loop_state
        .checkpoints.EXECUTE.tasks_completed;
    expect(await counted()).toBe(1);
    // Somebody counts on in the file while the track rests: the plan still counts.
    await test.close();
    const path = `${folder('greet_20250102')}/metadata.json`;
    const text = (await test.read(path)) ?? '';
    await test.workspace.replace(
      path,
      new TextEncoder().encode(text.replace('"tasks_completed": 1', '"tasks_completed": 9')),
    );
    workers.letGo('1.2');
    const next = await createTestEngine({ ports: test.ports, agents: workers.agents });
    workers.hold('1.3');
    await next.api.tracks.run('greet_20250102');
    await next.api.tracks.waitFor('greet_20250102', ({ progress }) => progress.done === 2 && progress.running === 1);
    const noted = await facts(next, 'greet_20250102', 'edit.noted');
    expect(noted.map((event) => dataOf(event)['findings']).flat()).toContainEqual(
      expect.objectContaining({ code: 'METADATA_REFUSED', path, line: expect.any(Number) }),
    );
    await next.clock.settle();
    expect(await counted()).toBe(2);
    workers.letGo('1.3');
    await next.api.tracks.waitFor('greet_20250102');
    await next.close();
  });

  it('belongs to the legacy family of agents unless its metadata says superpowers [FMT-20]', async () => {
    for (const [metadata, agent] of [
      [{ ...v3 }, 'loop-executor'],
      [{ ...v3, superpower_enhanced: false }, 'loop-executor'],
      [{ ...v3, superpower_enhanced: true }, 'superpowers:executing-plans'],
    ] as const) {
      const loop_state = { ...v3.loop_state, step_status: 'NOT_STARTED' };
      const { test } = await takenOver({
        'spec.md': spec,
        'plan.md': plan,
        'metadata.json': json({ ...metadata, loop_state }),
      });
      await test.api.tracks.run('greet_20250102');
      await test.api.tracks.waitFor('greet_20250102');
      const started = (await facts(test, 'greet_20250102', 'step.started')).map(dataOf);
      expect(started.find(({ step }) => step === 'EXECUTE')).toMatchObject({ agent });
      const flag = metadata as { readonly superpower_enhanced?: boolean };
      const now = JSON.parse((await test.read(`${folder('greet_20250102')}/metadata.json`)) ?? '') as object;
      expect(now).toMatchObject({ superpower_enhanced: flag.superpower_enhanced ?? false });
      await test.close();
    }
    const { test } = await opened({});
    const { id } = await test.api.tracks.create({ goal: 'New', tasks: [{ text: 'a' }] });
    expect(JSON.parse((await test.read(`${folder(id)}/metadata.json`)) ?? '')).toMatchObject({
      superpower_enhanced: true,
    });
    await test.close();
  });

  it('is run to its end even when it has nothing but a plan: its spec is its goal, and that is said', async () => {
    const { test, findings } = await takenOver({ 'plan.md': plan.replaceAll(/\[[x~]\]/gu, '[ ]') });
    await test.api.tracks.run('greet_20250102');
    expect((await test.api.tracks.waitFor('greet_20250102')).lifecycle).toBe('completed');
    await test.close();
    expect(findings).toContainEqual(expect.objectContaining({ code: 'SPEC_MISSING' }));
    expect(await test.read(`${folder('greet_20250102')}/spec.md`)).toContain('Greet');
    expect(await test.read(`${folder('greet_20250102')}/metadata.json`)).toContain('"COMPLETE"');
  });

  it('has a plan that is older than a spec that is changed afterwards', async () => {
    const { test } = await takenOver({ 'spec.md': spec, 'plan.md': plan.replaceAll(/\[[x~]\]/gu, '[ ]') });
    await test.workspace.replace(
      `${folder('greet_20250102')}/spec.md`,
      new TextEncoder().encode(`${spec}- and waves\n`),
    );
    await test.api.tracks.run('greet_20250102');
    await test.api.tracks.waitFor('greet_20250102');
    const [failed] = await facts(test, 'greet_20250102', 'step.failed');
    expect(dataOf(failed)['findings']).toContainEqual(
      expect.objectContaining({ code: 'PLAN_OUTDATED', path: 'spec.md' }),
    );
    await test.close();
  });

  it('goes on to fix what another evaluation has left', async () => {
    const loop_state = {
      ...v3.loop_state,
      current_step: 'FIX',
      step_status: 'IN_PROGRESS',
      checkpoints: {
        ...v3.loop_state.checkpoints,
        FIX: { status: 'IN_PROGRESS', fixes_remaining: ['The button is dead'] },
      },
    };
    const { test, workers } = await takenOver({
      'spec.md': spec,
      'plan.md': done,
      'metadata.json': json({ ...v3, loop_state }),
    });
    await test.api.tracks.run('greet_20250102');
    await test.api.tracks.waitFor('greet_20250102');
    const [first] = workers.calls;
    expect(first).toMatchObject({ step: 'FIX', task: { title: expect.stringContaining('The button is dead') } });
    await test.close();
  });
});

describe('the list of an existing project', () => {
  const files = { 'spec.md': spec, 'plan.md': done, 'metadata.json': json({ ...v3, status: 'in_progress' }) };
  const link = (id: string) => `*Link: [./conductor/tracks/${id}/](./conductor/tracks/${id}/)*`;
  /** Lines of the list that are others after the track was run to its end. */
  const changed = async (list: string) => {
    const { test } = await opened({ ...written, ...inFolder('greet_20250102', files), 'conductor/tracks.md': list });
    expect(await test.read('conductor/tracks.md')).toBe(list);
    await test.api.tracks.run('greet_20250102');
    expect((await test.api.tracks.waitFor('greet_20250102')).lifecycle).toBe('completed');
    await test.close();
    const before = list.split('\n');
    const after = ((await test.read('conductor/tracks.md')) ?? '').split('\n');
    return {
      gone: before.filter((line) => !after.includes(line)),
      come: after.filter((line) => !before.includes(line)),
    };
  };

  it('keeps its form, and only the row of the track that was worked on changes', async () => {
    const e = `# Project Tracks\n\n---\n\n- [~] **Track: Say hello**\n${link('greet_20250102')}\n\n---\n\n- [ ] **Track: Other**\n${link('other')}\n`;
    expect(await changed(e)).toEqual({ gone: ['- [~] **Track: Say hello**'], come: ['- [x] **Track: Say hello**'] });
    const f = `# Tracks\n\n## [~] Track: Say hello\n${link('greet_20250102')}\n\n## [ ] Track: Other\n${link('other')}\n`;
    expect(await changed(f)).toEqual({ gone: ['## [~] Track: Say hello'], come: ['## [x] Track: Say hello'] });
    const c =
      '# Übersicht\n\n| Status | Track ID | Name | Owner |\n| --- | --- | --- | --- |\n| 🚧 In Progress | `greet_20250102` | Say hello | Mo |\n| ✅ Done | `other` | Other | Jo |\n';
    const { gone, come } = await changed(c);
    expect(gone).toEqual(['| 🚧 In Progress | `greet_20250102` | Say hello | Mo |']);
    expect(come.join('\n')).toContain('## Completed Tracks');
    expect(come.join('\n')).toMatch(/greet_20250102 \| Say hello \| 2026-01-01 \| 3 tasks/u);
  });
});

describe('folders that nobody can take over as they are', () => {
  it('are said, and one that several engines open at once is taken over once', async () => {
    const files = inFolder('greet_20250102', { 'plan.md': plan });
    const { ports } = await createTestEngine({ files: {} });
    for (const [path, text] of Object.entries(files))
      await ports.workspace.replace(path, new TextEncoder().encode(text));
    const engines = await Promise.all([1, 2, 3].map(() => createTestEngine({ ports })));
    const [first] = engines;
    const events = (await first?.events()) ?? [];
    expect(events.filter(({ type }) => type === 'track.imported')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'registry.added')).toHaveLength(1);
    for (const engine of engines) await engine.close();
  });

  it('keep a metadata.json that is too large or no JSON as it is, and say so with the line', async () => {
    const { test, findings } = await takenOver({ 'plan.md': plan, 'metadata.json': '{\n"a": 1,\noops' });
    expect(findings).toContainEqual(expect.objectContaining({ code: 'FILE_DAMAGED', line: 3 }));
    const { checks } = await test.api.system.doctor();
    expect(checks.find(({ id }) => id === 'folders')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('metadata.json'),
    });
    await test.api.tracks.update('greet_20250102', { type: 'chore' });
    await test.close();
    expect(await test.read(`${folder('greet_20250102')}/metadata.json`)).toBe('{\n"a": 1,\noops');
    const large = await opened(inFolder('greet_20250102', { 'plan.md': plan, 'metadata.json': ' '.repeat(2000) }), {
      limits: { jsonFileBytes: 1000 },
    });
    const [imported] = await facts(large.test, 'greet_20250102');
    expect(dataOf(imported)['findings']).toContainEqual(
      expect.objectContaining({ code: 'TOO_LARGE', path: `${folder('greet_20250102')}/metadata.json` }),
    );
    await large.test.close();
  });
});
