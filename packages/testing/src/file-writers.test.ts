import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine } from './create-test-engine.js';
import { atWork, idle, planText } from './hand-edits.scenes.js';
import { dataOf, facts, steeredWorkers } from './scenario.js';

const write = ({ workspace }: TestEngine, path: string, text: string) =>
  workspace.replace(path, new TextEncoder().encode(text));
const look = async ({ api, clock }: TestEngine, id: string) => {
  await api.tracks.update(id, { labels: ['looked'] });
  await clock.settle();
};
const findings = async (test: TestEngine, id: string) =>
  (await facts(test, id, 'edit.noted')).flatMap((event) => dataOf(event)['findings'] as { code: string }[]);

describe('two writers of a plan', () => {
  it('at once: one wins, the other is told the revision', async () => {
    const test = await createTestEngine();
    const { id } = await test.api.tracks.create({ name: 'Greet', goal: 'Greet', plan: planText });
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

describe('a folder that came from elsewhere', () => {
  it('is given no spec.md, until a person writes one; their ticks count as in any other', async () => {
    const folder = 'conductor/tracks/greet_20250102';
    const metadata = JSON.stringify({ version: 3, track_id: 'greet_20250102', name: 'Greet' });
    const test = await createTestEngine({
      files: { [`${folder}/plan.md`]: planText, [`${folder}/metadata.json`]: metadata },
    });
    const [{ id } = { id: '' }] = (await test.api.tracks.list()).items;
    await look(test, id);
    expect(await test.read(`${folder}/plan.md`)).toBe(planText);
    expect(await test.read(`${folder}/spec.md`)).toBeUndefined();
    await write(test, `${folder}/plan.md`, planText.replace('[ ] Task 2.1', '[x] Task 2.1'));
    await write(test, `${folder}/spec.md`, '# Greet\n\nSay hello.\n');
    await test.api.tracks.update(id, { labels: ['again'] });
    await test.clock.settle();
    expect(await facts(test, id, 'task.marked')).toHaveLength(1);
    expect(await facts(test, id, 'track.specified')).toHaveLength(1);
    expect(await test.read(`${folder}/spec.md`)).toBe('# Greet\n\nSay hello.\n');
    expect(await findings(test, id)).toEqual([]);
    await test.close();
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
