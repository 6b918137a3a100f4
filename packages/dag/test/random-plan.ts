import fc from 'fast-check';
import type { GraphNode } from '../src/index.js';

interface Shape {
  readonly maxTasks?: number;
  /** How many different files the tasks may name; 0 = none. */
  readonly files?: number;
}

/** Plans without a cycle: a task depends on earlier ones only; then the order is shuffled. */
export function randomPlan({ maxTasks = 25, files = 0 }: Shape = {}): fc.Arbitrary<readonly GraphNode[]> {
  const task = fc.record({
    dependsOn: fc.array(fc.nat(1000), { maxLength: 4 }),
    files: fc.array(fc.nat(Math.max(0, files - 1)), { maxLength: files === 0 ? 0 : 2 }),
    shareable: fc.boolean(),
    phase: fc.nat(3),
    estimateMinutes: fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }),
  });
  return fc
    .array(task, { maxLength: maxTasks })
    .map((tasks) =>
      tasks.map((shape, index) => ({
        ...shape,
        id: `t${index}`,
        dependsOn: index === 0 ? [] : [...new Set(shape.dependsOn.map((other) => `t${other % index}`))],
        files: shape.files.map((file) => `src/${file}.ts`),
      })),
    )
    .chain((plan) => fc.shuffledSubarray(plan, { minLength: plan.length }));
}
