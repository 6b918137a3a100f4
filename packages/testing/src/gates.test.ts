import { defineDirector, defineEvaluator } from '@conductor/core/plugin';
import type { Evaluation, EvaluatorDefinition } from '@conductor/core/plugin';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import { dataOf, facts, steeredWorkers } from './scenario.js';

const one = { goal: 'A file', limits: { maxFixCycles: 1 }, tasks: [{ id: '1.1', text: 'Write a', files: ['a.txt'] }] };
type Evaluate = EvaluatorDefinition['evaluate'];

/** What one evaluator led to: its recorded verdict, and where the track stood in the end. */
async function judgedBy(evaluate: Evaluate, input: object = {}) {
  const plugin = defineEvaluator({ id: 'acme/gate', evaluate });
  const test = await createTestEngine({ agents: steeredWorkers().agents, plugins: [plugin] });
  const { id } = await test.api.tracks.create({ ...one, ...input });
  await test.api.tracks.run(id);
  const track = await test.clock.runUntil(test.api.tracks.waitFor(id));
  const reports = (await facts(test, id, 'evaluation.reported')).map(dataOf);
  const report = reports.find(({ evaluator }) => evaluator === 'acme/gate');
  await test.close();
  return { track, report, reports };
}

describe('an evaluator', () => {
  it('that throws is a FAIL whose finding names it and where', async () => {
    const { report, track } = await judgedBy(() => Promise.reject(new Error('Boom')));
    expect(report).toMatchObject({
      verdict: 'FAIL',
      findings: [{ severity: 'error', code: 'PLUGIN_FAILED', item: 'acme/gate' }],
    });
    expect(JSON.stringify(report?.['findings'])).toContain('Boom');
    expect(track.lifecycle).not.toBe('completed');
  });

  it('that hangs is a FAIL after its time and its grace', async () => {
    const { report } = await judgedBy(() => new Promise<never>(() => {}));
    expect(report).toMatchObject({ verdict: 'FAIL', findings: [{ code: 'PLUGIN_TIMEOUT', item: 'acme/gate' }] });
  });

  it('that hangs and ignores its signal does not hold up the close of the engine, and loses no try', async () => {
    let asked = () => {};
    const evaluating = new Promise<void>((resolve) => (asked = resolve));
    const hanging = defineEvaluator({ id: 'acme/gate', evaluate: () => (asked(), new Promise<never>(() => {})) });
    const test = await createTestEngine({ agents: steeredWorkers().agents, plugins: [hanging] });
    const { id } = await test.api.tracks.create(one);
    await test.api.tracks.run(id);
    await evaluating;
    const before = test.clock.monotonic();
    await test.clock.runUntil(test.close());
    expect(test.clock.monotonic() - before).toBeLessThan(60_000);
    expect(await facts(test, id, 'effect.failed')).toEqual([]);
    expect(await facts(test, id, 'effect.interrupted')).toHaveLength(1);
  });

  it.each([
    ['PASS without evidence', { verdict: 'PASS', findings: [] }],
    ['FAIL without an error', { verdict: 'FAIL', findings: [{ severity: 'warning', message: 'Hm' }] }],
    ['NA', { verdict: 'NA', findings: [] }],
  ] satisfies [string, Evaluation][])('whose word is %s counts as not applicable', async (_what, evaluation) => {
    const { report, track } = await judgedBy(() => evaluation);
    expect(report).toMatchObject({ verdict: 'NA' });
    expect(track.lifecycle).toBe('completed');
  });

  it('that answers a wrong shape is a FAIL', async () => {
    const { report } = await judgedBy((() => ({ verdict: 'GREAT' })) as unknown as Evaluate);
    expect(report).toMatchObject({ verdict: 'FAIL', findings: [{ item: 'acme/gate' }] });
  });

  it('cannot let work pass that the structural checks fail, which always run [EVAL-01]', async () => {
    const workers = steeredWorkers();
    const quiet = defineEvaluator({ id: 'acme/quiet', evaluate: () => ({ verdict: 'NA', findings: [] }) });
    const sweeper = defineEvaluator({
      id: 'acme/pass',
      evaluate: () => ({ verdict: 'PASS', findings: [], passes: [{ id: 'a', title: 'A', verdict: 'PASS' }] }),
    });
    const test = await createTestEngine({ agents: workers.agents, plugins: [quiet, sweeper] });
    const { id } = await test.api.tracks.create(one);
    await test.api.tracks.run(id, { until: 'EXECUTE' });
    await test.api.tracks.waitFor(id);
    await test.workspace.remove('a.txt');
    await test.api.tracks.run(id);
    await test.clock.runUntil(test.api.tracks.waitFor(id));
    const [failed] = await facts(test, id, 'step.failed');
    expect(dataOf(failed)).toMatchObject({
      step: 'EVALUATE_EXECUTION',
      findings: expect.arrayContaining([expect.objectContaining({ code: 'DELIVERABLE_MISSING' })]),
    });
    const first = (await facts(test, id, 'evaluation.reported')).map(dataOf);
    expect(first.map(({ evaluator, verdict }) => [evaluator, verdict])).toContainEqual(['structural', 'FAIL']);
    await test.close();
  });

  it('must pass like all others: one FAIL among them is enough [EVAL-03]', async () => {
    const pass: Evaluation = { verdict: 'PASS', findings: [], passes: [{ id: 'a', title: 'A', verdict: 'PASS' }] };
    const fail: Evaluation = { verdict: 'FAIL', findings: [{ severity: 'error', message: 'No' }] };
    const plugins = ['one', 'two', 'three'].map((name) =>
      defineEvaluator({ id: `acme/${name}`, evaluate: () => (name === 'two' ? fail : pass) }),
    );
    const test = await createTestEngine({ agents: steeredWorkers().agents, plugins });
    const { id } = await test.api.tracks.create(one);
    await test.api.tracks.run(id);
    const track = await test.clock.runUntil(test.api.tracks.waitFor(id));
    expect(track).toMatchObject({ step: 'EVALUATE_EXECUTION', stepStatus: 'BLOCKED', fixCycles: 1 });
    await test.close();
  });

  it('is chosen by type and by words, all that fit, and code quality when none does [EVAL-02]', async () => {
    const asked: string[] = [];
    const named = (id: string, appliesTo?: EvaluatorDefinition['appliesTo']) =>
      defineEvaluator({
        id,
        ...(appliesTo && { appliesTo }),
        evaluate: () => (asked.push(id), { verdict: 'NA', findings: [] }),
      });
    const plugins = [
      named('acme/bugs', ['bugfix']),
      named('acme/pay', { keywords: ['payment'] }),
      named('acme/when', { when: (track) => track.priority === 'P0' }),
      named('eval-code-quality', ['never']),
    ];
    const chosen = async (input: object) => {
      asked.splice(0);
      const test = await createTestEngine({ agents: steeredWorkers().agents, plugins });
      const { id } = await test.api.tracks.create({ ...one, ...input });
      await test.api.tracks.run(id);
      await test.clock.runUntil(test.api.tracks.waitFor(id));
      await test.close();
      return [...asked].sort();
    };
    expect(await chosen({ type: 'bugfix', goal: 'The payment page' })).toEqual(['acme/bugs', 'acme/pay']);
    expect(await chosen({ priority: 'P0', goal: 'Repayments' })).toEqual(['acme/when']);
    expect(await chosen({ goal: 'Something else' })).toEqual(['eval-code-quality']);
  });
});

describe('a board', () => {
  const major = { ...one, name: 'Architecture', type: 'architecture', priority: 'P0' } as const;
  const director = (name: string, verdict: 'APPROVE' | 'REJECT', conditions: string[] = []) =>
    defineDirector({
      id: `acme/${name}`,
      code: name.toUpperCase(),
      title: name,
      assess: () => ({
        verdict,
        score: verdict === 'APPROVE' ? 9 : 1,
        keyPoints: [],
        concerns: ['Too big'],
        recommendations: ['Cut it'],
        blocking: false,
      }),
      vote: () => ({
        verdict,
        confidence: 1,
        conditions: conditions.map((text) => ({ text, verify: { kind: 'person', ref: 'anybody' } })),
      }),
    });
  const held = async (directors: ReturnType<typeof director>[]) => {
    const test = await createTestEngine({
      agents: steeredWorkers().agents,
      plugins: directors,
      board: { directors: directors.map(({ id }) => id) },
    });
    const { id } = await test.api.tracks.create(major);
    await test.api.tracks.run(id);
    const track = await test.clock.runUntil(test.api.tracks.waitFor(id));
    return { test, id, track };
  };

  it('that rejects sends the plan back with its concerns', async () => {
    const { test, id, track } = await held([
      director('a', 'REJECT'),
      director('b', 'REJECT'),
      director('c', 'APPROVE'),
    ]);
    expect(track).toMatchObject({ step: 'PLAN', planRevisions: 1 });
    const [failed] = await facts(test, id, 'step.failed');
    expect(dataOf(failed)).toMatchObject({ step: 'EVALUATE_PLAN', rule: 'T11' });
    expect(JSON.stringify(dataOf(failed)['findings'])).toContain('Too big');
    await test.close();
  });

  it('binds the work to its conditions: one that is not met when the work is evaluated leads to FIX [BRD-14]', async () => {
    const strict = (name: string) => director(name, 'APPROVE', ['A person has looked at it']);
    const { test, id } = await held([strict('a'), strict('b'), strict('c')]);
    expect((await facts(test, id, 'condition.added')).length).toBeGreaterThan(0);
    const [failed] = await facts(test, id, 'step.failed');
    expect(dataOf(failed)).toMatchObject({ step: 'EVALUATE_EXECUTION', next: { step: 'FIX' } });
    expect(JSON.stringify(dataOf(failed)['findings'])).toContain('CONDITION_UNMET');
    await test.close();
  });
});
