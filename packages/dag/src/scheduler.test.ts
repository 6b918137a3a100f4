import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from './graph.js';
import { downstream } from './isolation.js';
import { evolveSchedule, initialSchedule, readySet, type ScheduleEvent } from './scheduler.js';
import { randomPlan } from '../test/random-plan.js';

const node = (id: string, ...dependsOn: string[]) => ({ id, dependsOn });
const graph = buildGraph([node('a'), node('b', 'a'), node('c', 'a'), node('d', 'b', 'c'), node('e')]);
const started = (id: string): ScheduleEvent => ({ type: 'started', id });
const done = (id: string): ScheduleEvent => ({ type: 'done', id });
const failed = (id: string, final = false): ScheduleEvent => ({ type: 'failed', id, final });
const after = (...events: ScheduleEvent[]) => evolveSchedule(initialSchedule(graph), events);

describe('the ready set', () => {
  it('holds the tasks whose dependencies are complete, in plan order', () => {
    expect(readySet(initialSchedule(graph))).toEqual(['a', 'e']);
    expect(readySet(after(started('a'), done('a')))).toEqual(['b', 'c', 'e']);
    expect(readySet(initialSchedule(graph, ['a', 'b', 'nobody']))).toEqual(['c', 'e']);
  });

  it('goes on with tasks that do not depend on a failed one', () => {
    const state = after(started('a'), failed('a', true));
    expect(readySet(state)).toEqual(['e']);
    expect([...state.pausedBy.keys()]).toEqual(['b', 'c', 'd']);
  });

  it('offers a task again after a failure that is not final, and counts it', () => {
    const state = after(started('a'), failed('a'), started('a'), failed('a'));
    expect(readySet(state)).toEqual(['a', 'e']);
    expect(state.failures.get('a')).toBe(2);
    expect(state.pausedBy.size).toBe(0);
  });

  it('releases the paused tasks when the failed one succeeds after all', () => {
    const broken = after(started('a'), failed('a', true));
    const retried = evolveSchedule(broken, [{ type: 'resumed', id: 'a' }, started('a'), done('a')]);
    expect(readySet(retried)).toEqual(['b', 'c', 'e']);
    expect(readySet(evolveSchedule(broken, [done('a')]))).toEqual(['b', 'c', 'e']);
  });

  it('keeps a task paused while one of two failures above it stands', () => {
    const both = after(started('a'), done('a'), started('b'), failed('b', true), started('c'), failed('c', true));
    const one = evolveSchedule(both, [{ type: 'resumed', id: 'b' }, started('b'), done('b')]);
    expect(one.pausedBy.get('d')).toBe(1);
    expect(readySet(one)).toEqual(['e']);
  });

  it('leaves out a task that is put aside until it is resumed', () => {
    const held = after({ type: 'paused', id: 'a' });
    expect(readySet(held)).toEqual(['e']);
    expect(readySet(evolveSchedule(held, [{ type: 'resumed', id: 'a' }]))).toEqual(['a', 'e']);
    const takenBack = after(started('a'), { type: 'paused', id: 'a' });
    expect([takenBack.running.size, takenBack.failures.size]).toEqual([0, 0]);
  });
});

describe('evolveSchedule', () => {
  it('returns the same state for what cannot be', () => {
    const state = after(started('a'));
    const impossible: ScheduleEvent[] = [
      started('a'),
      started('d'),
      done('nobody'),
      { type: 'resumed', id: 'e' },
      { type: 'paused', id: '__proto__' },
    ];
    expect(evolveSchedule(state, impossible)).toBe(state);
    const complete = after(started('a'), done('a'));
    expect(evolveSchedule(complete, [done('a'), failed('a', true), { type: 'paused', id: 'a' }])).toBe(complete);
  });

  it('never touches the state it was given', () => {
    const state = initialSchedule(graph);
    evolveSchedule(state, [started('a'), failed('a', true)]);
    expect([readySet(state), state.running.size, state.status.size, state.pausedBy.size]).toEqual([
      ['a', 'e'],
      0,
      0,
      0,
    ]);
  });

  it('keeps by increments what a count from scratch gives, for any story', () => {
    const event = fc.record({
      type: fc.constantFrom('started', 'done', 'failed', 'paused', 'resumed'),
      id: fc.nat(30).map((index) => `t${index}`),
      final: fc.boolean(),
    }) as fc.Arbitrary<ScheduleEvent>;
    fc.assert(
      fc.property(randomPlan(), fc.array(event, { maxLength: 60 }), (plan, events) => {
        const built = buildGraph(plan);
        const state = evolveSchedule(initialSchedule(built), events);
        const status = (id: string) => state.status.get(id) ?? 'pending';
        const ids = plan.map((task) => task.id);
        const paused = new Set(ids.filter((id) => status(id) === 'failed').flatMap((id) => downstream(built, id)));
        const expected = ids.filter(
          (id) =>
            status(id) === 'pending' &&
            !paused.has(id) &&
            built.dependencies(id).every((other) => status(other) === 'done'),
        );
        expect(new Set(state.ready)).toEqual(new Set(expected));
        expect(new Set(state.running)).toEqual(new Set(ids.filter((id) => status(id) === 'running')));
        expect(state.open).toBe(ids.filter((id) => status(id) !== 'done').length);
        expect(events.reduce((folded, one) => evolveSchedule(folded, [one]), initialSchedule(built))).toEqual(state);
      }),
    );
  });
});
