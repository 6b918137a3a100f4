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
  const files = {
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
