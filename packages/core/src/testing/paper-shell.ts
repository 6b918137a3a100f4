import { escalations } from '../loop/escalations.js';
import type { EventEnvelope, NewEvent } from '../ports/values.js';
import type { Action } from '../track/actions.js';
import type { TrackCommand } from '../track/commands.js';
import type { TrackState } from '../track/model.js';
import { nextAction } from '../track/next-action.js';
import { paperTrack } from './paper-track.js';
import type { PaperShellOptions, PaperTrack } from './paper-track.js';
import { addFixes, begin, land } from './paper-work.js';

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

type Performers = { readonly [D in Action['do']]: (action: Extract<Action, { do: D }>) => void };

function performersOf(paper: PaperTrack): Performers {
  return {
    start({ step, visit, rule }) {
      const asked = step === 'EVALUATE_PLAN' || step === 'EVALUATE_EXECUTION' ? gates[step] : undefined;
      const data = {
        ...(asked && { asks: asked.asks.map((stage) => [...stage]), boardId: paper.mint('board') }),
        ...(step === 'EXECUTE' && {
          mode: paper.choose('mode', ['PARALLEL', 'SEQUENTIAL']) as 'PARALLEL' | 'SEQUENTIAL',
        }), // one of the two offered
      };
      paper.command({ name: 'step.start', data: { step, visit, rule, ...data } });
      if (step === 'FIX') addFixes(paper);
      if (step === 'COMPLETE') paper.command({ name: 'track.complete', data: { criteria: [], report: { text: '' } } });
    },
    ask({ role, effect }) {
      paper.command({ name: 'effect.start', data: { effect, role, executor: 'somebody' } });
      paper.flights.set(effect, { kind: 'effect', effect, role });
    },
    work({ ready, slots }) {
      for (const taskId of [...ready].slice(0, slots)) {
        const runId = paper.mint('run');
        if (paper.choose(`files of ${taskId}`, ['granted', 'held']) === 'granted') begin(paper, taskId, runId);
        else {
          paper.command({ name: 'lease.wait', data: { taskId, keys: [], holders: [] } });
          paper.flights.set(runId, { kind: 'wait', taskId, runId });
        }
      }
    },
    settle({ taskId, runId }) {
      if (paper.choose('settle', ['complete', 'fail']) === 'complete')
        paper.command({
          name: 'task.complete',
          data: { taskId, runId, files: [], summary: 'done', commit: paper.mint('sha') },
        });
      else
        paper.command({
          name: 'task.fail',
          data: { taskId, runId, reason: 'WORK_UNPROVEN', message: 'nothing there' },
        });
    },
    recover({ effect, taskId }) {
      const runId = taskId === undefined ? undefined : paper.state.plan?.tasks.get(taskId)?.runId;
      if (taskId === undefined || runId === undefined)
        paper.command({ name: 'effect.interrupt', data: { effect, reason: 'engineLost' } });
      else if (paper.choose('recover', ['interrupt', 'trace']) === 'trace')
        paper.command({ name: 'task.complete', data: { taskId, runId, files: [], summary: 'found' } });
      else paper.command({ name: 'task.interrupt', data: { taskId, runId, reason: 'engineLost' } });
    },
    board({ boardId, form }) {
      paper.command({ name: 'board.convene', data: { boardId, checkpoint: paper.state.loop.step, kind: form } });
      const verdict = paper.choose('board', [
        'APPROVED',
        'APPROVED_WITH_REVIEW',
        'REJECTED',
        'ESCALATE',
        'CANCELLED',
        'adjourned',
      ]);
      if (verdict !== 'adjourned')
        paper.command({ name: 'board.conclude', data: { boardId, verdict, summary: '', conditions: [] } });
    },
    apply: ({ approvalId }) => void paper.command({ name: 'decision.apply', data: { approvalId } }),
    close({ step, visit, outcome }) {
      paper.command(
        outcome === 'pass'
          ? { name: 'step.pass', data: { step, visit } }
          : { name: 'step.fail', data: { step, visit } },
      );
    },
    escalate({ reason, rule }) {
      const { options } = escalations[reason];
      const data = {
        approvalId: paper.mint('approval'),
        reason,
        subject: paper.state.id,
        summary: reason,
        options: options.map((option) => ({ ...option })),
        blockerId: paper.mint('blocker'),
        rule,
      };
      paper.command({ name: 'decision.request', data });
    },
    finish: ({ part, effect }) => void paper.command({ name: 'completion.record', data: { part, effect } }),
    wait({ until, timer }) {
      if (timer === undefined || until === undefined) return land(paper);
      if (paper.flights.size > 0 && paper.choose('wait', ['timer', 'flight']) === 'flight') return land(paper);
      paper.command({ name: 'timer.fire', data: { timerId: timer, due: until } });
    },
    await({ approvals }) {
      stop(paper, 'awaiting');
      for (const approvalId of approvals) {
        const { reason } = paper.state.decisions.get(approvalId) ?? { reason: 'TRACK_BLOCKED' };
        const leads = escalations[reason as keyof typeof escalations].options.map(({ leadsTo }) => leadsTo); // asked by `escalate` above
        const leadsTo = paper.choose(`answer ${reason}`, [...leads, 'denied', 'expired']);
        const no = leadsTo === 'denied' || leadsTo === 'expired';
        paper.command({
          name: 'decision.give',
          data: { approvalId, outcome: no ? leadsTo : 'approved', by: 'mo', ...(!no && { leadsTo }) },
        });
      }
      resume(paper);
    },
    stop({ reason }) {
      stop(paper, reason);
      paper.over = reason;
      if (reason === 'budget') {
        paper.command({ name: 'budget.set', data: { limits: {} } });
      } else if (reason === 'paused' && paper.choose('paused', ['resume', 'leave']) === 'resume') {
        paper.command({ name: 'track.resume', data: {} });
      } else return;
      paper.over = undefined;
      resume(paper);
    },
    none({ because }) {
      throw new Error(`A run stands still: ${because}`);
    },
  };
}

/** Another engine goes on. */
function resume(paper: PaperTrack): void {
  paper.flights.clear();
  paper.command({ name: 'loop.start', data: { owner: paper.mint('engine'), host: 'here' } });
}

function stop(paper: PaperTrack, reason: string): void {
  for (const taskId of paper.state.plan?.running ?? []) {
    const task = paper.state.plan?.tasks.get(taskId);
    if (task?.status === 'running' && task.runId)
      paper.command({ name: 'task.interrupt', data: { taskId, runId: task.runId, reason: 'stopped' } });
  }
  for (const effect of paper.state.effects.keys())
    paper.command({ name: 'effect.interrupt', data: { effect, reason: 'stopped' } });
  paper.command({ name: 'loop.stop', data: { reason } });
  paper.flights.clear();
}

/** An engine on paper, over a track that is to be run. */
export function paperShell(options: PaperShellOptions = {}): PaperShell {
  const paper = paperTrack(options);
  const perform = performersOf(paper);
  const actions: Action[] = [];
  return {
    get state() {
      return paper.state;
    },
    log: paper.log,
    actions,
    command: (command) => paper.command(command),
    crash() {
      if (paper.state.lifecycle === 'paused') paper.command({ name: 'track.resume', data: {} });
      resume(paper);
    },
    step() {
      if (paper.over !== undefined) return false;
      const action = nextAction(paper.state);
      actions.push(action);
      (perform[action.do] as (a: Action) => void)(action); // keyed by the action itself
      return true;
    },
    run(maxActions = 2000) {
      for (let count = 0; this.step(); count += 1)
        if (count > maxActions) throw new Error(`No end after ${maxActions} actions`);
      return paper.over ?? '';
    },
  };
}
