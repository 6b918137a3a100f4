// The evaluate-loop beside XState: seven moves a cycle (plan, evaluate, execute, evaluate (fails), fix, evaluate (passes),
// complete), each with its guards and a context that is replaced, never changed. Then what a whole command costs, and what an
// event costs in a plan of up to 100,000 tasks. Needs `pnpm run build`. Ends with 1 when a ratio is below its floor.
import { assign, createActor, initialTransition, setup, transition } from 'xstate';
import { foldTrack, initialTrack, nextAction, track, transitionFor } from '../packages/core/dist/index.js';
import { elapsed, median, report } from './lib/measure.mjs';

const cycles = 30_000;
const moves = cycles * 7;
const machine = setup({}).createMachine({
  id: 'loop',
  initial: 'plan',
  context: { passed: 0 },
  states: {
    plan: { on: { NEXT: 'evaluatePlan' } },
    evaluatePlan: {
      on: {
        PASS: {
          target: 'execute',
          guard: ({ context }) => context.passed >= 0,
          actions: assign({ passed: ({ context }) => context.passed + 1 }),
        },
        FAIL: 'plan',
      },
    },
    execute: { on: { NEXT: 'evaluateExecution' } },
    evaluateExecution: { on: { PASS: 'complete', FAIL: 'fix' } },
    fix: { on: { NEXT: 'evaluateExecution' } },
    complete: { on: { NEXT: 'plan' } },
  },
});
const events = ['NEXT', 'PASS', 'NEXT', 'FAIL', 'NEXT', 'PASS', 'NEXT'].map((type) => ({ type }));
const outcomes = ['PASSED', 'PASSED', 'PASSED', 'FAILED', 'PASSED', 'PASSED', undefined];

/** What the guards of the table ask, read off the context at the moment they ask. */
class Facts {
  brainstorm = false;
  mode = 'SEQUENTIAL';
  runnable = false;
  retriesUsedUp = false;
  activeBlocker = false;
  constructor(context) {
    this.context = context;
  }
  get revisionsLeft() {
    return this.context.passed >= 0;
  }
  get fixCyclesLeft() {
    return this.context.passed >= 0;
  }
  get businessSyncRequired() {
    return this.context.passed < 0;
  }
}

/** State, outcome, state: the table of the loop as a pure function. */
function move({ step, context }, outcome) {
  if (outcome === undefined) return { step: 'PLAN', context };
  const next = transitionFor(step, outcome, new Facts(context)).next.step;
  return { step: next, context: next === 'EXECUTE' ? { ...context, passed: context.passed + 1 } : context };
}

function runTable() {
  let state = { step: 'PLAN', context: { passed: 0 } };
  for (let count = 0; count < moves; count += 1) state = move(state, outcomes[count % 7]);
  check(state.context.passed);
}

function runActor() {
  const actor = createActor(machine);
  actor.start();
  for (let count = 0; count < moves; count += 1) actor.send(events[count % 7]);
  check(actor.getSnapshot().context.passed);
  actor.stop();
}

function runPure() {
  let [state] = initialTransition(machine);
  for (let count = 0; count < moves; count += 1) [state] = transition(machine, state, events[count % 7]);
  check(state.context.passed);
}

function check(passed) {
  if (passed !== cycles) throw new Error(`${passed} of ${cycles} cycles`);
}

/** Prints a result with its floor. */
function reportFloor(name, values, ratio, floor) {
  report(name, { ...values, ratio, floor });
  if (ratio >= floor) return;
  process.stderr.write(`${name}: ${ratio.toPrecision(3)} is below its floor ${floor}\n`);
  process.exitCode = 1;
}

const perSecond = (run, count) => (count * 1000) / median(() => elapsed(run));
const actor = perSecond(runActor, moves);
const table = perSecond(runTable, moves);
const pure = perSecond(runPure, moves);
reportFloor(
  'loop.transition',
  { tablePerSecond: table, actorPerSecond: actor, purePerSecond: pure },
  table / actor,
  17,
);

// The same moves as commands of a real track: decide, fold what was decided, and ask what is owed.
const at = '2026-01-01T00:00:00.000Z';
const actorRef = { kind: 'engine', id: 'engine' };
const envelope = (event, version) => ({
  id: `e${version}`,
  seq: version,
  stream: 'track/bench',
  version,
  commit: version,
  at,
  actor: actorRef,
  correlation: {},
  v: 1,
  ...event,
});
const fold = (state, list) =>
  foldTrack(
    state,
    list.map((event, index) => envelope(event, state.version + index + 1)),
  );
const born = [
  {
    type: 'track.created',
    data: {
      name: 'Bench',
      type: 'feature',
      priority: 'P2',
      goal: '',
      spec: { text: '' },
      specHash: '',
      source: 'user',
      background: false,
      policy: { limits: { maxIterations: 1_000_000_000, maxFixCycles: 1000 }, isolation: 'shared' },
      flags: { superpower: true },
      dependencies: [],
      labels: [],
    },
  },
  { type: 'track.readied', data: {} },
  { type: 'track.activated', data: {} },
  { type: 'loop.started', data: { owner: 'engine', epoch: 1, host: 'here' } },
];

const commandCycles = 3000;
function runCommands() {
  let state = fold(initialTrack('bench'), born);
  let owed = 0;
  const run = (name, data) => {
    state = fold(state, track.decide(state, { name, data }, { at, actor: actorRef }));
    owed += nextAction(state).do.length;
  };
  for (let count = 0; count < commandCycles; count += 1) {
    for (const end of ['step.pass', 'step.fail']) {
      const visit = state.loop.visits.PLAN + 1;
      run('step.start', { step: 'PLAN', visit, rule: 'T4' });
      run('step.pass', { step: 'PLAN', visit });
      run('step.start', { step: 'EVALUATE_PLAN', visit, rule: 'T8', asks: [['plan-checks']] });
      run('effect.start', {
        effect: `bench/EVALUATE_PLAN/${visit}/plan-checks`,
        role: 'plan-checks',
        executor: 'check',
      });
      run('evaluation.report', {
        visit,
        evaluator: 'plan-checks',
        effect: `bench/EVALUATE_PLAN/${visit}/plan-checks`,
        verdict: end === 'step.pass' ? 'PASS' : 'FAIL',
        findings: [],
        evidence: [],
      });
      run(end, { step: 'EVALUATE_PLAN', visit });
      if (state.loop.step !== 'PLAN')
        state = fold(state, [
          {
            type: 'step.failed',
            data: { step: 'EXECUTE', visit: 1, rule: 'T11', next: { step: 'PLAN', status: 'NOT_STARTED' } },
          },
        ]);
      state = { ...state, loop: { ...state.loop, planRevisions: 0 } };
    }
  }
  if (owed === 0) throw new Error('nothing was owed');
}
const commands = perSecond(runCommands, commandCycles * 12);
reportFloor('loop.command', { commandsPerSecond: commands, actorPerSecond: actor }, commands / actor, 0.5);

/** Microseconds of one event, folded by itself, in a plan of so many tasks. */
function live(tasks) {
  const list = Array.from({ length: tasks }, (_, index) => ({
    id: `${index + 1}`,
    gen: 1,
    title: `Task ${index + 1}`,
    phase: 1,
    type: 'code',
    dependsOn: index < 10 ? [] : [`${index - 9}`],
    files: [],
    shareable: false,
  }));
  const planned = { revision: 1, text: { text: '' }, textHash: '', model: { title: 'Bench', tasks: list } };
  const base = fold(initialTrack('bench'), [...born, { type: 'plan.submitted', data: planned }]);
  const log = Array.from({ length: 2000 }, (_, index) => {
    const taskId = `${Math.floor(index / 2) + 1}`;
    const runId = `run-${taskId}`;
    const started = { taskId, gen: 1, attempt: 1, runId, executor: 'worker', files: [], isolation: 'shared' };
    return index % 2 === 0
      ? { type: 'task.started', data: started }
      : { type: 'task.completed', data: { taskId, runId, files: [], summary: 'done' } };
  });
  const ms = median(() =>
    elapsed(() => {
      let state = base;
      for (const event of log) state = fold(state, [event]);
      if (state.plan.open !== tasks - 1000) throw new Error(`${state.plan.open} tasks are open`);
    }),
  );
  return (ms * 1000) / log.length;
}

const sizes = [1000, 10_000, 100_000].map(live);
reportFloor(
  'track.event',
  { microsecondsAt1k: sizes[0], microsecondsAt10k: sizes[1], microsecondsAt100k: sizes[2] },
  sizes[0] / sizes[2],
  0.25,
);
