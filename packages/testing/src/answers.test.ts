import { defineDirector, defineEvaluator } from '@conductor/core/plugin';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngineOptions } from './create-test-engine.js';
import { dataOf, facts, replayed, steeredWorkers } from './scenario.js';

const days = 24 * 60 * 60 * 1000;
const one = { goal: 'A file', tasks: [{ id: '1.1', text: 'Write a', files: ['a.txt'] }] };

/** Never satisfied until told so. */
function strictEvaluator() {
  let strict = true;
  const plugin = defineEvaluator({
    id: 'acme/strict',
    async *evaluate({ changed }) {
      for await (const file of changed()) {
        await file.text();
        if (strict) yield { severity: 'error', path: file.path, message: 'Not good enough' };
      }
    },
  });
  return { plugin, satisfy: () => (strict = false) };
}

/** A track whose fix cycles are used up: it waits for a person. */
async function fixLimit(options: TestEngineOptions = {}) {
  const workers = steeredWorkers();
  const { plugin, satisfy } = strictEvaluator();
  const test = await createTestEngine({ agents: workers.agents, plugins: [plugin], ...options });
  const { id } = await test.api.tracks.create({ ...one, limits: { maxFixCycles: 1 } });
  await test.api.tracks.run(id);
  const track = await test.api.tracks.waitFor(id);
  const { items } = await test.api.approvals.list();
  const question = items[0];
  if (!question) throw new Error(`Nobody was asked: ${JSON.stringify(track)}`);
  return { test, id, track, question, satisfy, workers };
}

describe('a question to a person', () => {
  it('is asked with track, step, reason, context and options when the fix cycles are used up [LOOP-07] [ESC-02]', async () => {
    const { test, id, track, question } = await fixLimit();
    expect(track).toMatchObject({
      step: 'EVALUATE_EXECUTION',
      stepStatus: 'BLOCKED',
      lastStop: 'awaiting',
      fixCycles: 1,
    });
    expect(track.blockers.filter(({ active }) => active)).toHaveLength(1);
    expect(question).toMatchObject({ kind: 'FIX_LIMIT', trackId: id, status: 'pending', decider: { kind: 'human' } });
    expect(question.summary).toBe(
      `${id} at EVALUATE_EXECUTION: The fix cycles are used up and the evaluation still fails: 1 of 1 cycles; ` +
        'Not good enough. Allow one more fix cycle?',
    );
    expect(question.options.map(({ leadsTo }) => leadsTo)).toEqual(['extend', 'retry', 'fail-track']);
    expect((await facts(test, id, 'step.blocked')).map(dataOf)).toMatchObject([
      { step: 'EVALUATE_EXECUTION', rule: 'T22' },
    ]);
    expect(track).toEqual(await replayed(test, id));
    await test.close();
  });

  it('refuses a run as long as it is open', async () => {
    const { test, id, question } = await fixLimit();
    await expect(test.api.tracks.run(id)).rejects.toMatchObject({
      code: 'TRACK_BLOCKED',
      details: { approvals: [question.id] },
    });
    await test.close();
  });

  it('resolves its blocker by its answer, and the loop goes on where it stood [ESC-03] [RES-06]', async () => {
    const { test, id, question, satisfy } = await fixLimit();
    satisfy();
    await test.api.approvals.decide(question.id, { outcome: 'approved', choice: 'extend' });
    await test.api.tracks.run(id);
    const track = await test.api.tracks.waitFor(id, 'completed');
    expect(track.blockers.filter(({ active }) => active)).toEqual([]);
    expect((await facts(test, id, 'blocker.resolved')).length).toBe(1);
    expect(await test.api.approvals.get(question.id)).toMatchObject({ status: 'consumed' });
    expect(dataOf((await facts(test, id, 'track.configured'))[0])).toEqual({ limits: { maxFixCycles: 2 } });
    await test.close();
  });

  it('leads to one more cycle only, and is asked again after it', async () => {
    const { test, id, question } = await fixLimit();
    await test.api.approvals.decide(question.id, { outcome: 'approved' });
    await test.api.tracks.run(id);
    const track = await test.api.tracks.waitFor(id);
    expect(track).toMatchObject({ fixCycles: 2, stepStatus: 'BLOCKED' });
    const { items } = await test.api.approvals.list();
    expect(items.map(({ kind }) => kind)).toEqual(['FIX_LIMIT']);
    expect(items[0]?.id).not.toBe(question.id);
    await test.close();
  });

  it('pauses the track when the answer is no, so that only a person starts it again', async () => {
    const { test, id, question } = await fixLimit();
    await test.api.approvals.decide(question.id, { outcome: 'denied', reason: 'Enough' });
    await test.api.tracks.run(id);
    const track = await test.api.tracks.waitFor(id);
    expect(track).toMatchObject({ lifecycle: 'paused', lastStop: 'paused' });
    await expect(test.api.tracks.run(id)).rejects.toMatchObject({ code: 'TRACK_PAUSED' });
    await test.api.tracks.resume(id);
    await test.api.tracks.run(id);
    expect(await test.api.tracks.waitFor(id)).toMatchObject({ lastStop: 'awaiting' });
    await test.close();
  });

  it('is a no when nobody answers in time', async () => {
    const { test, id, question } = await fixLimit();
    await test.clock.advance(14 * days + 1);
    expect(await test.api.approvals.get(question.id)).toMatchObject({ status: 'expired' });
    await expect(test.api.approvals.decide(question.id, { outcome: 'approved' })).rejects.toMatchObject({
      code: 'APPROVAL_EXPIRED',
    });
    await test.api.tracks.run(id);
    expect(await test.api.tracks.waitFor(id)).toMatchObject({ lifecycle: 'paused' });
    expect(dataOf((await facts(test, id, 'decision.given'))[0])).toMatchObject({ outcome: 'expired' });
    await test.close();
  });

  it('takes one of two answers given at once', async () => {
    const { test, question } = await fixLimit();
    const other = await createTestEngine({ ports: test.ports });
    const race = await Promise.allSettled([
      test.api.approvals.decide(question.id, { outcome: 'approved' }),
      other.api.approvals.decide(question.id, { outcome: 'denied' }),
    ]);
    expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const lost = race.find((result) => result.status === 'rejected');
    expect(lost?.reason).toMatchObject({ code: 'APPROVAL_DECIDED' });
    await other.close();
    await test.close();
  });

  it('refuses an option that was not offered, and writes nothing', async () => {
    const { test, id, question } = await fixLimit();
    const before = (await facts(test, id)).length;
    await expect(
      test.api.approvals.decide(question.id, { outcome: 'approved', choice: 'complete' }),
    ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await facts(test, id)).toHaveLength(before);
    await test.close();
  });

  it('fails the track when a person gives up, and a retry makes it a draft again', async () => {
    const { test, id, question } = await fixLimit();
    await test.api.approvals.decide(question.id, { outcome: 'approved', choice: 'fail' });
    await test.api.tracks.run(id);
    expect(await test.api.tracks.waitFor(id)).toMatchObject({ lifecycle: 'failed' });
    expect(await test.api.tracks.move(id, { to: 'draft' })).toMatchObject({ lifecycle: 'draft' });
    await test.close();
  });

  it('is cancelled with its track', async () => {
    const { test, id, question } = await fixLimit();
    expect(await test.api.tracks.cancel(id, { reason: 'Not needed' })).toMatchObject({ lifecycle: 'cancelled' });
    expect(await test.api.approvals.get(question.id)).toMatchObject({ status: 'cancelled' });
    await expect(test.api.approvals.decide(question.id, { outcome: 'approved' })).rejects.toMatchObject({
      code: 'APPROVAL_DECIDED',
    });
    await expect(test.api.tracks.run(id)).rejects.toMatchObject({ code: 'TRACK_ENDED' });
    await test.close();
  });

  it('reaches the engine that waits for nothing else: an answer from another process is found by the next run', async () => {
    const { test, id, question, satisfy } = await fixLimit();
    await test.close();
    satisfy();
    const other = await createTestEngine({ ports: test.ports });
    await other.api.approvals.decide(question.id, { outcome: 'approved' });
    await other.close();
    const { plugin, satisfy: now } = strictEvaluator();
    now();
    const third = await createTestEngine({ ports: test.ports, agents: steeredWorkers().agents, plugins: [plugin] });
    await third.api.tracks.run(id);
    expect(await third.api.tracks.waitFor(id, 'completed')).toMatchObject({ lifecycle: 'completed' });
    await third.close();
  });
});

describe('a board that comes to no decision', () => {
  it('asks a person instead of deciding, and a yes sends the plan back', async () => {
    const silent = ['one', 'two', 'three'].map((name) =>
      defineDirector({
        id: `acme/${name}`,
        code: name.toUpperCase(),
        title: name,
        assess: () => Promise.reject(new Error('I cannot say')),
      }),
    );
    const test = await createTestEngine({
      agents: steeredWorkers().agents,
      plugins: silent,
      board: { directors: silent.map(({ id }) => id) },
    });
    const { id } = await test.api.tracks.create({ ...one, name: 'Architecture', type: 'architecture', priority: 'P0' });
    await test.api.tracks.run(id);
    const track = await test.api.tracks.waitFor(id);
    const [board] = (await test.api.boards.list()).items;
    const [question] = (await test.api.approvals.list()).items;
    expect([board?.verdict, question?.kind, track.stepStatus]).toEqual(['ESCALATE', 'BOARD_ESCALATED', 'BLOCKED']);
    await test.api.approvals.decide(question?.id ?? '', { outcome: 'approved' });
    await test.api.tracks.run(id);
    expect(await test.api.tracks.waitFor(id)).toMatchObject({ step: 'PLAN', planRevisions: 1 });
    await test.close();
  });
});
