import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventEnvelope, NewEvent } from '../ports/values.js';
import { anyPlans, taskFacts } from '../testing/arbitraries.js';
import { given } from '../testing/given.js';
import { facts, planned } from '../testing/track-facts.js';
import type { PlannedTask } from '../testing/track-facts.js';
import { trackEvent } from './events.js';
import { evolveTrack, foldTrack } from './evolve.js';
import { initialTrack } from './initial.js';
import type { PlanState, TaskState } from './task-model.js';
import type { TrackState } from './model.js';
import { changeTask, descendants } from './plan-state.js';
import { Scratch } from './scratch.js';
import { track } from './track.js';

const id = 'greet_20260101';
const planOn = (...events: readonly NewEvent[]): PlanState =>
  given(track, id, [...facts.live(), ...events]).state.plan ?? expect.fail('no plan');

function envelopes(events: readonly NewEvent[]): EventEnvelope[] {
  return events.map((event, index) => ({
    id: `track/t@${index + 1}`,
    seq: index + 1,
    stream: 'track/t',
    version: index + 1,
    commit: 1,
    at: '2026-01-01T00:00:00.000Z',
    actor: { kind: 'engine', id: 'e' },
    correlation: {},
    ...event,
  }));
}

/** Everything that is kept beside the tasks, computed from scratch, by asking each task about all the others. */
function recomputed({ tasks, waiting }: PlanState) {
  const over = ({ status }: TaskState) => status === 'done' || status === 'skipped';
  const stuck = ({ status }: TaskState) => status === 'failed' || status === 'blocked';
  const above = (start: string): Set<string> => {
    const seen = new Set<string>();
    const visit = (at: string) => {
      for (const before of tasks.get(at)?.task.dependsOn ?? []) {
        if (!tasks.has(before) || seen.has(before)) continue;
        seen.add(before);
        visit(before);
      }
    };
    visit(start);
    return seen;
  };
  const rows = [...tasks].map(([taskId, task]) => {
    const openDeps = task.task.dependsOn.filter(
      (before) => tasks.has(before) && !over(tasks.get(before) as TaskState),
    ).length; // has above
    const pausedBy = [...above(taskId)].filter((before) => stuck(tasks.get(before) as TaskState)).length; // only known ids
    const free = task.status === 'pending' && openDeps === 0 && pausedBy === 0 && task.retryTimer === undefined;
    return { taskId, task, openDeps, pausedBy, free };
  });
  const idsOf = (some: typeof rows) => some.map(({ taskId }) => taskId).sort();
  return {
    counts: rows.map(({ taskId, openDeps, pausedBy }) => [taskId, openDeps, pausedBy]),
    ready: idsOf(rows.filter(({ free, taskId }) => free && !waiting.has(taskId))),
    waiting: idsOf(rows.filter(({ free, taskId }) => free && waiting.has(taskId))),
    running: idsOf(rows.filter(({ task }) => task.status === 'running' || task.status === 'reported')),
    open: rows.filter(({ task }) => !over(task)).length,
  };
}

function kept(plan: PlanState): ReturnType<typeof recomputed> {
  return {
    counts: [...plan.tasks].map(([taskId, { openDeps, pausedBy }]) => [taskId, openDeps, pausedBy]),
    ready: [...plan.ready].sort(),
    waiting: [...plan.waiting].sort(),
    running: [...plan.running].sort(),
    open: plan.open,
  };
}

describe('what is kept beside the tasks of a plan', () => {
  it('equals what one would compute from scratch, after any facts in any order, for any plan', () => {
    fc.assert(
      fc.property(anyPlans(), taskFacts(), (tasks, events) => {
        let state: TrackState = foldTrack(initialTrack('t'), envelopes([...facts.live(), facts.plan(...tasks)]));
        for (const event of envelopes(events)) {
          state = evolveTrack(state, event);
          if (state.plan) expect(kept(state.plan)).toEqual(recomputed(state.plan));
        }
      }),
      { numRuns: 400, seed: 20260101 },
    );
  });

  it('is the same when the facts are folded at once, in two parts, or one by one', () => {
    fc.assert(
      fc.property(anyPlans(), taskFacts(), fc.nat(40), (tasks, events, cut) => {
        const log = envelopes([...facts.live(), facts.plan(...tasks), ...events]);
        const whole = foldTrack(initialTrack('t'), log);
        expect(foldTrack(foldTrack(initialTrack('t'), log.slice(0, cut)), log.slice(cut))).toEqual(whole);
        let one = initialTrack('t');
        for (const event of log) one = evolveTrack(one, event);
        expect(one).toEqual(whole);
      }),
      { numRuns: 200, seed: 20260101 },
    );
  });

  it('leaves every state that was seen before as it was', () => {
    const written = (state: TrackState) =>
      JSON.stringify([state, state.plan && [...state.plan.tasks], kept(state.plan ?? expect.fail())]);
    fc.assert(
      fc.property(anyPlans(), taskFacts(), (tasks, events) => {
        const log = envelopes([...facts.live(), facts.plan(...tasks), ...events]);
        const seen = [foldTrack(initialTrack('t'), log.slice(0, 6))];
        for (const event of log.slice(6)) seen.push(evolveTrack(seen.at(-1) ?? expect.fail(), event));
        const before = seen.map(written);
        for (const state of seen) foldTrack(state, log.slice(6));
        expect(seen.map(written)).toEqual(before);
      }),
      { numRuns: 100, seed: 20260101 },
    );
  });

  it('has each task once, also where a plan names an id twice', () => {
    const plan = planOn(
      facts.plan(planned('1', { dependsOn: ['2'] }), planned('2'), planned('1')),
      facts.marked('2', 'done'),
    );
    expect(kept(plan)).toMatchObject({ ready: ['1'], open: 1 });
  });
});

describe('a new plan', () => {
  const edited = (...tasks: readonly PlannedTask[]) =>
    trackEvent('plan.edited', {
      ...(facts.plan(...tasks).data as object),
      revision: 2,
      base: 1,
      ops: [],
      cause: 'person',
    } as never); // the payload of a submitted plan, edited

  it('keeps the state of the tasks that stay, and takes their new wording', () => {
    const plan = planOn(
      facts.plan(planned('1'), planned('2')),
      facts.started('1'),
      facts.completed('1'),
      edited(planned('1', { title: 'New' }), planned('3', { dependsOn: ['1'] })),
    );
    expect(plan.tasks.get('1')).toMatchObject({ status: 'done', commit: 'sha-1', task: { title: 'New', gen: 1 } });
    expect([...plan.tasks.keys()]).toEqual(['1', '3']);
    expect([...plan.ready]).toEqual(['3']);
  });

  it('gives a new id, and one that comes back, the generation of its revision', () => {
    const gone = edited(planned('1'));
    const back = trackEvent('plan.edited', {
      ...(facts.plan(planned('1'), planned('2')).data as object),
      revision: 3,
      base: 2,
      ops: [],
      cause: 'person',
    } as never); // as above
    const plan = planOn(facts.plan(planned('1'), planned('2')), facts.completed('2'), gone, back);
    expect([plan.tasks.get('1')?.task.gen, plan.tasks.get('2')?.task.gen]).toEqual([1, 3]);
    expect(plan.tasks.get('2')).toMatchObject({ status: 'pending' });
  });

  it('takes over marks and commits of tasks that are new', () => {
    const plan = planOn(
      facts.plan(
        planned('1', { state: 'done', commit: 'abc' }),
        planned('2', { state: 'blocked' }),
        planned('3', { dependsOn: ['1'] }),
        planned('4', { dependsOn: ['2'] }),
      ),
    );
    expect(plan.tasks.get('1')).toMatchObject({ status: 'done', commit: 'abc' });
    expect(plan.tasks.get('4')).toMatchObject({ pausedBy: 1 });
    expect(kept(plan)).toMatchObject({ ready: ['3'], open: 3 });
  });

  it('carries what a task may have beside the rest, and no key for what it has not', () => {
    const plan = planOn(
      facts.plan(
        planned('1', { acceptance: 'it runs', estimateMinutes: 5, group: 'g' }),
        planned('2', { acceptance: undefined }),
      ),
    );
    expect(plan.tasks.get('1')?.task).toMatchObject({ acceptance: 'it runs', estimateMinutes: 5, group: 'g' });
    for (const key of ['acceptance', 'estimateMinutes', 'group'])
      expect(plan.tasks.get('2')?.task).not.toHaveProperty(key);
  });
});

describe('descendants', () => {
  it('are everything downstream, near ones first, each once, a cycle included', () => {
    const plan = planOn(
      facts.plan(
        planned('1', { dependsOn: ['4'] }),
        planned('2', { dependsOn: ['1'] }),
        planned('3', { dependsOn: ['1'] }),
        planned('4', { dependsOn: ['2', '3'] }),
      ),
    );
    expect(descendants(plan, '1')).toEqual(['2', '3', '4', '1']);
    expect(descendants(plan, 'unknown')).toEqual([]);
  });
});

describe('a change of one task', () => {
  it('of a task that is not there is none', () => {
    const plan = planOn(facts.plan(planned('1')));
    expect(changeTask(plan, '9', { status: 'done' }, new Scratch())).toBe(plan);
  });

  const ofMany = (count: number) =>
    given(track, id, [...facts.live(), facts.plan(...Array.from({ length: count }, (_, i) => planned(`${i + 1}`)))])
      .state;
  const oneByOne = (count: number) =>
    envelopes(Array.from({ length: count }, (_, i) => [facts.started(`${i + 1}`), facts.completed(`${i + 1}`)]).flat());

  it('copies the same few nodes, however many tasks the plan has', () => {
    const copied = (count: number) => {
      let cells = 0;
      class Counting extends Scratch {
        override list<T>(source: readonly T[]): T[] {
          const copy = super.list(source);
          if (copy !== source) cells += source.length;
          return copy;
        }
      }
      const { plan = expect.fail('no plan') } = ofMany(count);
      changeTask(plan, `${count / 2}`, { status: 'done' }, new Counting());
      return cells;
    };
    expect([copied(1000), copied(30_000)].map((cells) => cells <= 300)).toEqual([true, true]);
  });

  it('copies each node once per fold, however many facts there are', () => {
    const scratch = new Scratch();
    let { plan = expect.fail('no plan') } = ofMany(1000);
    plan = changeTask(plan, '1', { status: 'done' }, scratch);
    const before = plan.tasks;
    plan = changeTask(plan, '2', { status: 'done' }, scratch);
    expect(plan.tasks).toBe(before);
    expect(foldTrack(ofMany(1000), oneByOne(1000)).plan).toMatchObject({ open: 0, ready: { size: 0 } });
  });

  it('works on a plan that somebody put together of plain maps and sets', () => {
    const { plan = expect.fail('no plan') } = ofMany(3);
    const plain = {
      ...plan,
      tasks: new Map(plan.tasks),
      ready: new Set(plan.ready),
      running: new Set<string>(),
      waiting: new Set<string>(),
    };
    expect(kept(changeTask(plain, '2', { status: 'done' }, new Scratch()))).toMatchObject({
      ready: ['1', '3'],
      open: 2,
    });
    expect(plain.tasks.get('2')?.status).toBe('pending');
  });
});

describe('a scratch', () => {
  it('copies a foreign map, set or list at the first change and hands out its own copy after that', () => {
    const scratch = new Scratch();
    const [map, set, list] = [new Map([[1, 2]]), new Set([1]), [1]];
    const own = [scratch.map(map), scratch.set(set), scratch.list(list)] as const;
    const same = (by: Scratch) => [by.map(own[0]) === own[0], by.set(own[1]) === own[1], by.list(own[2]) === own[2]];
    expect([own[0] === map, own[1] === set, own[2] === list]).toEqual([false, false, false]);
    expect(own).toEqual([map, set, list]);
    expect(same(scratch)).toEqual([true, true, true]);
    expect(same(new Scratch())).toEqual([false, false, false]);
  });
});
