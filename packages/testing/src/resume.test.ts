import { ConductorError, stepStatuses, steps } from '@conductor/core';
import type { Step, StepStatus } from '@conductor/core';
import type { Track } from '@conductor/core/api';
import { defineEvaluator } from '@conductor/core/plugin';
import type { Assignment, EventEnvelope, NewEvent, Outcome, Store } from '@conductor/core/ports';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine } from './create-test-engine.js';
import { dataOf, deadKeeper, facts, planEdits, replayed, steeredWorkers } from './scenario.js';

const leaseMs = 6000;
const one = { goal: 'A file', tasks: [{ id: '1.1', text: 'Write a', files: ['a.txt'] }] };
const files = { 'a.txt': 'a' };
const plan = '# Plan\n\n## Phase 1: Work\n\n- [ ] Task 1.1: Write a\n  - **Files**: `a.txt`\n';
const options = { options: [{ name: 'One' }], recommendation: { option: 'One', reasons: ['It is there'] } };

/** Everybody does what is asked. */
function willing() {
  const workers = steeredWorkers();
  const asked: Assignment[] = [];
  const says = (outcome: Outcome) => async (assignment: Assignment) => {
    asked.push(assignment);
    return outcome;
  };
  const agents = {
    ...workers.agents,
    planner: says({ status: 'done', summary: 'Planned', answer: { plan } }),
    scribe: says({ status: 'done', summary: 'Written', answer: options }),
  };
  return { workers, agents, asked };
}

const event = (type: string, data: object): NewEvent => ({ type, v: 1, data: data as NewEvent['data'] });
const moved = (step: Step, status: StepStatus) =>
  event('step.skipped', { step, visit: 0, rule: 'T0', next: { step, status } });

/** Puts a track there by facts alone, as an engine that died left it. */
function left(step: Step, status: StepStatus, blocker: boolean): readonly NewEvent[] {
  const evaluated = step === 'EVALUATE_EXECUTION' || step === 'BUSINESS_SYNC' || step === 'COMPLETE';
  const asks =
    step === 'EVALUATE_PLAN' ? [['plan-checks']] : step === 'EVALUATE_EXECUTION' ? [['structural']] : undefined;
  return [
    event('track.readied', {}),
    event('track.activated', {}),
    event('loop.started', { owner: 'engine_gone', epoch: 1, host: 'gone' }),
    ...(step === 'PLAN' || step === 'BRAINSTORM'
      ? []
      : [
          event('step.passed', {
            step: 'EVALUATE_PLAN',
            visit: 1,
            rule: 'T10',
            next: { step: 'EXECUTE', status: 'NOT_STARTED' },
          }),
        ]),
    ...(evaluated ? [event('task.marked', { taskId: '1.1', state: 'done', source: 'person' })] : []),
    moved(step, 'NOT_STARTED'),
    ...(status === 'NOT_STARTED' ? [] : [event('step.started', { step, visit: 1, rule: 'T0', ...(asks && { asks }) })]),
    ...(step === 'COMPLETE' && status !== 'NOT_STARTED'
      ? [event('track.completed', { criteria: [], report: { text: '' } })]
      : []),
    ...(blocker ? [event('blocker.raised', { blockerId: 'k', step, description: 'The service is gone' })] : []),
    ...(status === 'BLOCKED' ? [event('step.blocked', { step, rule: 'T30', blockerIds: ['k'] })] : []),
    ...(status === 'PASSED' || status === 'FAILED' || status === 'SKIPPED' ? [moved(step, status)] : []),
  ];
}

async function resumedAt(step: Step, status: StepStatus, blocker: boolean) {
  const { workers, agents, asked } = willing();
  const test = await createTestEngine({ agents, files });
  const { id } = await test.api.tracks.create(one);
  const before = (await facts(test, id)).length;
  await test.store.commit({
    appends: [{ stream: `track/${id}`, expectedVersion: before, events: left(step, status, blocker) }],
    meta: { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'engine', id: 'gone' } },
  });
  await test.api.tracks.run(id);
  const track = await test.clock.runUntil(test.api.tracks.waitFor(id));
  const all = await facts(test, id);
  const resumed = all.findIndex(({ type }) => type === 'loop.resumed');
  const since = all.slice(resumed + 1);
  expect(await test.api.tracks.get(id)).toEqual(await replayed(test, id));
  await test.close();
  return { track, since, workers, asked };
}

/** The first fact about the loop itself. */
function first(since: readonly EventEnvelope[]): string {
  const found = since.find(({ type }) => /^(step|decision|completion|loop)\./u.test(type));
  const data = dataOf(found) as {
    step?: string;
    next?: { step: string; status: string };
    reason?: string;
    part?: string;
  };
  const to = data.next ? ` → ${data.next.step} / ${data.next.status}` : '';
  return `${found?.type ?? 'nothing'} ${data.step ?? data.reason ?? data.part ?? ''}${to}`;
}

const unknown = 'loop.stopped error';
/** What the next run does first, pair by pair: the table of `docs/loop.md` as a person would see it from outside. */
const resumption: Readonly<Record<Step, Readonly<Record<StepStatus, string>>>> = {
  BRAINSTORM: {
    NOT_STARTED: 'step.started BRAINSTORM',
    IN_PROGRESS: 'step.passed BRAINSTORM → PLAN / NOT_STARTED',
    PASSED: 'step.passed BRAINSTORM → PLAN / NOT_STARTED',
    FAILED: unknown,
    BLOCKED: 'decision.requested TRACK_BLOCKED',
    SKIPPED: unknown,
  },
  PLAN: {
    NOT_STARTED: 'step.started PLAN',
    IN_PROGRESS: 'step.passed PLAN → EVALUATE_PLAN / NOT_STARTED',
    PASSED: 'step.passed PLAN → EVALUATE_PLAN / NOT_STARTED',
    FAILED: 'decision.requested PLAN_FAILED',
    BLOCKED: 'decision.requested TRACK_BLOCKED',
    SKIPPED: unknown,
  },
  EVALUATE_PLAN: {
    NOT_STARTED: 'step.started EVALUATE_PLAN',
    IN_PROGRESS: 'step.passed EVALUATE_PLAN → EXECUTE / NOT_STARTED',
    PASSED: 'step.passed EVALUATE_PLAN → EXECUTE / NOT_STARTED',
    FAILED: 'step.failed EVALUATE_PLAN → PLAN / NOT_STARTED',
    BLOCKED: 'decision.requested TRACK_BLOCKED',
    SKIPPED: unknown,
  },
  EXECUTE: {
    NOT_STARTED: 'step.started EXECUTE',
    IN_PROGRESS: 'step.passed EXECUTE → EVALUATE_EXECUTION / NOT_STARTED',
    PASSED: 'step.passed EXECUTE → EVALUATE_EXECUTION / NOT_STARTED',
    FAILED: 'step.started EXECUTE',
    BLOCKED: 'decision.requested TRACK_BLOCKED',
    SKIPPED: unknown,
  },
  EVALUATE_EXECUTION: {
    NOT_STARTED: 'step.started EVALUATE_EXECUTION',
    IN_PROGRESS: 'step.passed EVALUATE_EXECUTION → COMPLETE / NOT_STARTED',
    PASSED: 'step.passed EVALUATE_EXECUTION → COMPLETE / NOT_STARTED',
    FAILED: 'step.failed EVALUATE_EXECUTION → FIX / NOT_STARTED',
    BLOCKED: 'decision.requested TRACK_BLOCKED',
    SKIPPED: unknown,
  },
  FIX: {
    NOT_STARTED: 'step.started FIX',
    IN_PROGRESS: 'step.passed FIX → EVALUATE_EXECUTION / NOT_STARTED',
    PASSED: 'step.passed FIX → EVALUATE_EXECUTION / NOT_STARTED',
    FAILED: 'step.failed FIX → EVALUATE_EXECUTION / NOT_STARTED',
    BLOCKED: 'decision.requested TRACK_BLOCKED',
    SKIPPED: unknown,
  },
  BUSINESS_SYNC: {
    NOT_STARTED: 'step.started BUSINESS_SYNC',
    IN_PROGRESS: 'step.passed BUSINESS_SYNC → COMPLETE / NOT_STARTED',
    PASSED: 'step.passed BUSINESS_SYNC → COMPLETE / NOT_STARTED',
    FAILED: unknown,
    BLOCKED: 'decision.requested TRACK_BLOCKED',
    SKIPPED: 'step.passed BUSINESS_SYNC → COMPLETE / NOT_STARTED',
  },
  COMPLETE: {
    NOT_STARTED: 'step.started COMPLETE',
    IN_PROGRESS: 'completion.recorded commit',
    PASSED: 'loop.stopped completed',
    FAILED: 'loop.stopped completed',
    BLOCKED: 'decision.requested TRACK_BLOCKED',
    SKIPPED: 'loop.stopped completed',
  },
};
const pairs = steps.flatMap((step) => stepStatuses.map((status) => [step, status] as const));

/** Where the run comes to rest after that. */
function restOf(does: string): string {
  if (does === unknown) return 'error';
  return does.startsWith('decision.requested') ? 'awaiting' : 'completed';
}

describe('a run that goes on where another one died', () => {
  it('does what the table says, in every step and status, and comes to its end [RES-01]', async () => {
    const seen: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const [step, status] of pairs) {
      const { since, track } = await resumedAt(step, status, status === 'BLOCKED');
      seen[`${step} / ${status}`] = `${first(since)}, then ${track.lastStop}`;
      expected[`${step} / ${status}`] = `${resumption[step][status]}, then ${restOf(resumption[step][status])}`;
    }
    expect(seen).toEqual(expected);
  }, 120_000);

  it('goes on by itself in a blocked step whose blocker is resolved, and pauses in none', async () => {
    for (const step of steps.filter((one) => one !== 'COMPLETE')) {
      const { since, track } = await resumedAt(step, 'BLOCKED', false);
      expect([first(since), track.lastStop], step).toEqual([`step.reopened ${step}`, 'completed']);
    }
  }, 120_000);

  it('says what a state is that nobody knows, and how to get out of it', async () => {
    const { since } = await resumedAt('EXECUTE', 'SKIPPED', false);
    const { error } = dataOf(since.findLast(({ type }) => type === 'loop.stopped')) as {
      error: Record<string, unknown>;
    };
    expect(error).toMatchObject({ code: 'INVALID_STATE' });
    expect(error['message']).toContain('EXECUTE / SKIPPED');
    expect(error['hint']).toContain('infer');
  });

  it('goes on where no rule did, once a repair has inferred the step anew', async () => {
    const { agents } = willing();
    const test = await createTestEngine({ agents, files });
    const { id } = await test.api.tracks.create(one);
    await test.store.commit({
      appends: [
        {
          stream: `track/${id}`,
          expectedVersion: (await facts(test, id)).length,
          events: left('EXECUTE', 'SKIPPED', false),
        },
      ],
      meta: { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'engine', id: 'gone' } },
    });
    expect(await test.engine.repair()).toMatchObject({ inferred: [] }); // whoever left it so may be at work still
    await test.api.tracks.run(id);
    expect(await test.clock.runUntil(test.api.tracks.waitFor(id))).toMatchObject({ lastStop: 'error' });
    expect(await test.engine.repair()).toMatchObject({ tracks: [id], inferred: [id] });
    expect(dataOf((await facts(test, id, 'step.overridden'))[0])).toMatchObject({ source: 'inferred' });
    expect(await test.engine.repair()).toMatchObject({ inferred: [] });
    await test.api.tracks.run(id);
    expect(await test.clock.runUntil(test.api.tracks.waitFor(id))).toMatchObject({ lifecycle: 'completed' });
    await test.close();
  });

  it('neither loses nor repeats anything, whichever commit it dies before or after', async () => {
    const whole = await story();
    expect(whole.outline).toEqual([
      'step.started PLAN',
      'step.passed PLAN',
      'step.started EVALUATE_PLAN',
      'step.passed EVALUATE_PLAN',
      'step.started EXECUTE',
      'task.completed 1.1',
      'task.completed 1.2',
      'step.passed EXECUTE',
      'step.started EVALUATE_EXECUTION',
      'step.failed EVALUATE_EXECUTION',
      'step.started FIX',
      'task.completed Fix 1',
      'step.passed FIX',
      'step.started EVALUATE_EXECUTION',
      'step.passed EVALUATE_EXECUTION',
      'step.skipped BUSINESS_SYNC',
      'step.started COMPLETE',
      'track.completed ',
      'completion.recorded commit',
      'completion.recorded report',
      'completion.recorded retrospective',
      'completion.recorded cleanup',
      'step.passed COMPLETE',
    ]);
    const died = new Set<string>();
    for (let commit = 1; commit <= whole.commits; commit += 1) {
      // Losing the answer of a commit is dying before the next one, but for what is done in between: some will do.
      for (const written of commit % 4 === 0 ? [false, true] : [false]) {
        const crashed = await story({ commit, written });
        died.add(crashed.diedAt);
        expect(crashed.outline, `died ${written ? 'after' : 'before'} commit ${commit}`).toEqual(whole.outline);
        expect([crashed.fixCycles, crashed.attempts, crashed.plan]).toEqual([1, whole.attempts, whole.plan]);
      }
    }
    for (const step of ['PLAN', 'EVALUATE_PLAN', 'EXECUTE', 'EVALUATE_EXECUTION', 'FIX', 'COMPLETE'])
      expect([...died]).toEqual(expect.arrayContaining([`${step} / NOT_STARTED`, `${step} / IN_PROGRESS`]));
  }, 120_000);
});

const two = {
  goal: 'Two files',
  tasks: [...one.tasks, { id: '1.2', text: 'Write b', files: ['b.txt'], dependsOn: ['1.1'] }],
};

async function toItsEnd({ api }: TestEngine, id: string): Promise<Track> {
  await api.tracks.run(id).catch((error: unknown) => {
    if (!ConductorError.is(error, 'TRACK_ENDED')) throw error; // it died after the last word of the story
  });
  return api.tracks.waitFor(id, ({ lastStop }) => lastStop === 'completed');
}

/** A track with one fix cycle, from its start to its end; the engine may die at one of its commits, and another goes on. */
async function story(crash?: { readonly commit: number; readonly written: boolean }) {
  const base = await createTestEngine();
  const { id } = await base.api.tracks.create(two);
  let commits = 0;
  let dead = false;
  const store: Store = {
    ...base.store,
    async commit(commit, o) {
      if (dead) return new Promise<never>(() => {});
      if (commit.appends.length > 0) commits += 1; // the rest are rows about files
      if (commits !== crash?.commit) return base.store.commit(commit, o);
      dead = true;
      if (crash.written) await base.store.commit(commit, o);
      return new Promise<never>(() => {});
    },
  };
  // Work that is not good enough the first time, whoever asks.
  const strict = defineEvaluator({
    id: 'acme/strict',
    async evaluate() {
      const fixed = (await base.read('a.txt')) === 'fixed';
      return fixed
        ? { verdict: 'PASS', findings: [] }
        : { verdict: 'FAIL', findings: [{ severity: 'error', path: 'a.txt', message: 'Not good enough' }] };
    },
  });
  const engineOn = async (ports: TestEngine['ports']) => {
    const { workers, agents } = willing();
    workers.play('Fix 1', async (_assignment, { workspace }) => {
      await workspace.write('a.txt', 'fixed');
      return 'Fixed';
    });
    return createTestEngine({ agents, plugins: [strict], ports });
  };
  const first = await engineOn({ ...base.ports, store, ...(crash && { leaseKeeper: deadKeeper }) });
  let last = first;
  let diedAt = '';
  if (crash) {
    first.api.tracks.run(id).catch(() => {}); // it may die before it has begun
    for (let turn = 0; !dead; turn += 1) {
      if (turn > 10_000) throw new Error(`The story has fewer than ${crash.commit} commits`);
      await base.clock.turn();
    }
    const { step, stepStatus } = await base.api.tracks.get(id);
    diedAt = `${step} / ${stepStatus}`;
    await base.clock.advance(leaseMs + 1);
    last = await base.clock.runUntil(engineOn(base.ports)); // it may have to wait for a lock of the dead one
  }
  const track = await base.clock.runUntil(toItsEnd(last, id));
  await base.clock.runUntil(last.close());
  const log = await facts(base, id);
  const outline = log
    .filter(({ type }) => /^(step|completion)\.|^(task|track)\.completed/u.test(type))
    .map((event) => {
      const data = dataOf(event) as { step?: string; taskId?: string; part?: string };
      return `${event.type} ${data.step ?? data.taskId ?? data.part ?? ''}`;
    });
  const attempts = log
    .filter(({ type }) => type === 'task.started')
    .map((event) => dataOf(event) as { taskId: string; attempt: number })
    .map(({ taskId, attempt }) => `${taskId} ${attempt}`);
  return {
    commits,
    diedAt,
    outline,
    attempts: [...new Set(attempts)],
    fixCycles: track.fixCycles,
    plan: await base.read(`conductor/tracks/${id}/plan.md`),
  };
}

describe('FIX', () => {
  it('goes on with the fixes that are left, in the same cycle, and does none of the others again [RES-05]', async () => {
    const base = await createTestEngine();
    let good = false;
    const strict = defineEvaluator({
      id: 'acme/strict',
      evaluate: async () =>
        good
          ? { verdict: 'PASS', findings: [] }
          : {
              verdict: 'FAIL',
              findings: ['a.txt', 'b.txt', 'a.txt'].map((path, index) => ({
                severity: 'error' as const,
                path,
                message: `Fault ${index + 1}`,
              })),
            },
    });
    const engineOn = (workers: ReturnType<typeof steeredWorkers>, ports: TestEngine['ports']) =>
      createTestEngine({ agents: workers.agents, plugins: [strict], ports });
    const old = steeredWorkers();
    old.hold('Fix 2', 'Fix 3');
    const first = await engineOn(old, { ...base.ports, leaseKeeper: deadKeeper });
    const { id } = await first.api.tracks.create(two);
    await first.api.tracks.run(id);
    await first.api.tracks.waitFor(
      id,
      ({ step, progress }) => step === 'FIX' && progress.done === 3 && progress.running > 0,
    );
    await first.clock.settle();
    const open = (text = '') =>
      [...text.matchAll(/^- \[(.)\] (?:\*\*)?(Fix \d)/gmu)].map(([, mark, fix]) => `${fix} ${mark}`);
    const atCrash = open(await base.read(`conductor/tracks/${id}/plan.md`));
    expect(atCrash.filter((line) => line.endsWith(' x'))).toEqual(['Fix 1 x']);
    expect(atCrash).toHaveLength(3);

    await base.clock.advance(leaseMs + 1);
    good = true;
    const later = steeredWorkers();
    const second = await base.clock.runUntil(engineOn(later, base.ports));
    const track = await base.clock.runUntil(toItsEnd(second, id));
    expect(track).toMatchObject({ fixCycles: 1, lifecycle: 'completed' });
    expect(later.calls.map((call) => ('task' in call ? `${call.role} ${call.task.id}` : call.role)).sort()).toEqual([
      'fixer Fix 2',
      'fixer Fix 3',
    ]);
    // What the fixer is told is still what the evaluation found.
    for (const { input } of later.calls)
      expect((input as { findings: unknown[] }).findings).toMatchObject(
        [1, 2, 3].map((n) => ({ message: `Fault ${n}` })),
      );
    const starts = (await facts(base, id, 'step.started')).map((event) => dataOf(event)['step']);
    expect(starts.filter((step) => step === 'FIX')).toHaveLength(1);
    expect(await planEdits(base, id)).toHaveLength(1);
    await base.clock.runUntil(second.close());
  });
});
