// One transition of the evaluate-loop with its guards and a counter in the context, beside XState's actor and its pure transition.
// Seven moves a cycle: plan, evaluate, execute, evaluate (fails), fix, evaluate (passes), complete. Needs `pnpm run build`.
import { assign, createActor, initialTransition, setup, transition } from 'xstate';
import { transitionFor } from '../packages/core/dist/index.js';
import { elapsed, median, report } from './lib/measure.mjs';

const cycles = 30_000;
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

const facts = {
  brainstorm: false,
  mode: 'SEQUENTIAL',
  revisionsLeft: true,
  fixCyclesLeft: true,
  businessSyncRequired: false,
  runnable: false,
  retriesUsedUp: false,
  activeBlocker: false,
};
const outcomes = ['PASSED', 'PASSED', 'PASSED', 'FAILED', 'PASSED', 'PASSED', undefined];

function runTable() {
  let state = { step: 'PLAN', passed: 0 };
  for (let count = 0; count < cycles * 7; count += 1) {
    const outcome = outcomes[count % 7];
    const next = outcome === undefined ? 'PLAN' : transitionFor(state.step, outcome, facts).next.step;
    state = { step: next, passed: next === 'EXECUTE' ? state.passed + 1 : state.passed };
  }
  check(state.passed);
}

function runActor() {
  const actor = createActor(machine);
  actor.start();
  for (let count = 0; count < cycles * 7; count += 1) actor.send(events[count % 7]);
  check(actor.getSnapshot().context.passed);
  actor.stop();
}

function runPure() {
  let [state] = initialTransition(machine);
  for (let count = 0; count < cycles * 7; count += 1) [state] = transition(machine, state, events[count % 7]);
  check(state.context.passed);
}

function check(passed) {
  if (passed !== cycles) throw new Error(`${passed} of ${cycles} cycles`);
}

const perSecond = (run) => (cycles * 7 * 1000) / median(() => elapsed(run));
const table = perSecond(runTable);
const actor = perSecond(runActor);
const pure = perSecond(runPure);
report('loop.transition', {
  tablePerSecond: table,
  actorPerSecond: actor,
  purePerSecond: pure,
  ratioToActor: table / actor,
});
