import { escalations } from '../loop/escalations.js';
import type { EscalationOption } from '../loop/escalations.js';
import { namedReasons } from '../loop/reasons.js';
import type { EscalationReason } from '../loop/reasons.js';
import { roleEffect } from './effects.js';
import { gateResult } from './gates.js';
import type { TaskState } from './task-model.js';
import type { TrackState } from './model.js';

/** Written by the engine for a finding: a later fix cycle writes its own, so a stuck one holds nobody up. */
export const isFix = ({ task }: TaskState) => task.id.startsWith('Fix ');

/** Tasks that only a person can get going again. O(tasks). */
export function stuckTasks({ plan }: TrackState): readonly TaskState[] {
  return [...(plan?.tasks.values() ?? [])].filter(({ status }) => status === 'failed' || status === 'blocked');
}

/** What a stuck task is asked about under: what its agent named, else that its attempts are used up. */
export const reasonOfTask = ({ asks }: TaskState): EscalationReason => asks ?? 'TASK_LIMIT';

/** The CTO has rejected the plan at this visit, and no round is left. */
export function ctoLimitReached(state: TrackState): boolean {
  const { loop, policy } = state;
  if (loop.step !== 'EVALUATE_PLAN' || loop.ctoRounds < policy.limits.maxCtoRounds) return false;
  return gateResult(state, 'cto')?.verdict === 'FAIL';
}

/** The question behind a row of the table: an agent may have named what it is really about. */
export function questionOf(state: TrackState, reason: EscalationReason): EscalationReason {
  if (reason === 'PLAN_LIMIT') return ctoLimitReached(state) ? 'CTO_LIMIT' : reason;
  if (reason === 'TASK_LIMIT') return stuckTasks(state).map(reasonOfTask)[0] ?? reason;
  if (reason !== 'PLAN_FAILED') return reason;
  return state.results.get(roleEffect(state.id, 'PLAN', state.loop.visits.PLAN, 'planner'))?.asks ?? reason;
}

/**
 * What a block that nobody is asked about any more is about: the question that was answered with no, or not in time, as long
 * as its cause stands; else whether the blocker is resolved.
 */
export function openQuestion(state: TrackState): EscalationReason {
  const last = [...state.decisions.values()].at(-1);
  const refused = last?.state === 'used' && last.outcome !== 'approved' && last.step === state.loop.step;
  const reason = refused ? known(last.reason) : undefined;
  return reason !== undefined && stands(state, reason) ? reason : 'TRACK_BLOCKED';
}

const known = (reason: string) => (Object.hasOwn(escalations, reason) ? (reason as EscalationReason) : undefined); // the keys of the table itself

function stands(state: TrackState, reason: EscalationReason): boolean {
  const { loop, policy, run } = state;
  switch (reason) {
    case 'FIX_LIMIT':
      return loop.fixCycles >= policy.limits.maxFixCycles;
    case 'PLAN_LIMIT':
      return loop.planRevisions >= policy.limits.maxPlanRevisions;
    case 'CTO_LIMIT':
      return ctoLimitReached(state);
    case 'ITERATION_LIMIT':
      return (run?.iterations ?? 0) >= policy.limits.maxIterations;
    case 'PLAN_FAILED':
    case 'BOARD_ESCALATED':
    case 'TRACK_BLOCKED':
      return true;
    default:
      return loop.step === 'PLAN' || stuckTasks(state).some((task) => reasonOfTask(task) === reason);
  }
}

/** The options that make sense now: there must be a task to leave out, and a plan to send back. */
export function offered(state: TrackState, reason: EscalationReason): readonly EscalationOption[] {
  return escalations[reason].options.filter(({ leadsTo }) => {
    if (leadsTo === 'skip-task') return stuckTasks(state).length > 0;
    return leadsTo !== 'replan' || (state.plan !== undefined && state.loop.step !== 'PLAN');
  });
}

/** True where a stuck task must be asked about before FIX can do any good: its cycle would end as it began. */
export function holdsUpFix(state: TrackState): boolean {
  return state.loop.step === 'FIX' && stuckTasks(state).some((task) => !isFix(task) || isNamed(task));
}

const isNamed = ({ asks }: TaskState) => namedReasons.some((reason) => reason === asks);
