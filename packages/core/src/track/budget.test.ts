import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { facts, planned } from '../testing/track-facts.js';
import { spending, usedUp } from './budget.js';
import { trackEvent } from './events.js';
import type { BudgetLimits } from './model.js';
import { nextAction } from './next-action.js';
import { track } from './track.js';

const id = 'greet_20260101';
const on = (...events: readonly NewEvent[]) => given(track, id, [...facts.live(), ...events]);
const run = (budget?: BudgetLimits) =>
  trackEvent('loop.resumed', { owner: 'e', host: 'h', epoch: 2, previous: 'x', ...(budget && { budget }) });
const stopped = (reason: string) => trackEvent('loop.stopped', { reason });
const spent = (usage: object) =>
  trackEvent('effect.failed', {
    effect: 'e',
    reason: 'x',
    message: '',
    final: false,
    usage: { known: true, ...usage },
  });

describe('what a run may spend', () => {
  it('is counted from its beginning, kind by kind', () => {
    const before = [spent({ inputTokens: 100, costMicros: 9_000_000 }), stopped('stopped')];
    const rows: readonly (readonly [
      BudgetLimits,
      object,
      { kind: string; limit: number; spent: number } | undefined,
    ])[] = [
      [{ tokens: 10 }, { inputTokens: 4, outputTokens: 5 }, undefined],
      [{ tokens: 10 }, { inputTokens: 4, outputTokens: 6 }, { kind: 'tokens', limit: 10, spent: 10 }],
      [{ usd: 0.5 }, { costMicros: 499_999 }, undefined],
      [{ usd: 0.5 }, { costMicros: 750_000 }, { kind: 'usd', limit: 0.5, spent: 0.75 }],
      [{}, { inputTokens: 1e9, costMicros: 1e12 }, undefined],
      [{ wallMs: 1 }, { wallMs: 1000 }, undefined],
    ];
    for (const [limits, usage, expected] of rows)
      expect(usedUp(on(...before, run(limits), spent(usage)).state.budget)).toEqual(expected);
  });

  it('counts attempts, and nothing as nothing', () => {
    const work = [facts.plan(planned('1')), facts.started('1')];
    expect(usedUp(on(run({ attempts: 1 }), ...work).state.budget)).toEqual({ kind: 'attempts', limit: 1, spent: 1 });
    expect(usedUp(on(...work, stopped('stopped'), run({ attempts: 1 })).state.budget)).toBeUndefined();
    expect(spending({ known: true }, 0)).toEqual({ tokens: 0, costMicros: 0, attempts: 0 });
  });

  it('stops the run when it is used up, which is on record in the same commit, once', () => {
    const used = on(run({ tokens: 1 }), spent({ inputTokens: 2 }));
    expect(nextAction(used.state)).toEqual({ do: 'stop', reason: 'budget' });
    const stop = { name: 'loop.stop', data: { reason: 'budget' } } as const;
    used.when(stop).then([{ type: 'budget.exhausted', data: { kind: 'tokens', limit: 1, spent: 2 } }, 'loop.stopped']);
    used.when({ name: 'loop.stop', data: { reason: 'stopped' } }).then(['loop.stopped']);
    on(trackEvent('budget.exhausted', { kind: 'wallMs', limit: 1, spent: 1 }))
      .when(stop)
      .then(['loop.stopped']);
    on(run({ tokens: 5 }))
      .when(stop)
      .then(['loop.stopped']);
  });

  it('outlasts a crash and a question, but not the end of the run', () => {
    const limited = [run({ tokens: 5 }), spent({ inputTokens: 3 })];
    const left = (...events: readonly NewEvent[]) => on(...limited, ...events, spent({ inputTokens: 3 })).state.budget;
    expect(usedUp(left(run()))).toEqual({ kind: 'tokens', limit: 5, spent: 6 });
    expect(usedUp(left(stopped('awaiting'), run()))).toEqual({ kind: 'tokens', limit: 5, spent: 6 });
    expect(usedUp(left(run({ tokens: 4 })))).toBeUndefined();
    for (const reason of ['budget', 'paused', 'stopped']) expect(left(stopped(reason), run()).limits).toEqual({});
    const exhausted = trackEvent('budget.exhausted', { kind: 'tokens', limit: 5, spent: 5 });
    expect(left(exhausted, run()).exhausted).toBe('tokens');
    expect(left(exhausted, stopped('budget'), run())).not.toHaveProperty('exhausted');
  });
});
