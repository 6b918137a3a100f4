import { escalations } from '../loop/escalations.js';
import type { EventEnvelope, NewEvent } from '../ports/values.js';
import type { Action } from '../track/actions.js';
import type { TrackCommand } from '../track/commands.js';
import { foldTrack } from '../track/evolve.js';
import { initialTrack } from '../track/initial.js';
import type { Limits } from '../track/limits.js';
import type { TrackState } from '../track/model.js';
import { nextAction } from '../track/next-action.js';
import { track } from '../track/track.js';
import { facts, planned, planOf } from './track-facts.js';
import type { PlannedTask } from './track-facts.js';

export interface PaperShellOptions {
  readonly limits?: Partial<Limits>;
  /** What the planner answers. */
  readonly tasks?: readonly PlannedTask[];
  /** What happens where more than one thing may; the first option is always the good one. */
  readonly choose?: (topic: string, options: readonly string[]) => string;
  /** Sees every fact with the states before and after it. */
  readonly onEvent?: (event: EventEnvelope, before: TrackState, after: TrackState) => void;
}

/** The engine's imperative part, on paper: it follows `nextAction`, and everything outside is a choice. */
export interface PaperShell {
  readonly state: TrackState;
  readonly log: readonly EventEnvelope[];
  readonly actions: readonly Action[];
  /** Decides and folds; throws what `decide` throws. */
  command(command: TrackCommand): readonly NewEvent[];
  /** The engine dies: what was in flight is lost, and another one goes on. */
  crash(): void;
  /** Performs what is owed, once. False when the story is over. */
  step(): boolean;
  /** Until the story is over; throws when that takes more than `maxActions`. Returns the reason of the last stop. */
  run(maxActions?: number): string;
}

type Flight =
  | { readonly kind: 'task' | 'wait'; readonly taskId: string; readonly runId: string }
  | { readonly kind: 'effect'; readonly effect: string; readonly role: string };
type Of<D extends Action['do']> = Extract<Action, { do: D }>;

const id = 'greet_20260101';
const later = '2026-01-02T00:00:00.000Z';
const gates = {
  EVALUATE_PLAN: { asks: [['plan-checks'], ['critic'], ['cto'], ['board:full']], boardId: true },
  EVALUATE_EXECUTION: {
    asks: [
      ['structural', 'acme/lint'],
      ['board:quick', 'conditions'],
    ],
    boardId: true,
  },
} as const;

export function paperShell({
  limits = {},
  tasks = [planned('1')],
  choose = (_, [first = '']) => first,
  onEvent,
}: PaperShellOptions = {}): PaperShell {
  const log: EventEnvelope[] = [];
  const actions: Action[] = [];
  const flights = new Map<string, Flight>();
  let state = initialTrack(id);
  let minted = 0;
  let over: string | undefined;

  const mint = (kind: string) => `${kind}_${(minted += 1)}`;
  const record = (event: NewEvent) => {
    const version = log.length + 1;
    const place = { id: `track/${id}@${version}`, seq: version, stream: `track/${id}`, version, commit: version };
    const envelope: EventEnvelope = {
      ...place,
      at: later,
      actor: { kind: 'engine', id: 'engine' },
      correlation: {},
      ...event,
    };
    const before = state;
    log.push(envelope);
    state = foldTrack(state, [envelope]);
    onEvent?.(envelope, before, state);
  };
  const command = (given: TrackCommand) => {
    const events = track.decide(state, given, { at: later, actor: { kind: 'engine', id: 'engine' } });
    events.forEach(record);
    return events;
  };
  const resume = () => {
    flights.clear();
    command({ name: 'loop.start', data: { owner: mint('engine'), host: 'here' } });
  };

  const stop = (reason: string) => {
    for (const taskId of state.plan?.running ?? []) {
      const task = state.plan?.tasks.get(taskId);
      if (task?.status === 'running' && task.runId)
        command({ name: 'task.interrupt', data: { taskId, runId: task.runId, reason: 'stopped' } });
    }
    for (const effect of state.effects.keys())
      command({ name: 'effect.interrupt', data: { effect, reason: 'stopped' } });
    command({ name: 'loop.stop', data: { reason } });
    flights.clear();
  };

  const begin = (taskId: string, runId: string) => {
    command({ name: 'task.start', data: { taskId, runId, executor: 'worker', files: [], isolation: 'shared' } });
    flights.set(runId, { kind: 'task', taskId, runId });
  };

  const endTask = ({ taskId, runId }: Extract<Flight, { kind: 'task' | 'wait' }>) => {
    if (state.plan?.tasks.get(taskId)?.runId !== runId) return;
    const outcome = choose(`task ${taskId}`, [
      'report',
      'complete',
      'flag',
      'fail',
      'fail-later',
      'block',
      'question',
      'leaseLost',
    ]);
    if (outcome === 'report' || outcome === 'flag')
      command({
        name: 'task.report',
        data: { taskId, runId, summary: 'done', changed: [], answer: { businessSyncRequired: outcome === 'flag' } },
      });
    else if (outcome === 'complete')
      command({ name: 'task.complete', data: { taskId, runId, files: [], summary: 'done' } });
    else if (outcome.startsWith('block'))
      command({ name: 'task.block', data: { taskId, runId, reason: outcome.slice('block '.length) || 'impossible' } });
    else if (outcome.startsWith('fail'))
      command({
        name: 'task.fail',
        data: {
          taskId,
          runId,
          reason: 'EXECUTOR_ERROR',
          message: 'no',
          ...(outcome === 'fail-later' && { retryAt: later }),
        },
      });
    else command({ name: 'task.interrupt', data: { taskId, runId, reason: outcome } });
  };

  const endEffect = ({ effect, role }: Extract<Flight, { kind: 'effect' }>) => {
    if (!state.effects.has(effect)) return;
    const verdicts =
      role === 'structural' && (state.plan?.open ?? 0) > 0
        ? ['FAIL']
        : role === 'scribe'
          ? ['PASS']
          : ['PASS', 'NA', 'FAIL'];
    const outcome = choose(`ask ${role}`, [
      ...(role === 'planner' ? ['plan'] : verdicts),
      'retry',
      'retry-later',
      'give-up',
    ]);
    if (outcome === 'plan') command({ name: 'plan.submit', data: { ...planOf(...tasks), effect } });
    else if (outcome === 'PASS' || outcome === 'NA' || outcome === 'FAIL')
      command({
        name: 'evaluation.report',
        data: { visit: 1, evaluator: role, effect, verdict: outcome, findings: [], evidence: [] },
      });
    else
      command({
        name: 'effect.fail',
        data: {
          effect,
          reason: 'EXECUTOR_ERROR',
          message: 'no',
          retryable: outcome !== 'give-up',
          ...(outcome === 'retry-later' && { retryAt: later }),
        },
      });
  };

  const land = () => {
    const keys = [...flights.keys()];
    const key = choose('lands first', keys);
    const flight = flights.get(key);
    if (!flight) throw new Error(`Waiting for nothing at ${state.loop.step} / ${state.loop.status}`);
    flights.delete(key);
    if (flight.kind === 'effect') endEffect(flight);
    else if (flight.kind === 'task') endTask(flight);
    else if (state.plan?.waiting.has(flight.taskId)) begin(flight.taskId, flight.runId);
  };

  const addFixes = () => {
    const kept = [...(state.plan?.tasks.values() ?? [])].map(({ task, status }) =>
      planned(task.id, { dependsOn: [...task.dependsOn], ...(status === 'done' && { state: 'done' }) }),
    );
    const count = Number(choose('fixes', ['1', '0', '2']));
    const fixes = Array.from({ length: count }, (_, index) => planned(`Fix ${kept.length + index + 1}`));
    const plan = planOf(...kept, ...fixes);
    command({
      name: 'plan.edit',
      data: { ...plan, textHash: mint('text'), base: state.plan?.revision ?? 0, ops: [], cause: 'fix' },
    });
  };

  const perform: { readonly [D in Action['do']]: (action: Of<D>) => void } = {
    start({ step, visit, rule }) {
      const asked = step === 'EVALUATE_PLAN' || step === 'EVALUATE_EXECUTION' ? gates[step] : undefined;
      const data = {
        ...(asked && { asks: asked.asks.map((stage) => [...stage]), boardId: mint('board') }),
        ...(step === 'EXECUTE' && { mode: choose('mode', ['PARALLEL', 'SEQUENTIAL']) as 'PARALLEL' | 'SEQUENTIAL' }), // one of the two offered
      };
      command({ name: 'step.start', data: { step, visit, rule, ...data } });
      if (step === 'FIX') addFixes();
      if (step === 'COMPLETE') command({ name: 'track.complete', data: { criteria: [], report: { text: '' } } });
    },
    ask({ role, effect }) {
      command({ name: 'effect.start', data: { effect, role, executor: 'somebody' } });
      flights.set(effect, { kind: 'effect', effect, role });
    },
    work({ ready, slots }) {
      for (const taskId of [...ready].slice(0, slots)) {
        const runId = mint('run');
        if (choose(`files of ${taskId}`, ['granted', 'held']) === 'granted') begin(taskId, runId);
        else {
          command({ name: 'lease.wait', data: { taskId, keys: [], holders: [] } });
          flights.set(runId, { kind: 'wait', taskId, runId });
        }
      }
    },
    settle({ taskId, runId }) {
      if (choose('settle', ['complete', 'fail']) === 'complete')
        command({ name: 'task.complete', data: { taskId, runId, files: [], summary: 'done', commit: mint('sha') } });
      else command({ name: 'task.fail', data: { taskId, runId, reason: 'WORK_UNPROVEN', message: 'nothing there' } });
    },
    recover({ effect, taskId }) {
      const runId = taskId === undefined ? undefined : state.plan?.tasks.get(taskId)?.runId;
      if (taskId === undefined || runId === undefined)
        command({ name: 'effect.interrupt', data: { effect, reason: 'engineLost' } });
      else if (choose('recover', ['interrupt', 'trace']) === 'trace')
        command({ name: 'task.complete', data: { taskId, runId, files: [], summary: 'found' } });
      else command({ name: 'task.interrupt', data: { taskId, runId, reason: 'engineLost' } });
    },
    board({ boardId, form }) {
      command({ name: 'board.convene', data: { boardId, checkpoint: state.loop.step, kind: form } });
      const verdict = choose('board', [
        'APPROVED',
        'APPROVED_WITH_REVIEW',
        'REJECTED',
        'ESCALATE',
        'CANCELLED',
        'adjourned',
      ]);
      if (verdict !== 'adjourned')
        command({ name: 'board.conclude', data: { boardId, verdict, summary: '', conditions: [] } });
    },
    apply: ({ approvalId }) => void command({ name: 'decision.apply', data: { approvalId } }),
    close({ step, visit, outcome }) {
      command(
        outcome === 'pass'
          ? { name: 'step.pass', data: { step, visit } }
          : { name: 'step.fail', data: { step, visit } },
      );
    },
    escalate({ reason, rule }) {
      const { options } = escalations[reason];
      const data = {
        approvalId: mint('approval'),
        reason,
        subject: id,
        summary: reason,
        options: options.map((option) => ({ ...option })),
        blockerId: mint('blocker'),
        rule,
      };
      command({ name: 'decision.request', data });
    },
    finish: ({ part, effect }) => void command({ name: 'completion.record', data: { part, effect } }),
    wait({ until, timer }) {
      if (timer === undefined || until === undefined) return land();
      if (flights.size > 0 && choose('wait', ['timer', 'flight']) === 'flight') return land();
      command({ name: 'timer.fire', data: { timerId: timer, due: until } });
    },
    await({ approvals }) {
      stop('awaiting');
      for (const approvalId of approvals) {
        const { reason } = state.decisions.get(approvalId) ?? { reason: 'TRACK_BLOCKED' };
        const leads = escalations[reason as keyof typeof escalations].options.map(({ leadsTo }) => leadsTo); // asked by `escalate` above
        const leadsTo = choose(`answer ${reason}`, [...leads, 'denied', 'expired']);
        const no = leadsTo === 'denied' || leadsTo === 'expired';
        command({
          name: 'decision.give',
          data: { approvalId, outcome: no ? leadsTo : 'approved', by: 'mo', ...(!no && { leadsTo }) },
        });
      }
      resume();
    },
    stop({ reason }) {
      stop(reason);
      over = reason;
      if (reason === 'budget') {
        command({ name: 'budget.set', data: { limits: {} } });
      } else if (reason === 'paused' && choose('paused', ['resume', 'leave']) === 'resume') {
        command({ name: 'track.resume', data: {} });
      } else return;
      over = undefined;
      resume();
    },
    none({ because }) {
      throw new Error(`A run stands still: ${because}`);
    },
  };

  facts.live(limits).forEach(record);
  return {
    get state() {
      return state;
    },
    log,
    actions,
    command,
    crash() {
      if (state.lifecycle === 'paused') command({ name: 'track.resume', data: {} });
      resume();
    },
    step() {
      if (over !== undefined) return false;
      const action = nextAction(state);
      actions.push(action);
      (perform[action.do] as (a: Action) => void)(action); // keyed by the action itself
      return true;
    },
    run(maxActions = 2000) {
      for (let count = 0; this.step(); count += 1)
        if (count > maxActions) throw new Error(`No end after ${maxActions} actions`);
      return over ?? '';
    },
  };
}
