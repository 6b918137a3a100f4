import { defineEvaluator } from '@conductor/core/plugin';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine } from './create-test-engine.js';
import { atGate, atWork, completed, crashedAtGate, edited, idle, planText } from './hand-edits.scenes.js';
import { dataOf, facts, steeredWorkers } from './scenario.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const write = ({ workspace }: TestEngine, path: string, text: string) => workspace.replace(path, bytes(text));
const look = async ({ api, clock }: TestEngine, id: string, label = 'looked') => {
  await api.tracks.update(id, { labels: [label] });
  await clock.settle();
};
const findings = async (test: TestEngine, id: string) =>
  (await facts(test, id, 'edit.noted')).flatMap(
    (event) => dataOf(event)['findings'] as { code: string; line?: number }[],
  );

async function planned(text = planText) {
  const test = await createTestEngine({ agents: steeredWorkers().agents });
  const { id } = await test.api.tracks.create({ name: 'Greet', goal: 'Greet', plan: text });
  await test.clock.settle();
  return { test, id, path: `conductor/tracks/${id}/plan.md` };
}

describe('words of a person in plan.md', () => {
  it('stay where they are when the engine adds its fix tasks, though they were only a claim', async () => {
    const { test, id, path } = await fixing();
    const text = (await test.read(path)) ?? '';
    expect(text).toContain('Do not forget the tea.');
    expect(text).toContain('Fix 1');
    expect((await facts(test, id, 'plan.edited')).map((event) => dataOf(event)['cause'])).toEqual(['fix']);
    expect((await test.api.plans.get(id)).text).not.toContain('the tea');
    await test.close();
  });

  it('and ours in one line: theirs stay in the file, ours in the log, and both are told apart', async () => {
    const { test, id, path } = await planned();
    await write(test, path, planText.replace('Words of the planner.', 'Words of a person.'));
    await test.api.plans.submit(id, { text: planText.replace('of the planner', 'of a client') }, { ifMatch: 1 });
    await test.clock.settle();
    expect(await findings(test, id)).toMatchObject([{ code: 'EDIT_CONFLICT', line: 3 }]);
    expect(await test.read(path)).toBe(planText.replace('Words of the planner.', 'Words of a person.'));
    expect((await test.api.plans.get(id)).text).toContain('of a client');
    await look(test, id);
    expect(await findings(test, id)).toHaveLength(1);
    await write(test, path, planText.replace('of the planner', 'of both'));
    await look(test, id, 'decided');
    expect(await findings(test, id)).toHaveLength(1);
    expect((await test.api.plans.get(id)).text).toContain('Words of both.');
    expect(await test.read(path)).toBe((await test.api.plans.get(id)).text);
    await test.close();
  });

  it('that were only a claim count once they are edited again while nobody is at work', async () => {
    for (const [file, says] of [
      ['plan.md', 'plan.edited'],
      ['spec.md', 'track.specified'],
    ] as const) {
      const scene = await atWork();
      const { test, id, folder } = scene;
      const path = `${folder}/${file}`;
      await edited(scene, path, (text) => `${text}\nThe tea.\n\nThe milk.\n`);
      await test.api.tracks.pause(id, { mode: 'now' });
      await test.clock.runUntil(test.api.tracks.waitFor(id));
      await test.clock.settle();
      expect(await facts(test, id, says)).toEqual([]);
      await write(test, path, ((await test.read(path)) ?? '').replace('The tea.', 'Green tea.'));
      await look(test, id);
      expect(await facts(test, id, says)).toHaveLength(1);
      const text = JSON.stringify(dataOf((await facts(test, id, says))[0]));
      expect(text).toContain('Green tea.');
      await scene.end();
    }
  });

  it('and an edit through the API at once both count where they touch other lines', async () => {
    const { test, id, path } = await planned();
    await write(test, path, planText.replace('Words of the planner.', 'Words of a person.'));
    await test.api.plans.edit(id, [{ do: 'addTask', phase: '2', task: { text: 'Write d', id: '2.2' } }]);
    await test.clock.settle();
    expect(await findings(test, id)).toEqual([]);
    const { text, revision } = await test.api.plans.get(id);
    expect(revision).toBe(3);
    expect(text).toContain('Words of a person.');
    expect(text).toContain('Task 2.2: Write d');
    expect(await test.read(path)).toBe(text);
    await test.close();
  });

  it('that were refused stay through later marks of ours, and the next edit takes up only itself', async () => {
    const { test, id, path } = await planned();
    await write(test, path, planText.replace('[ ] Task 2.1', '[?] Task 2.1'));
    await look(test, id);
    await write(test, path, ((await test.read(path)) ?? '').replace('Words of the planner.', 'Words of a person.'));
    await look(test, id, 'again');
    expect((await findings(test, id)).map(({ code }) => code)).toEqual(['EDIT_REFUSED']);
    const { text, revision } = await test.api.plans.get(id);
    expect(revision).toBe(2);
    expect(text).toBe(planText.replace('Words of the planner.', 'Words of a person.'));
    await test.api.plans.edit(id, [{ do: 'mark', task: '1.2', state: 'done' }]);
    await test.clock.settle();
    expect(await test.read(path)).toContain('[?] Task 2.1');
    expect(await test.read(path)).toContain('[x] Task 1.2');
    await test.api.plans.edit(id, [{ do: 'mark', task: '2.1', state: 'done' }]);
    await test.clock.settle();
    expect(await test.read(path)).toContain('[x] Task 2.1');
    await test.close();
  });
});

/** A track whose file was written in while a worker was at work, and whose execution then failed its evaluation. */
async function fixing() {
  const workers = steeredWorkers();
  workers.hold('1.2', 'Fix 1');
  let fails = true;
  const strict = defineEvaluator({
    id: 'acme/strict',
    evaluate: async () =>
      fails
        ? { verdict: 'FAIL', findings: [{ severity: 'error', message: 'It is wrong', path: 'a.txt' }] }
        : { verdict: 'PASS', findings: [] },
  });
  const test = await createTestEngine({
    agents: workers.agents,
    plugins: [strict],
  });
  const { id } = await test.api.tracks.create({ name: 'Greet', goal: 'Greet', plan: planText });
  const path = `conductor/tracks/${id}/plan.md`;
  await test.api.tracks.run(id);
  await test.api.tracks.waitFor(id, (track) => track.progress.running > 0);
  await test.clock.settle();
  await write(test, path, `${(await test.read(path)) ?? ''}\nDo not forget the tea.\n`);
  workers.letGo('1.2');
  while (workers.of('Fix 1').length === 0) await test.clock.settle();
  fails = false;
  await test.clock.settle();
  return { test, id, path };
}

describe('a task that a person adds to plan.md', () => {
  it.each([
    ['before the run', idle],
    ['while the plan is evaluated', atGate],
  ] as const)('is done like the others: %s', async (_when, scene) => {
    const { test, id, folder, look: take, end } = await scene();
    const path = `${folder}/plan.md`;
    await write(test, path, `${(await test.read(path)) ?? ''}- [ ] Task 2.2: Write d\n  - **Files**: d.txt\n`);
    await take();
    await end();
    const next = await createTestEngine({ agents: steeredWorkers().agents, ports: test.ports });
    await next.api.tracks.run(id);
    await next.clock.runUntil(next.api.tracks.waitFor(id, 'completed'));
    expect(await next.read('d.txt')).toContain('Write d');
    expect(await next.read(path)).toContain('[x] Task 2.2: Write d');
    await next.close();
  });
});

describe('a mark in plan.md', () => {
  it('does not raise the revision of the plan, and is made in the name of the file', async () => {
    const scene = await idle();
    await edited(scene, `${scene.folder}/plan.md`, (text) => text.replace('[ ] Task 2.1', '[x] Task 2.1'));
    const [marked] = await facts(scene.test, scene.id, 'task.marked');
    expect(marked?.actor).toEqual({ kind: 'user', id: 'file' });
    expect(dataOf(marked)).toMatchObject({ taskId: '2.1', state: 'done', line: 14 });
    expect((await scene.test.api.plans.get(scene.id)).revision).toBe(1);
    await scene.end();
  });

  it('counts once when a crash came before the file was written again', async () => {
    const scene = await crashedAtGate();
    const path = `${scene.folder}/plan.md`;
    await edited(scene, path, (text) => text.replace('[ ] Task 2.1', '[x] Task 2.1'));
    const third = await createTestEngine({ ports: scene.test.ports });
    await look(third, scene.id);
    expect(await facts(third, scene.id, 'task.marked')).toHaveLength(1);
    expect(await facts(third, scene.id, 'edit.noted')).toHaveLength(1);
    await third.close();
    await scene.end();
  });

  it('is told from ours when a crash left our own marks unwritten', async () => {
    const { test, id, path } = await planned();
    const dying: typeof test.workspace = { ...test.workspace, replace: () => new Promise(() => {}) };
    const second = await createTestEngine({ ports: { ...test.ports, workspace: dying } });
    await second.api.plans.edit(id, [{ do: 'mark', task: '2.1', state: 'done' }]);
    await second.clock.settle();
    await write(test, path, ((await test.read(path)) ?? '').replace('[ ] Task 1.2', '[x] Task 1.2'));
    const third = await createTestEngine({ ports: test.ports });
    await look(third, id);
    expect((await facts(third, id, 'task.marked')).map((event) => dataOf(event)['taskId'])).toEqual(['2.1', '1.2']);
    expect(await findings(third, id)).toEqual([]);
    expect(await third.read(path)).toMatch(/\[x\] Task 1\.2[\s\S]*\[x\] Task 2\.1/u);
    await third.close();
  });

  it('that undoes ours byte for byte is an edit, also in the next process', async () => {
    for (const restart of [false, true]) {
      const { test, id, path } = await planned();
      const before = (await test.read(path)) ?? '';
      await test.api.plans.edit(id, [{ do: 'mark', task: '2.1', state: 'done' }]);
      await test.clock.settle();
      expect(await test.read(path)).not.toBe(before);
      if (restart) await test.close();
      const next = restart ? await createTestEngine({ ports: test.ports }) : test;
      await write(next, path, before);
      await look(next, id);
      expect((await facts(next, id, 'task.marked')).map((event) => dataOf(event)['state'])).toEqual([
        'done',
        'pending',
      ]);
      expect(await next.read(path)).toBe(before);
      await next.close();
    }
  });

  it('of a worker does not count when it is found after the worker has ended', async () => {
    const workers = steeredWorkers();
    const test = await createTestEngine({ agents: workers.agents });
    const { id } = await test.api.tracks.create({ name: 'Greet', goal: 'Greet', plan: planText });
    const path = `conductor/tracks/${id}/plan.md`;
    workers.play('1.2', async (_assignment, { workspace }) => {
      await workspace.write('b.txt', 'b');
      await write(test, path, ((await test.read(path)) ?? '').replace('[ ] Task 2.1', '[x] Task 2.1'));
      return 'Did it, and the next one as well';
    });
    await test.api.tracks.run(id);
    await test.clock.runUntil(test.api.tracks.waitFor(id, 'completed'));
    expect(await facts(test, id, 'task.marked')).toEqual([]);
    expect(workers.of('2.1')).toHaveLength(1);
    const dispositions = (await facts(test, id, 'edit.noted')).map((event) => dataOf(event)['disposition']);
    expect(dispositions).toEqual(['claim']);
    await test.close();
  });

  it('follows its task when a plan without ids has its phases in another order', async () => {
    const { test, id, path } = await planned('# P\n\n## A\n\n- [x] Write a\n\n## B\n\n- [ ] Write b\n');
    await write(test, path, '# P\n\n## B\n\n- [ ] Write b\n\n## A\n\n- [x] Write a\n');
    await look(test, id);
    const tasks = (await test.api.plans.get(id)).plan.phases.flatMap((phase) => phase.tasks);
    expect(tasks.map(({ text, state }) => [text, state])).toEqual([
      ['Write b', 'pending'],
      ['Write a', 'done'],
    ]);
    expect(await test.read(path)).toContain('- [ ] Write b\n\n## A\n\n- [x] Write a\n');
    await test.close();
  });

  it('is refused where a policy lets nobody change plans through files, and stays', async () => {
    const base = await createTestEngine();
    const test = await createTestEngine({
      ports: {
        ...base.ports,
        authorize: async ({ actor }) =>
          actor.id === 'file'
            ? { allow: false, rule: 'no-files', reason: 'Use the API' }
            : { allow: true, rule: 'all' },
      },
    });
    const { id } = await test.api.tracks.create({ name: 'Greet', goal: 'Greet', plan: planText });
    const path = `conductor/tracks/${id}/plan.md`;
    await test.clock.settle();
    await write(test, path, planText.replace('[ ] Task 2.1', '[x] Task 2.1'));
    await look(test, id);
    expect(await findings(test, id)).toMatchObject([{ code: 'FORBIDDEN', line: 14 }]);
    expect(await facts(test, id, 'task.marked')).toEqual([]);
    expect(await test.read(path)).toContain('[x] Task 2.1');
    await test.close();
  });

  it('after the track is complete is refused, and stays', async () => {
    const scene = await completed();
    const outcome = await edited(scene, `${scene.folder}/plan.md`, (text) =>
      text.replace('[x] Task 2.1', '[ ] Task 2.1'),
    );
    expect(outcome).toMatchObject({ facts: ['edit.noted'], disposition: 'refused', findings: ['TRACK_ENDED:15'] });
    expect(outcome.text).toContain('[ ] Task 2.1');
    await scene.end();
  });
});

describe('two writers of a plan', () => {
  it('at once: one wins, the other is told the revision', async () => {
    const { test, id } = await planned();
    const submit = (word: string) =>
      test.api.plans.submit(id, { text: planText.replace('of the planner', word) }, { ifMatch: 1 });
    const both = await Promise.allSettled([submit('one'), submit('two')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const lost = both.find((result) => result.status === 'rejected');
    expect(lost?.reason).toMatchObject({ code: 'VERSION_CONFLICT', details: { expected: 1, actual: 2 } });
    await test.close();
  });

  it.each([0, 2, 4, 6, 8])('of one track in two engines are not taken for a person, %i turns apart', async (apart) => {
    const { first, second } = await twoEngines(12);
    const { id } = await first.api.tracks.create({ name: 'Greet', goal: 'Greet', plan: planText });
    await first.clock.settle();
    await second.api.plans.edit(id, [{ do: 'mark', task: '1.2', state: 'done' }]);
    for (let turn = 0; turn < apart; turn += 1) await first.clock.turn();
    await first.api.plans.edit(id, [{ do: 'mark', task: '2.1', state: 'done' }]);
    await first.clock.settle();
    await look(first, id);
    expect(await facts(first, id, 'edit.noted')).toEqual([]);
    expect(await first.read(`conductor/tracks/${id}/plan.md`)).toBe((await first.api.plans.get(id)).text);
    await second.close();
    await first.close();
  });

  it('in two engines do not take each other for a person', async () => {
    const { first, second } = await twoEngines(7);
    const made = await Promise.all(
      [first, second, first, second].map(
        async ({ api }, at) => (await api.tracks.create({ name: `T${at}`, goal: 'x' })).id,
      ),
    );
    await Promise.all(made.map((id, at) => (at % 2 === 0 ? second : first).api.tracks.move(id, { to: 'ready' })));
    await first.clock.settle();
    const list = (await first.read('conductor/tracks.md')) ?? '';
    for (const id of made) expect(list).toContain(`| ${id} |`);
    for (const id of made) expect(await facts(first, id, 'edit.noted')).toEqual([]);
    await second.close();
    await first.close();
  });
});

/** Two engines on one project, so many turns between what they mean to write and the writing of it. */
async function twoEngines(turns: number) {
  const { ports } = await createTestEngine();
  const workspace: typeof ports.workspace = {
    ...ports.workspace,
    async replace(path, content, o) {
      for (let turn = 0; turn < turns; turn += 1) await ports.clock?.turn();
      return ports.workspace.replace(path, content, o);
    },
  };
  const engine = () => createTestEngine({ ports: { ...ports, workspace } });
  return { first: await engine(), second: await engine() };
}

describe('the folder of a track', () => {
  const empty = async ({ workspace }: TestEngine, folder: string) => {
    for await (const { path } of workspace.list(`${folder}/**`)) await workspace.remove(path);
  };

  it('deleted while it runs pauses the track, and nothing is written there', async () => {
    const scene = await atWork();
    await empty(scene.test, scene.folder);
    await scene.look();
    expect(await scene.test.api.tracks.waitFor(scene.id)).toMatchObject({ lifecycle: 'paused' });
    await scene.test.clock.settle();
    expect(await findings(scene.test, scene.id)).toMatchObject([{ code: 'WORKSPACE_GONE' }]);
    expect(await scene.test.read(`${scene.folder}/plan.md`)).toBeUndefined();
    await scene.end();
  });

  it('deleted between runs keeps the next one from starting; restored, it goes on', async () => {
    const scene = await idle();
    const { test, id, folder } = scene;
    const kept = new Map<string, string>();
    for await (const { path } of test.workspace.list(`${folder}/**`)) kept.set(path, (await test.read(path)) ?? '');
    await empty(test, folder);
    await expect(test.api.tracks.run(id)).rejects.toMatchObject({ code: 'WORKSPACE_GONE' });
    await expect(test.api.tracks.run(id)).rejects.toMatchObject({ code: 'WORKSPACE_GONE' });
    expect(await findings(test, id)).toHaveLength(1);
    for (const [path, text] of kept) await write(test, path, text);
    await test.api.tracks.run(id, { until: 'PLAN' });
    expect(await test.clock.runUntil(test.api.tracks.waitFor(id))).toMatchObject({ lifecycle: 'active' });
    await scene.end();
  });
});

describe('a view that cannot be written', () => {
  it('delays itself, never the run', async () => {
    const base = await createTestEngine();
    const full: typeof base.workspace = {
      ...base.workspace,
      async replace(path, content, o) {
        if (path.startsWith('conductor/')) throw new Error('no space left');
        return base.workspace.replace(path, content, o);
      },
    };
    const test = await createTestEngine({ agents: steeredWorkers().agents, ports: { ...base.ports, workspace: full } });
    const { id } = await test.api.tracks.create({ name: 'Greet', goal: 'Greet', plan: planText });
    await test.api.tracks.run(id);
    expect(await test.clock.runUntil(test.api.tracks.waitFor(id, 'completed'))).toMatchObject({
      lifecycle: 'completed',
    });
    await test.close();
  });
});
