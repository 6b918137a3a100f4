import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { defineConfig, defineDirector, defineEvaluator, defineExecutor, definePlugin } from './index.js';
import type { Agent, Evaluation, Finding, In, Out, Outcome, Plugin } from './index.js';

const schema = z.object({ header: z.string(), max: z.int().default(20), by: z.coerce.number() });

// Options are inferred from the schema: its output inside, its input for `with`.
const evaluator = defineEvaluator({
  id: 'acme/a',
  options: schema,
  async *evaluate({ options, signal, changed, command }) {
    expectTypeOf(options).toEqualTypeOf<{ header: string; max: number; by: number }>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    for await (const file of changed('**/*.ts')) {
      expectTypeOf(file.path).toEqualTypeOf<string>();
      yield { severity: 'error', path: file.path, message: 'no header' } satisfies Finding;
    }
    expectTypeOf((await command('npm', ['test'])).exitCode).toEqualTypeOf<number | null>();
  },
});
expectTypeOf(evaluator).toExtend<Plugin<'evaluator'>>();
expectTypeOf(evaluator.with).parameter(0).toEqualTypeOf<{ header: string; max?: number | undefined; by: unknown }>();
expectTypeOf(evaluator.with({ header: 'MIT', by: '1' })).toExtend<Plugin<'evaluator', typeof schema>>();
// @ts-expect-error -- a required option is missing
evaluator.with({ max: 3, by: 1 });
// @ts-expect-error -- there is no such option
evaluator.with({ header: 'MIT', by: 1, colour: 'red' });

// Without a schema there are no options.
defineEvaluator({
  id: 'acme/b',
  evaluate({ options }) {
    expectTypeOf(options).toEqualTypeOf<undefined>();
    return { verdict: 'PASS', findings: [] };
  },
});
expectTypeOf(definePlugin({ id: 'acme/c' }).with)
  .parameter(0)
  .toEqualTypeOf<undefined>();

// An evaluation is data of a closed shape.
expectTypeOf<Evaluation['verdict']>().toEqualTypeOf<'PASS' | 'FAIL' | 'NA'>();
// @ts-expect-error -- MAYBE is no verdict
defineEvaluator({ id: 'acme/d', evaluate: () => ({ verdict: 'MAYBE', findings: [] }) });

defineDirector({
  id: 'acme/e',
  code: 'E',
  title: 'E',
  options: schema,
  assess({ options, proposal, facts }) {
    expectTypeOf(options.max).toEqualTypeOf<number>();
    expectTypeOf(proposal.text).toEqualTypeOf<string>();
    expectTypeOf(facts).not.toBeAny();
    return { verdict: 'APPROVE', score: 8, keyPoints: [], concerns: [], recommendations: [], blocking: false };
  },
  vote({ own, assessments }) {
    expectTypeOf(own.score).toEqualTypeOf<number>();
    expectTypeOf(assessments.get('CA')?.verdict).toEqualTypeOf<'APPROVE' | 'CONCERNS' | 'REJECT' | undefined>();
    return { verdict: 'APPROVE', confidence: 1, conditions: [] };
  },
});

const executor = defineExecutor({
  id: 'acme/f',
  options: schema,
  async run(assignment, { options, workspace }) {
    expectTypeOf(options.header).toEqualTypeOf<string>();
    expectTypeOf(assignment.role).not.toBeAny();
    return workspace.read('a.txt');
  },
});
expectTypeOf(executor).toExtend<Agent>();
expectTypeOf(async (): Promise<Outcome | string> => 'done').toExtend<Agent>();

const bundle = definePlugin({
  id: 'acme/g',
  options: schema,
  provides(options) {
    expectTypeOf(options.by).toEqualTypeOf<number>();
    return [evaluator, executor];
  },
  setup({ options, logger }) {
    expectTypeOf(options.header).toEqualTypeOf<string>();
    logger.info('up');
    return () => {};
  },
});

// Plugins of all kinds and options stand in one list.
defineConfig({ plugins: [evaluator, evaluator.with({ header: 'MIT', by: 1 }), executor, bundle] });
expectTypeOf(defineConfig(() => ({ store: 'memory' as const }))).returns.toEqualTypeOf<{ store: 'memory' }>();
// @ts-expect-error -- there is no such store
defineConfig({ store: 'oracle' });

expectTypeOf<In<typeof schema>['max']>().toEqualTypeOf<number | undefined>();
expectTypeOf<Out<typeof schema>['max']>().toEqualTypeOf<number>();
expectTypeOf<Out<undefined>>().toEqualTypeOf<undefined>();
