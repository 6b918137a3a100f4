import { describe, expect, it } from 'vitest';
import { ConductorError } from '../kernel/error.js';
import type { Command, Decider } from '../track/decider.js';
import { given } from './given.js';

/** A tap that counts: small, but with a refusal, several events, and "already so". */
const counter: Decider<{ count: number; seen: readonly string[] }, Command> = {
  kind: 'counter',
  foldVersion: 1,
  initial: () => ({ count: 0, seen: [] }),
  decide(state, command, { at, actor }) {
    if (command.name === 'count.reset') return state.count === 0 ? [] : [{ type: 'count.reset', v: 1, data: {} }];
    if (command.name === 'count.break') throw new TypeError('a fault of the decider');
    if (command.name !== 'count.add') throw new ConductorError('INVALID_STATE', `No ${command.name}`);
    return [1, 2].map((by) => ({ type: 'count.added', v: 1, data: { by, at, who: actor.id } }));
  },
  evolve(state, event) {
    const seen = [...state.seen, event.id];
    return event.type === 'count.reset' ? { count: 0, seen } : { count: state.count + 1, seen };
  },
};

describe('given', () => {
  it('folds the facts into a state, as envelopes of one stream', () => {
    expect(given(counter, 'a', [{ type: 'count.added' }, { type: 'count.added', data: { by: 2 } }]).state).toEqual({
      count: 2,
      seen: ['counter/a@1', 'counter/a@2'],
    });
  });

  it('compares the decided events by type, or by the parts that the test names', () => {
    const add = given(counter, 'a').when({ name: 'count.add', data: {} }, { at: '2026-02-01T00:00:00.000Z' });
    expect(add.then(['count.added', 'count.added']).events).toHaveLength(2);
    add.then([
      { type: 'count.added', v: 1 },
      { type: 'count.added', data: { by: 2, at: '2026-02-01T00:00:00.000Z', who: 'tester' } },
    ]);
  });

  it('gives back the events, and the state with them folded in', () => {
    const { events, state } = given(counter, 'a', [{ type: 'count.added' }])
      .when({ name: 'count.reset', data: {} })
      .then(['count.reset']);
    expect(events).toHaveLength(1);
    expect(state).toEqual({ count: 0, seen: ['counter/a@1', 'counter/a@2'] });
  });

  it('expects nothing where it is already so', () => {
    const decision = given(counter, 'a').when({ name: 'count.reset', data: {} });
    expect(decision.then([])).toEqual({ events: [], state: { count: 0, seen: [] } });
  });

  it('expects a refusal by its code', () => {
    const decision = given(counter, 'a', [{ type: 'count.added' }]).when({ name: 'count.fly', data: {} });
    expect(decision.then('INVALID_STATE')).toMatchObject({ events: [], state: { count: 1 } });
  });

  it.each<[string, string, readonly string[]]>([
    ['another event', 'count.add', ['count.added', 'count.reset']],
    ['an event too few', 'count.add', ['count.added']],
    ['an event too many', 'count.reset', ['count.reset']],
    ['a refusal', 'count.fly', []],
  ])('fails on %s, with what was expected and what came', (_name, name, expected) => {
    const decision = given(counter, 'a').when({ name, data: {} });
    expect(() => decision.then(expected)).toThrow(
      expect.objectContaining({
        expected: expected.map((type) => ({ type })),
        actual: expect.anything() as unknown,
        showDiff: true,
      }),
    );
  });

  it('fails when a decision that should be refused is made, or is refused for another reason', () => {
    expect(() => given(counter, 'a').when({ name: 'count.add', data: {} }).then('FENCED')).toThrow(
      'count.add should be refused with FENCED',
    );
    expect(() => given(counter, 'a').when({ name: 'count.fly', data: {} }).then('FENCED')).toThrow('INVALID_STATE');
  });

  it('lets a fault of the decider through', () => {
    expect(() => given(counter, 'a').when({ name: 'count.break', data: {} })).toThrow('a fault of the decider');
  });
});
