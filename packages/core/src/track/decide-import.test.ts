import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { facts, planned, planOf } from '../testing/track-facts.js';
import type { TrackCommand } from './commands.js';
import { trackEvent } from './events.js';
import type { TrackEventData } from './events.js';
import { nextAction } from './next-action.js';
import { track } from './track.js';
import type { Step, StepStatus } from './model.js';

const id = 'greet_20260101';
const on = (...events: readonly NewEvent[]) => given(track, id, events);

const imported = (parts: Partial<TrackEventData<'track.imported'>> = {}): TrackEventData<'track.imported'> => ({
  name: 'Greet',
  type: 'bugfix',
  priority: 'P1',
  goal: 'Say hello',
  spec: { text: '# Greet' },
  specHash: 'spec-1',
  source: 'imported',
  background: false,
  policy: { limits: { maxFixCycles: 5 }, isolation: 'shared' },
  flags: { superpower: false },
  dependencies: ['other'],
  labels: [],
  files: [{ path: 'conductor/tracks/greet/plan.md', hash: 'h' }],
  lifecycle: 'ready',
  loop: {
    step: 'EXECUTE',
    status: 'IN_PROGRESS',
    mode: 'PARALLEL',
    fixCycles: 1,
    planRevisions: 2,
    checkpoints: { EVALUATE_PLAN: { status: 'PASSED' } },
  },
  plan: planOf(planned('1', { state: 'done', commit: 'abc1234' }), planned('2', { dependsOn: ['1'] })),
  blockers: [],
  extra: { owner: '"mo"' },
  createdAt: '2025-01-02T00:00:00.000Z',
  findings: [],
  ...parts,
});
const take = (parts?: Partial<TrackEventData<'track.imported'>>): TrackCommand => ({
  name: 'track.import',
  data: imported(parts),
});
const override = (step: Step, status: StepStatus, source: 'metadata' | 'inferred' = 'metadata'): TrackCommand => ({
  name: 'step.override',
  data: { to: { step, status }, source, findings: [] },
});

describe('a track that is taken over from a folder', () => {
  it('stands where its files say, with their plan, limits, blockers and unknown keys', () => {
    const { state } = on()
      .when(
        take({
          blockers: [
            { id: 'b', step: 'EXECUTE', description: 'Key', active: true, raisedAt: '2025-01-03T00:00:00.000Z' },
          ],
        }),
      )
      .then(['track.imported']);
    expect(state).toMatchObject({
      lifecycle: 'ready',
      about: { name: 'Greet', priority: 'P1', superpower: false, dependencies: ['other'], extra: { owner: '"mo"' } },
      imported: true,
      policy: { limits: { maxFixCycles: 5, maxPlanRevisions: 3 } },
      loop: { step: 'EXECUTE', status: 'IN_PROGRESS', mode: 'PARALLEL', fixCycles: 1, planRevisions: 2 },
      createdAt: '2025-01-02T00:00:00.000Z',
    });
    expect(state.loop.visits.EXECUTE).toBe(1);
    expect(state.blockers.get('b')).toMatchObject({ active: true });
    expect(state.plan?.tasks.get('1')).toMatchObject({ status: 'done', commit: 'abc1234' });
    expect([...(state.plan?.ready ?? [])]).toEqual(['2']);
    expect(state).not.toHaveProperty('completedAt');
  });

  it('is taken over once, and never over a track of ours', () => {
    on(trackEvent('track.imported', imported())).when(take()).then([]);
    on(facts.created()).when(take()).then([]);
  });

  it('goes on with the work that is left, and asks the planner anew where its plan was under way', () => {
    const run = [
      trackEvent('track.activated', {}),
      trackEvent('loop.started', { owner: 'engine-1', epoch: 1, host: 'here' }),
    ];
    const at = (parts?: Partial<TrackEventData<'track.imported'>>) =>
      nextAction(on(trackEvent('track.imported', imported(parts)), ...run).state);
    expect(at()).toMatchObject({ do: 'work', step: 'EXECUTE' });
    const loop = { step: 'PLAN', status: 'IN_PROGRESS', fixCycles: 0, planRevisions: 0, checkpoints: {} } as const;
    expect(at({ loop: { ...loop, replan: true } })).toMatchObject({ do: 'ask', role: 'planner' });
    expect(at({ loop })).toMatchObject({ do: 'close', step: 'PLAN', outcome: 'pass' });
  });

  it('that was finished is finished, at its own time or at that of its import', () => {
    const done = { step: 'COMPLETE', status: 'PASSED', fixCycles: 0, planRevisions: 0, checkpoints: {} } as const;
    const completedAt = '2025-02-03T00:00:00.000Z';
    expect(
      on(trackEvent('track.imported', imported({ lifecycle: 'completed', loop: done, completedAt }))).state,
    ).toMatchObject({ lifecycle: 'completed', completedAt });
    expect(
      on(trackEvent('track.imported', imported({ lifecycle: 'completed', loop: done }))).state.completedAt,
    ).toBeDefined();
  });

  it('keeps the words of another tool for its step until one of our facts says another', () => {
    const loop = {
      step: 'EXECUTE',
      status: 'BLOCKED',
      foreign: { step: 'GAME_VERIFICATION' },
      fixCycles: 0,
      planRevisions: 0,
      checkpoints: { EVALUATE_PLAN: { status: 'PASSED' } },
    } as const;
    const start = trackEvent('track.imported', imported({ loop }));
    const active = [
      trackEvent('track.activated', {}),
      trackEvent('loop.started', { owner: 'engine-1', epoch: 1, host: 'here' }),
    ];
    expect(
      on(start, ...active, trackEvent('step.blocked', { step: 'EXECUTE', rule: 'T30', blockerIds: [] })).state.loop
        .foreign,
    ).toEqual({ step: 'GAME_VERIFICATION' });
    for (const fact of [
      trackEvent('step.reopened', { step: 'EXECUTE', rule: 'T31', blockerIds: [] }),
      trackEvent('step.started', { step: 'EXECUTE', visit: 1, rule: 'T13' }),
      trackEvent('step.failed', {
        step: 'EXECUTE',
        visit: 1,
        rule: 'T11',
        next: { step: 'PLAN', status: 'NOT_STARTED' },
      }),
      trackEvent('step.overridden', {
        from: { step: 'EXECUTE', status: 'BLOCKED' },
        to: { step: 'EXECUTE', status: 'NOT_STARTED' },
        source: 'metadata',
        findings: [],
      }),
    ])
      expect(on(start, ...active, fact).state.loop).not.toHaveProperty('foreign');
    on(start).when(override('EXECUTE', 'BLOCKED')).then(['step.overridden']);
  });
});

describe('a step that a person has written into the file', () => {
  const stopped = (
    step: Step,
    status: StepStatus,
    checkpoints: TrackEventData<'track.imported'>['loop']['checkpoints'],
  ) =>
    on(trackEvent('track.imported', imported({ loop: { step, status, fixCycles: 0, planRevisions: 0, checkpoints } })));
  const planPassed = { EVALUATE_PLAN: { status: 'PASSED' } } as const;

  it('is taken where the table knows the pair', () => {
    const { state } = stopped('EXECUTE', 'FAILED', planPassed)
      .when(override('EVALUATE_EXECUTION', 'NOT_STARTED'))
      .then(['step.overridden']);
    expect(state.loop).toMatchObject({ step: 'EVALUATE_EXECUTION', status: 'NOT_STARTED' });
    stopped('EXECUTE', 'FAILED', planPassed).when(override('EXECUTE', 'FAILED')).then([]);
    stopped('EXECUTE', 'IN_PROGRESS', planPassed).when(override('EXECUTE', 'IN_PROGRESS')).then([]);
    expect(
      stopped('FIX', 'PASSED', planPassed).when(override('EXECUTE', 'IN_PROGRESS')).then(['step.overridden']).state
        .loop,
    ).toMatchObject({ step: 'EXECUTE', status: 'NOT_STARTED' });
    stopped('EXECUTE', 'FAILED', planPassed).when(override('EXECUTE', 'BLOCKED')).then(['step.overridden']);
  });

  it.each([
    ['PLAN', 'SKIPPED'],
    ['EXECUTE', 'SKIPPED'],
    ['COMPLETE', 'PASSED'],
    ['COMPLETE', 'NOT_STARTED'],
    ['BUSINESS_SYNC', 'NOT_STARTED'],
    ['EVALUATE_EXECUTION', 'PASSED'],
  ] as const)('is refused for %s / %s', (step, status) => {
    stopped('FIX', 'NOT_STARTED', planPassed).when(override(step, status)).then('INVALID_STATE');
  });

  it('never leads past a gate that has not passed', () => {
    for (const step of ['EXECUTE', 'EVALUATE_EXECUTION', 'FIX'] as const)
      stopped('PLAN', 'NOT_STARTED', {}).when(override(step, 'NOT_STARTED')).then('INVALID_STATE');
    stopped('PLAN', 'NOT_STARTED', {}).when(override('EVALUATE_PLAN', 'PASSED')).then('INVALID_STATE');
    stopped('PLAN', 'NOT_STARTED', {}).when(override('EVALUATE_PLAN', 'FAILED')).then(['step.overridden']);
    stopped('FIX', 'NOT_STARTED', planPassed).when(override('EVALUATE_PLAN', 'PASSED')).then(['step.overridden']);
    const both = { ...planPassed, EVALUATE_EXECUTION: { status: 'PASSED' } } as const;
    stopped('EVALUATE_EXECUTION', 'PASSED', both)
      .when(override('BUSINESS_SYNC', 'NOT_STARTED'))
      .then(['step.overridden']);
  });

  it('back before a gate has that gate pass again, and back to PLAN asks for another plan', () => {
    const both = { ...planPassed, EVALUATE_EXECUTION: { status: 'PASSED' } } as const;
    const back = stopped('FIX', 'NOT_STARTED', both)
      .when(override('PLAN', 'NOT_STARTED'))
      .then(['step.overridden']).state;
    expect(back.loop).toMatchObject({
      rejectedRevision: 1,
      checkpoints: { EVALUATE_PLAN: { status: 'NOT_STARTED' }, EVALUATE_EXECUTION: { status: 'NOT_STARTED' } },
    });
    for (const step of ['EXECUTE', 'FIX', 'EVALUATE_PLAN'] as const) {
      const { loop } = stopped('EVALUATE_EXECUTION', 'FAILED', both)
        .when(override(step, 'NOT_STARTED'))
        .then(['step.overridden']).state;
      expect(loop.checkpoints.EVALUATE_EXECUTION?.status).toBe('NOT_STARTED');
    }
    expect(
      stopped('BRAINSTORM', 'NOT_STARTED', {}).when(override('PLAN', 'NOT_STARTED')).then(['step.overridden']).state
        .loop.rejectedRevision,
    ).toBe(0);
  });

  it('is BRAINSTORM only where the family of agents has somebody for it', () => {
    stopped('PLAN', 'NOT_STARTED', {}).when(override('BRAINSTORM', 'NOT_STARTED')).then('INVALID_STATE');
    on(facts.created()).when(override('BRAINSTORM', 'NOT_STARTED')).then(['step.overridden']);
  });

  it('is refused while a run holds the track, and of a track that is over', () => {
    on(...facts.live())
      .when(override('PLAN', 'FAILED'))
      .then('INVALID_STATE');
    on(...facts.live(), trackEvent('loop.stopped', { reason: 'stopped' }))
      .when(override('PLAN', 'FAILED'))
      .then(['step.overridden']);
    on(facts.created(), trackEvent('track.cancelled', {})).when(override('PLAN', 'FAILED')).then('TRACK_ENDED');
  });
});

describe('a blocker', () => {
  const raised = trackEvent('blocker.raised', { blockerId: 'b', step: 'PLAN', description: 'A key is missing' });
  const resolve: TrackCommand = { name: 'blocker.resolve', data: { blockerId: 'b', how: 'metadata.json' } };

  it('is resolved once, by its name', () => {
    const { state } = on(facts.created(), raised).when(resolve).then(['blocker.resolved']);
    expect(state.blockers.get('b')).toMatchObject({ active: false });
    on(facts.created(), raised, trackEvent('blocker.resolved', { blockerId: 'b', how: 'answered' }))
      .when(resolve)
      .then([]);
    on(facts.created()).when(resolve).then('VALIDATION_FAILED');
  });
});
