import { defineEvaluator } from '@conductor/core/plugin';
import { expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';

const hello = { goal: 'A greeting in hello.txt', tasks: [{ text: 'Write hello.txt', files: ['hello.txt'] }] };

it('runs a small track from a goal to COMPLETE', async () => {
  const { api, close, events, read } = await createTestEngine({
    agents: {
      worker: async (_assignment, { workspace }) => {
        await workspace.write('hello.txt', 'Hello\n');
        return 'Wrote hello.txt';
      },
    },
  });
  const { id } = await api.tracks.create(hello);
  await api.tracks.run(id);
  const track = await api.tracks.waitFor(id);
  const log = (await events()).map(({ type, data }) => `${type} ${JSON.stringify(data).slice(0, 200)}`);
  expect(track.lifecycle, log.join('\n')).toBe('completed');
  expect(await read('hello.txt')).toBe('Hello\n');
  await close();
});

it('lets a gate hold and a fixer repair what it found', async () => {
  const noTodo = defineEvaluator({
    id: 'acme/no-todo',
    async *evaluate({ changed }) {
      for await (const file of changed('**/*.txt')) {
        if ((await file.text()).includes('TODO'))
          yield { severity: 'error', path: file.path, message: 'A TODO is left' };
      }
    },
  });
  const { api, close, events } = await createTestEngine({
    plugins: [noTodo],
    agents: {
      worker: async ({ role }, { workspace }) => {
        await workspace.write('hello.txt', role === 'fixer' ? 'Hello\n' : 'TODO: greet\n');
        return 'Wrote hello.txt';
      },
    },
  });
  const { id } = await api.tracks.create(hello);
  await api.tracks.run(id);
  const track = await api.tracks.waitFor(id);
  const log = (await events()).map(({ type, data }) => `${type} ${JSON.stringify(data).slice(0, 300)}`);
  expect(track.lifecycle, log.join('\n')).toBe('completed');
  expect(track.fixCycles).toBe(1);
  await close();
});
