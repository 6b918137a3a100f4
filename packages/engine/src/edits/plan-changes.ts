import { canonicalJson } from '@conductor/core';
import type { Finding, TrackState } from '@conductor/core';
import { checkPlan, parsePlan, planModel } from '@conductor/core/plan';
import type { PlanModel, PlanTask } from '@conductor/core/plan';

/** What one plan has that another has not, as words of `plan.edited`: `add task 1.3`, `move task 1.1`; `words` when the work is the same. */
export function planOps(before: PlanModel, after: PlanModel): string[] {
  const was = new Map(before.tasks.map((task) => [task.id, task]));
  const is = new Map(after.tasks.map((task) => [task.id, task]));
  const ops = [
    ...after.tasks.filter(({ id }) => !was.has(id)).map(({ id }) => `add task ${id}`),
    ...before.tasks.filter(({ id }) => !is.has(id)).map(({ id }) => `remove task ${id}`),
    ...after.tasks.filter((task) => differs(was.get(task.id), task)).map(({ id }) => `change task ${id}`),
    ...moved(
      [...was.keys()].filter((id) => is.has(id)),
      [...is.keys()].filter((id) => was.has(id)),
    ),
    ...phaseOps(before, after),
  ];
  return ops.length === 0 ? ['words'] : ops;
}

/** Marks, commits and places are told elsewhere. */
function differs(was: PlanModel['tasks'][number] | undefined, is: PlanModel['tasks'][number]): boolean {
  const about = ({ mark: _mark, commit: _commit, phase: _phase, ...task }: PlanModel['tasks'][number]) =>
    canonicalJson(task);
  return was !== undefined && about(was) !== about(is);
}

function moved(was: readonly string[], is: readonly string[]): readonly string[] {
  return is.filter((id, at) => was[at] !== id).map((id) => `move task ${id}`);
}

function phaseOps(before: PlanModel, after: PlanModel): readonly string[] {
  const [was, is] = [before, after].map(({ phases }) => new Set(phases.map(({ title }) => title)));
  return [
    ...[...(is ?? [])].filter((title) => was?.has(title) === false).map((title) => `add phase ${title}`),
    ...[...(was ?? [])].filter((title) => is?.has(title) === false).map((title) => `remove phase ${title}`),
  ];
}

/** Tasks that somebody has added below a report, where nobody looks for work: mostly at the end of the file, behind our own report. */
export function tasksInReports(before: string, after: string, path: string): readonly Finding[] {
  const known = new Set(reported(before).map(({ text }) => text));
  return reported(after)
    .filter(({ text, state }) => state !== 'done' && !known.has(text))
    .map(({ text, line }) => ({
      severity: 'warning',
      code: 'TASK_IN_REPORT',
      path,
      line,
      message: `This stands in a report and is no task of the plan: ${text.slice(0, 120)}`,
      hint: 'Move the line below the phase that it belongs to.',
    }));
}

function reported(text: string): readonly PlanTask[] {
  const { phases } = parsePlan(text).plan;
  return phases.flatMap(({ tasks }) => tasks).filter(({ scope, form }) => scope === 'report' && form === 'item');
}

/** What makes a text no plan that work can go on with, beside what was wrong with it before. */
export function newErrors(before: string, after: string, path: string, state: TrackState): readonly Finding[] {
  const known = new Set(errorsOf(before).map(({ code, message }) => `${code ?? ''}\n${message}`));
  const errors = errorsOf(after).filter(({ code, message }) => !known.has(`${code ?? ''}\n${message}`));
  return errors.map((finding) => ({ path, ...finding })).slice(0, state.policy.limits.maxFindings);
}

function errorsOf(text: string): readonly Finding[] {
  const { plan, findings } = parsePlan(text);
  const model = planModel(plan);
  const cycles = checkPlan({ plan, model }).findings.filter(({ code }) => code === 'PLAN_CYCLE');
  const empty: readonly Finding[] =
    model.tasks.length > 0
      ? []
      : [{ severity: 'error', code: 'PLAN_INVALID', line: 1, message: 'The plan has no tasks' }];
  return [...findings.filter(({ severity }) => severity === 'error'), ...cycles, ...empty];
}
