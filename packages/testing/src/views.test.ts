import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import { dataOf, facts, replayed, steeredWorkers } from './scenario.js';

const one = { goal: 'A file', tasks: [{ id: '1.1', text: 'Write a', files: ['a.txt'] }] };
const bytes = (text: string) => new TextEncoder().encode(text);

async function held() {
  const workers = steeredWorkers();
  workers.hold('1.1');
  const test = await createTestEngine({ agents: workers.agents });
  const { id } = await test.api.tracks.create(one);
  await test.api.tracks.run(id);
  await test.api.tracks.waitFor(id, (track) => track.progress.running === 1);
  await test.clock.settle();
  const folder = `conductor/tracks/${id}`;
  const end = async () => {
    workers.letGo('1.1');
    await test.api.tracks.waitFor(id, 'completed');
    await test.api.tracks.waitFor(id);
    await test.close();
  };
  return { test, id, folder, end };
}

describe('a file of a track', () => {
  it('that a person edits keeps their words and our marks; their bytes are on record as a claim', async () => {
    const { test, id, folder, end } = await held();
    const path = `${folder}/plan.md`;
    const theirs = `${await test.read(path)}\nDo not forget the tea.\n`.replace('[~]', '[x]');
    await test.workspace.replace(path, bytes(theirs));
    await end();
    const [noted] = await facts(test, id, 'edit.noted');
    expect(dataOf(noted)).toMatchObject({ path, disposition: 'claim' });
    const hash = String(dataOf(noted)['hash']);
    let kept = '';
    for await (const chunk of test.artifacts.get(`sha256:${hash}`)) kept += new TextDecoder().decode(chunk);
    expect(kept).toBe(theirs);
    const now = await test.read(path);
    expect(now).toContain('Do not forget the tea.');
    expect(now).toContain('[x] Task 1.1');
    expect(await facts(test, id, 'task.marked')).toEqual([]);
  });

  it('that is deleted comes back', async () => {
    const { test, folder, end } = await held();
    for (const name of ['plan.md', 'metadata.json']) await test.workspace.remove(`${folder}/${name}`);
    await test.workspace.remove('conductor/tracks.md');
    await end();
    expect(await test.read(`${folder}/plan.md`)).toContain('[x] Task 1.1');
    expect(await test.read(`${folder}/metadata.json`)).toContain('"COMPLETE"');
    expect(await test.read('conductor/tracks.md')).toContain('1 task, 0 fix cycles');
  });

  it('keeps the unknown keys that another tool has put into metadata.json', async () => {
    const { test, folder, end } = await held();
    const path = `${folder}/metadata.json`;
    const before = JSON.parse((await test.read(path)) ?? '') as object;
    await test.workspace.replace(path, bytes(JSON.stringify({ ...before, their_key: { deep: [1, 2] } }, null, 2)));
    await end();
    expect(JSON.parse((await test.read(path)) ?? '')).toMatchObject({ their_key: { deep: [1, 2] } });
  });

  it('is never taken for an edit of somebody else when many tracks write one list at once', async () => {
    const { ports } = await createTestEngine();
    const slow: typeof ports.workspace = {
      ...ports.workspace,
      async replace(path, content, o) {
        for (let turns = 0; turns < 5; turns += 1) await ports.clock?.turn();
        return ports.workspace.replace(path, content, o);
      },
    };
    const test = await createTestEngine({ ports: { ...ports, workspace: slow } });
    const names = Array.from({ length: 8 }, (_, index) => `Track ${index}`);
    const made: string[] = [];
    for (const name of names) made.push((await test.api.tracks.create({ ...one, name })).id);
    await Promise.all(made.map((id) => test.api.tracks.move(id, { to: 'ready' })));
    await test.clock.settle();
    await test.close();
    const list = await test.read('conductor/tracks.md');
    expect(list?.match(/\| ready/gu)).toHaveLength(made.length);
    for (const id of made) expect(await facts(test, id, 'edit.noted')).toEqual([]);
  });
});

describe('the bus', () => {
  it('is told each published line once, across a restart', async () => {
    const workers = steeredWorkers();
    workers.hold('1.1');
    const first = await createTestEngine({ agents: workers.agents });
    const end = new AbortController();
    const told: string[] = [];
    const listening = (async () => {
      for await (const { id, topic } of first.ports.bus?.subscribe('track/**', { signal: end.signal }) ?? [])
        if (!topic.endsWith('/progress')) told.push(id);
    })().catch(() => {});
    const { id } = await first.api.tracks.create(one);
    await first.api.tracks.run(id);
    await first.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    await first.close();
    workers.letGo('1.1');
    const second = await createTestEngine({ agents: workers.agents, ports: first.ports });
    await second.api.tracks.run(id);
    await second.api.tracks.waitFor(id, 'completed');
    await second.close();
    end.abort();
    await listening;
    expect(told.length).toBeGreaterThan(3);
    expect(new Set(told).size).toBe(told.length);
    expect(await second.api.tracks.get(id)).toEqual(await replayed(second, id));
  });
});
