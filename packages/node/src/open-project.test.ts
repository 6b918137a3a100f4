import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openProject } from './open-project.js';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'conductor-node-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('openProject', () => {
  it('runs a track from a goal to COMPLETE in an empty folder', async () => {
    const project = await openProject(join(dir, 'hello'), {
      create: true,

      agents: {
        worker: async ({ trackId }, { workspace }) => {
          await workspace.write('hello.txt', `Hello from ${trackId}\n`);
          return 'Wrote hello.txt';
        },
      },
    });
    const { tracks, events } = project.api;
    const { id } = await tracks.create({
      goal: 'A greeting in hello.txt',
      tasks: [{ text: 'Write hello.txt', files: ['hello.txt'] }],
    });
    const run = await tracks.run(id);
    const seen: string[] = [];
    for await (const event of events.follow(run.feed)) seen.push(event.type);
    expect(seen.at(-1)).toBe('loop.stopped');
    expect((await tracks.get(id)).lifecycle).toBe('completed');
    expect(await readFile(join(dir, 'hello', 'hello.txt'), 'utf8')).toContain('Hello from');
    await project.close();
  });
});
