import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph, downstream, runGraph, type GraphNode } from '../src/index.js';
import { randomPlan } from './random-plan.js';

/** A plan, what becomes of its tasks, and the order in which a scheduler lets them end. */
const story = fc.record({
  plan: randomPlan({ files: 3 }),
  failing: fc.array(fc.nat(24), { maxLength: 3 }).map((ids) => new Set(ids.map((id) => `t${id}`))),
  concurrency: fc.integer({ min: 1, max: 6 }),
  retries: fc.nat(2),
  scheduler: fc.scheduler(),
});

describe('any interleaving of a run', () => {
  it('loses no task, runs none twice, none before its dependencies, none beside the user of its file', async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ plan, failing, concurrency, retries, scheduler }) => {
        const graph = buildGraph(plan);
        const running = new Set<GraphNode>();
        const succeeded = new Set<string>();
        const starts = new Map<string, number>();

        const results = runGraph(
          graph,
          async (task) => {
            expect(task.dependsOn.every((id) => succeeded.has(id))).toBe(true);
            for (const other of running) {
              const shared = task.files?.some((file) => other.files?.includes(file)) ?? false;
              expect(shared && !(task.shareable && other.shareable)).toBe(false);
            }
            starts.set(task.id, (starts.get(task.id) ?? 0) + 1);
            running.add(task);
            expect(running.size).toBeLessThanOrEqual(concurrency);
            await scheduler.schedule(Promise.resolve(), `end of ${task.id}`);
            running.delete(task);
            if (failing.has(task.id)) throw new Error('planted');
            succeeded.add(task.id);
          },
          { concurrency, retries },
        );
        await scheduler.waitFor(results);

        const lost = new Set([...failing].flatMap((id) => downstream(graph, id)));
        for (const [id, result] of await results) {
          const expected = lost.has(id) ? 'paused' : failing.has(id) ? 'failed' : 'done';
          expect([id, result.status]).toEqual([id, expected]);
          const runs = { paused: undefined, failed: 1 + retries, done: 1 }[expected];
          expect([id, starts.get(id)]).toEqual([id, runs]);
        }
        expect((await results).size).toBe(plan.length);
      }),
    );
  });
});

describe('a plan of 100,000 tasks', () => {
  const size = 100_000;
  const wide = Array.from({ length: size }, (_, i) => ({
    id: `t${i}`,
    dependsOn: [] as string[],
    files: [`f${i % 7}`],
  }));
  const deep = Array.from({ length: size }, (_, i) => ({ id: `t${i}`, dependsOn: i === 0 ? [] : [`t${i - 1}`] }));

  it.each([
    ['wide, on seven files', wide],
    ['deep', deep],
  ])('is run to its end when it is %s', async (_, plan) => {
    const results = await runGraph(buildGraph(plan), () => 1, { concurrency: 10 });
    expect([...results.values()].filter(({ status }) => status === 'done')).toHaveLength(size);
  });
});
