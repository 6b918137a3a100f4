import { defineEvaluator } from '@conductor/core/plugin';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine } from './create-test-engine.js';
import { atGate, atWork, completed, crashedAtGate, edited, idle, planText } from './hand-edits.scenes.js';
import { aborted, dataOf, facts, planEdits, steeredWorkers } from './scenario.js';

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
    expect((await planEdits(test, id)).map((event) => dataOf(event)['cause'])).toEqual(['fix']);
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

  it('that are a task below a report are no work, which is told with the line and the way out', async () => {
    const report = '\n## Plan Evaluation Report\n\n- [x] Scope\n- [ ] Nothing asked for twice\n';
    const { test, id, path } = await planned(planText + report);
    const theirs = `${planText}${report}- [x] Done\n- [ ] Task 2.2: Write d\n`;
    await write(test, path, theirs);
    await look(test, id);
    expect(await findings(test, id)).toMatchObject([
      {
        severity: 'warning',
        code: 'TASK_IN_REPORT',
        path,
        line: theirs.split('\n').length - 1,
        message: expect.stringContaining('Write d') as string,
        hint: expect.stringContaining('below the phase') as string,
      },
    ]);
    expect((await test.api.tracks.get(id)).progress.total).toBe(3);
    expect((await test.api.plans.get(id)).text).toContain('Write d');
    const task = '- [ ] Task 2.2: Write d\n';
    await write(test, path, ((await test.read(path)) ?? '').replace(task, '').replace(report, `${task}${report}`));
    await look(test, id, 'again');
    expect(await findings(test, id)).toHaveLength(1);
    expect((await test.api.tracks.get(id)).progress.total).toBe(4);
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
      const said = () => (says === 'plan.edited' ? planEdits(test, id) : facts(test, id, says));
      expect(await said()).toEqual([]);
      await write(test, path, ((await test.read(path)) ?? '').replace('The tea.', 'Green tea.'));
      await look(test, id);
      expect(await said()).toHaveLength(1);
      const text = JSON.stringify(dataOf((await said())[0]));
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

describe('a plan.md that a person writes for a track without a plan', () => {
  const drafted = async (agents: NonNullable<Parameters<typeof createTestEngine>[0]>['agents']) => {
    const test = await createTestEngine({ agents });
    const { id } = await test.api.tracks.create({ name: 'Greet', goal: 'Greet' });
    await test.clock.settle();
    return { test, id, path: `conductor/tracks/${id}/plan.md` };
  };

  it('is the plan, its ticks included', async () => {
    const { test, id, path } = await drafted(steeredWorkers().agents);
    await write(test, path, planText);
    await test.api.tracks.run(id);
    await test.clock.runUntil(test.api.tracks.waitFor(id, 'completed'));
    const [submitted] = await facts(test, id, 'plan.submitted');
    expect(submitted?.actor).toEqual({ kind: 'user', id: 'file' });
    expect(await test.read(path)).toContain('Task 1.1: Write a <!-- commit: abc1234 -->');
    await test.close();
  });

  it('and that holds no task stays above the plan that comes', async () => {
    const { test, id, path } = await drafted({
      ...steeredWorkers().agents,
      planner: async () => ({ status: 'done', summary: 'Planned', answer: { plan: planText } }),
    });
    await write(test, path, 'Mind the budget.\n');
    await look(test, id);
    expect(await findings(test, id)).toMatchObject([{ code: 'PLAN_INVALID', line: 1 }]);
    await test.api.tracks.run(id);
    await test.clock.runUntil(test.api.tracks.waitFor(id, 'completed'));
    expect(await test.read(path)).toMatch(/^Mind the budget\.\n# Greet/u);
    await test.close();
  });

  it('that a planner left behind when it was interrupted is no plan', async () => {
    let asked = 0;
    const { test, id, path } = await drafted({
      ...steeredWorkers().agents,
      planner: async (_assignment, { signal }) => {
        asked += 1;
        await write(test, path, planText);
        await aborted(signal);
        return { status: 'cancelled', summary: 'Interrupted' };
      },
    });
    await test.api.tracks.run(id);
    while (asked === 0) await test.clock.settle();
    await test.api.tracks.pause(id, { mode: 'now' });
    await test.clock.runUntil(test.api.tracks.waitFor(id));
    await look(test, id);
    expect(await facts(test, id, 'plan.submitted')).toEqual([]);
    expect((await facts(test, id, 'edit.noted')).map((event) => dataOf(event)['disposition'])).toEqual(['claim']);
    await test.close();
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
