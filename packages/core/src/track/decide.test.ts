import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { facts, planned } from '../testing/track-facts.js';
import type { TrackCommand } from './commands.js';
import { trackEvent } from './events.js';
import { lifecycleMoves } from './lifecycle.js';
import type { LifecycleOperation } from './lifecycle.js';
import { lifecycles } from './model.js';
import type { Lifecycle } from './model.js';
import { track } from './track.js';

const id = 'greet_20260101';
const on = (...events: readonly NewEvent[]) => given(track, id, events);

/** Facts that bring a track into each lifecycle. */
const inLifecycle: Readonly<Record<Lifecycle, readonly NewEvent[]>> = {
  draft: [facts.created()],
  ready: [facts.created(), trackEvent('track.readied', {})],
  active: facts.live(),
  paused: [...facts.live(), trackEvent('track.paused', { mode: 'drain' })],
  failed: [...facts.live(), trackEvent('track.failed', {})],
  cancelled: [facts.created(), trackEvent('track.cancelled', {})],
  completed: [...facts.live(), trackEvent('track.completed', { criteria: [], report: { text: '' } })],
  archived: [facts.created(), trackEvent('track.cancelled', {}), trackEvent('track.archived', {})],
};

const operations: Readonly<Record<Exclude<LifecycleOperation, 'complete'>, { command: TrackCommand; event: string }>> =
  {
    ready: { command: { name: 'track.ready', data: {} }, event: 'track.readied' },
    activate: { command: { name: 'track.activate', data: {} }, event: 'track.activated' },
    pause: { command: { name: 'track.pause', data: {} }, event: 'track.paused' },
    resume: { command: { name: 'track.resume', data: {} }, event: 'track.resumed' },
    fail: { command: { name: 'track.fail', data: { reason: 'no' } }, event: 'track.failed' },
    retry: { command: { name: 'track.retry', data: {} }, event: 'track.retried' },
    cancel: { command: { name: 'track.cancel', data: {} }, event: 'track.cancelled' },
    archive: { command: { name: 'track.archive', data: {} }, event: 'track.archived' },
  };

/** The published table of the outer machine, a second time: from → operation → to. */
const published: readonly (readonly [Lifecycle, LifecycleOperation, Lifecycle])[] = [
  ['draft', 'ready', 'ready'],
  ['draft', 'cancel', 'cancelled'],
  ['ready', 'cancel', 'cancelled'],
  ['ready', 'activate', 'active'],
  ['active', 'pause', 'paused'],
  ['active', 'complete', 'completed'],
  ['active', 'fail', 'failed'],
  ['active', 'cancel', 'cancelled'],
  ['paused', 'resume', 'active'],
  ['paused', 'cancel', 'cancelled'],
  ['paused', 'fail', 'failed'],
  ['failed', 'retry', 'draft'],
  ['failed', 'cancel', 'cancelled'],
  ['completed', 'archive', 'archived'],
  ['cancelled', 'archive', 'archived'],
];

describe('the lifecycle of a track', () => {
  it('moves as published and in no other way; a refusal changes nothing, a repeat is no event', () => {
    for (const from of lifecycles) {
      for (const [operation, { command, event }] of Object.entries(operations) as [
        LifecycleOperation,
        { command: TrackCommand; event: string },
      ][]) {
        const row = published.find(([f, o]) => f === from && o === operation);
        const attempt = on(...inLifecycle[from]).when(command);
        if (row) expect(attempt.then([event]).state.lifecycle, `${operation} from ${from}`).toBe(row[2]);
        else if (lifecycleMoves[operation].to === from) attempt.then([]);
        else attempt.then('INVALID_STATE');
      }
    }
  });

  it('has the same rows in its table', () => {
    const rows = Object.entries(lifecycleMoves).flatMap(([operation, { from, to }]) =>
      from.map((f) => [f, operation, to].join(' ')),
    );
    expect(rows.sort()).toEqual(published.map((row) => row.join(' ')).sort());
  });

  it('names the states that an operation is allowed from', () => {
    expect(() =>
      track.decide(
        on(facts.created()).state,
        { name: 'track.resume', data: {} },
        { at: '', actor: { kind: 'user', id: 'u' } },
      ),
    ).toThrow(
      expect.objectContaining({
        code: 'INVALID_STATE',
        details: expect.objectContaining({ allowed: ['paused'], lifecycle: 'draft' }),
      }) as Error,
    );
  });

  it('keeps the reason of the last move, and drops an older one', () => {
    const paused = on(...facts.live())
      .when({ name: 'track.pause', data: { reason: 'lunch' } })
      .then(['track.paused']).state;
    expect(paused).toMatchObject({ lifecycle: 'paused', lifecycleReason: 'lunch', draining: true });
    expect(
      on(
        ...facts.live(),
        trackEvent('track.paused', { reason: 'lunch', mode: 'drain' }),
        trackEvent('track.resumed', {}),
      ).state,
    ).not.toHaveProperty('lifecycleReason');
  });

  it('drains when paused, unless told to stop now; a drain can be cut short, never drawn out', () => {
    const draining = on(...facts.live(), trackEvent('track.paused', { mode: 'drain' }));
    expect(draining.state.draining).toBe(true);
    expect(draining.when({ name: 'track.pause', data: { mode: 'now' } }).then(['track.paused']).state.draining).toBe(
      false,
    );
    draining.when({ name: 'track.pause', data: {} }).then([]);
    const stopped = on(...facts.live(), trackEvent('track.paused', { mode: 'now' }));
    expect(stopped.state.draining).toBe(false);
    stopped.when({ name: 'track.pause', data: { mode: 'drain' } }).then([]);
  });
});

describe('a track', () => {
  const create: TrackCommand = { name: 'track.create', data: facts.created().data as never }; // the fixture holds the payload of this very command

  it('is created once', () => {
    const created = on().when(create).then(['track.created']).state;
    expect(created).toMatchObject({
      version: 1,
      lifecycle: 'draft',
      about: { name: 'Greet', superpower: true, extra: {} },
    });
    on(facts.created()).when(create).then('TRACK_EXISTS');
  });

  it('takes its limits from the fact of its creation, and the others from the defaults', () => {
    expect(on(facts.created({ maxFixCycles: 5 })).state.policy.limits).toMatchObject({
      maxFixCycles: 5,
      maxPlanRevisions: 3,
    });
  });

  it('must exist for every other command, and must not be newer than we are', () => {
    const commands: readonly TrackCommand[] = [
      { name: 'track.ready', data: {} },
      { name: 'track.configure', data: { name: 'New' } },
      { name: 'loop.stop', data: { reason: 'stopped' } },
      { name: 'effect.interrupt', data: { effect: 'e', reason: 'stopped' } },
      { name: 'timer.fire', data: { timerId: 't', due: '' } },
      { name: 'budget.set', data: { limits: {} } },
      { name: 'budget.exhaust', data: { kind: 'tokens', limit: 1, spent: 2 } },
      {
        name: 'condition.add',
        data: { conditionId: 'c', text: '', director: 'CA', verify: { kind: 'check', ref: '' } },
      },
      { name: 'condition.verify', data: { conditionId: 'c', met: true } },
      {
        name: 'edit.note',
        data: { path: 'plan.md', hash: '', bytes: { text: '' }, disposition: 'claim', findings: [] },
      },
      { name: 'task.interrupt', data: { taskId: '1', runId: 'r', reason: 'stopped' } },
      { name: 'board.conclude', data: { boardId: 'b', verdict: 'APPROVED', summary: '', conditions: [] } },
      { name: 'decision.apply', data: { approvalId: 'a' } },
    ];
    const newer = on(facts.created(), { ...trackEvent('track.readied', {}), v: 2 });
    for (const command of commands) {
      on().when(command).then('TRACK_NOT_FOUND');
      newer.when(command).then('STORE_NEWER');
    }
  });

  it('knows no command that is not in its list, also not one that every object has', () => {
    for (const name of ['track.explode', '__proto__', 'toString', 'constructor'])
      on(facts.created())
        .when({ name, data: {} } as never)
        .then('USAGE'); // hostile on purpose
  });

  it('is specified anew when the text of its spec has changed', () => {
    const other = { spec: { text: '# Other' }, specHash: 'spec-2' };
    const specify: TrackCommand = { name: 'track.specify', data: other };
    const { state } = on(facts.created())
      .when(specify)
      .then([trackEvent('track.specified', { ...other, revision: 2 })]);
    expect(state.about).toMatchObject({ spec: { text: '# Other' }, specHash: 'spec-2', name: 'Greet' });
    on(facts.created())
      .when({ name: 'track.specify', data: { spec: { text: '# Greet' }, specHash: 'spec-1' } })
      .then([]);
    on(...inLifecycle.cancelled)
      .when(specify)
      .then('TRACK_ENDED');
  });

  it('is configured by a patch; limits are merged, an empty patch is no event', () => {
    const { state } = on(facts.created({ maxFixCycles: 5 }))
      .when({ name: 'track.configure', data: { name: 'Wave', limits: { maxWorkers: 2 } } })
      .then(['track.configured']);
    expect(state.about).toMatchObject({ name: 'Wave', type: 'feature' });
    expect(state.policy.limits).toMatchObject({ maxFixCycles: 5, maxWorkers: 2 });
    on(facts.created()).when({ name: 'track.configure', data: {} }).then([]);
    on(...inLifecycle.archived)
      .when({ name: 'track.configure', data: { name: 'Wave' } })
      .then('TRACK_ENDED');
  });

  it('completes only at COMPLETE, with every criterion met', () => {
    const complete = (met: boolean): TrackCommand => ({
      name: 'track.complete',
      data: { criteria: [{ text: 'it waves', met, evidence: 'seen' }], report: { text: 'done' } },
    });
    const there = on(...facts.live(), ...facts.at('COMPLETE', 'IN_PROGRESS'));
    expect(there.when(complete(true)).then(['track.completed']).state).toMatchObject({
      lifecycle: 'completed',
      completedAt: expect.any(String),
    });
    there.when(complete(false)).then('CRITERIA_NOT_MET');
    on(...facts.live(), ...facts.at('EVALUATE_EXECUTION', 'IN_PROGRESS'))
      .when(complete(true))
      .then('INVALID_STATE');
    on(...facts.live(), ...facts.at('COMPLETE', 'IN_PROGRESS'), trackEvent('track.paused', { mode: 'drain' }))
      .when(complete(true))
      .then('INVALID_STATE');
    on(...facts.live(), ...facts.at('COMPLETE', 'IN_PROGRESS'), ...inLifecycle.completed.slice(-1))
      .when(complete(true))
      .then([]);
  });
});

describe('the plan of a track', () => {
  const submit = (count: number, effect?: string): TrackCommand => ({
    name: 'plan.submit',
    data: {
      text: { text: '' },
      textHash: 'h',
      model: { title: '', tasks: Array.from({ length: count }, (_, i) => planned(`${i + 1}`)) },
      ...(effect && { effect }),
    },
  });
  const edit = (base: number, ids: readonly string[], textHash = 'other'): TrackCommand => ({
    name: 'plan.edit',
    data: {
      base,
      text: { text: '' },
      textHash,
      model: { title: '', tasks: ids.map((taskId) => planned(taskId)) },
      ops: [],
      cause: 'person',
    },
  });

  it('gets a new revision each time it is submitted', () => {
    expect(
      on(...facts.live())
        .when(submit(2))
        .then(['plan.submitted']).state.plan,
    ).toMatchObject({ revision: 1, open: 2 });
    expect(
      on(...facts.live(), facts.plan(planned('1')))
        .when(submit(1))
        .then(['plan.submitted']).state.plan,
    ).toMatchObject({ revision: 2 });
  });

  it('is refused when nobody asked for it, while its tasks run, when it is too large, and after the end', () => {
    on(...facts.live())
      .when(submit(1, 'greet/PLAN/1/planner'))
      .then('INVALID_STATE');
    on(...facts.live(), facts.plan(planned('1')), facts.started('1'))
      .when(submit(1))
      .then('INVALID_STATE');
    on(...facts.live({ maxPlanTasks: 2 }))
      .when(submit(3))
      .then('PLAN_INVALID');
    expect(
      on(...facts.live({ maxPlanTasks: 2 }))
        .when(submit(2))
        .then(['plan.submitted']).state.plan?.open,
    ).toBe(2);
    on(...inLifecycle.completed)
      .when(submit(1))
      .then('TRACK_ENDED');
  });

  it('closes the effect that asked for it', () => {
    const effect = `${id}/PLAN/1/planner`;
    const asked = on(
      ...facts.live(),
      ...facts.at('PLAN', 'IN_PROGRESS'),
      trackEvent('effect.started', { effect, role: 'planner', executor: 'x', try: 1 }),
    );
    const { state } = asked.when(submit(1, effect)).then(['plan.submitted']);
    expect(state.effects.size).toBe(0);
    expect(state.results.get(effect)).toEqual({ event: `track/${id}@${state.version}`, verdict: 'PASS' });
  });

  it('is edited only from the revision that the editor has read, and never below a task that runs', () => {
    const running = on(...facts.live(), facts.plan(planned('1'), planned('2')), facts.started('1'));
    expect(running.when(edit(1, ['1', '3'])).then(['plan.edited']).state.plan).toMatchObject({ revision: 2, open: 2 });
    running.when(edit(0, ['1'])).then('VERSION_CONFLICT');
    running.when(edit(2, ['1'])).then('VERSION_CONFLICT');
    running.when(edit(1, ['2'])).then('INVALID_STATE');
    running.when(edit(1, [], running.state.plan?.textHash)).then([]);
    on(...facts.live({ maxPlanTasks: 2 }), facts.plan(planned('1')))
      .when(edit(1, ['1', '2', '3']))
      .then('PLAN_INVALID');
    expect(
      on(...facts.live())
        .when(edit(0, ['1']))
        .then(['plan.edited']).state.plan?.revision,
    ).toBe(1);
    on(...inLifecycle.cancelled)
      .when(edit(0, ['1']))
      .then('TRACK_ENDED');
  });

  it('stays as it is once the work has passed its evaluation', () => {
    for (const step of ['BUSINESS_SYNC', 'COMPLETE'] as const) {
      const there = on(...facts.live(), facts.plan(planned('1')), ...facts.at(step, 'IN_PROGRESS'));
      there.when(submit(1)).then('INVALID_STATE');
      there.when(edit(1, ['1', '2'])).then('INVALID_STATE');
    }
    const evaluated = on(...facts.live(), facts.plan(planned('1')), ...facts.at('EVALUATE_EXECUTION', 'IN_PROGRESS'));
    evaluated.when(edit(1, ['1', '2'])).then(['plan.edited']);
  });

  it('notes discovered work, finished phases and edits of others', () => {
    const work = { description: 'rename', reason: 'old word', recommendation: 'new track' };
    expect(
      on(...facts.live())
        .when({ name: 'work.discover', data: work })
        .then(['work.discovered']).state.discovered,
    ).toEqual([work]);
    expect(
      on(...facts.live())
        .when({ name: 'work.discover', data: { ...work, taskId: '1' } })
        .then(['work.discovered']).state.discovered,
    ).toEqual([{ ...work, taskId: '1' }]);
    on(...inLifecycle.cancelled)
      .when({ name: 'work.discover', data: work })
      .then('TRACK_ENDED');
    on(...facts.live())
      .when({ name: 'phase.complete', data: { phase: 1, title: 'First' } })
      .then(['phase.completed']);
    on(...inLifecycle.cancelled)
      .when({ name: 'phase.complete', data: { phase: 1, title: 'First' } })
      .then('TRACK_ENDED');
    on(...facts.live())
      .when({
        name: 'edit.note',
        data: { path: 'plan.md', hash: 'h', bytes: { text: '' }, disposition: 'claim', findings: [] },
      })
      .then(['edit.noted']);
  });
});
