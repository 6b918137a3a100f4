import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openProject } from './open-project.js';
import type { Project } from './open-project.js';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'conductor-stale-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
});

const hello = (goal: string) => ({ goal, tasks: [{ text: 'Write hello.txt', files: ['hello.txt'] }] });

/**
 * Two handles of one project, as two processes have them; nobody waits. Each keeps rows in memory: they do not age, it asks at
 * each look whether others have written.
 */
async function twoHandles(): Promise<readonly [Project, Project]> {
  const one = await openProject(dir, { create: true });
  return [one, await openProject(dir)];
}

it('shows at once what another process wrote, where a cache of 5 s would not, and lets nobody decide by less [T-12]', async () => {
  const [one, two] = await twoHandles();
  const { id } = await one.api.tracks.create(hello('Greet'));
  await one.api.tracks.run(id);
  await one.api.tracks.waitFor(id); // stopped: nobody was handed in who could do it

  for (let turn = 0; turn < 8; turn += 1) {
    const [writer, reader] = turn % 2 === 0 ? [one, two] : [two, one];
    const name = `Name ${turn}`;
    await reader.api.tracks.get(id); // has read what is old a moment later
    await writer.api.tracks.update(id, { name });
    const read = await reader.api.tracks.get(id);
    expect([read.name, (await writer.api.tracks.get(id)).name]).toEqual([name, name]);
    expect((await reader.api.tracks.list()).items.map((track) => track.name)).toEqual([name]);
    // What a caller does to the answer is its own.
    Reflect.set(read, 'name', 'mine');
    expect((await reader.api.tracks.get(id)).name).toBe(name);
  }

  // Only one track may be active: each process decides that by what the other has written, however close they are.
  await two.api.tracks.pause(id);
  const rivals = [await one.api.tracks.create(hello('First')), await two.api.tracks.create(hello('Second'))] as const;
  for (const rival of rivals) await one.api.tracks.move(rival.id, { to: 'ready' });
  for (let turn = 0; turn < 6; turn += 1) {
    const asked = await Promise.allSettled([
      one.api.tracks.move(rivals[0].id, { to: 'active' }),
      two.api.tracks.move(rivals[1].id, { to: 'active' }),
    ]);
    const won = asked.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.id] : []));
    expect([turn, won.length, asked]).toEqual([turn, 1, expect.anything()]);
    for (const { api } of [one, two]) {
      const { items } = await api.tracks.list();
      expect(items.filter(({ lifecycle }) => lifecycle === 'active').map((track) => track.id)).toEqual(won);
    }
    await (turn % 2 === 0 ? one : two).api.tracks.pause(won[0] ?? '');
  }
  await one.close();
  await two.close();
});
