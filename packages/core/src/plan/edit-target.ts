import { ConductorError } from '../kernel/error.js';
import { everyTask } from './plan.js';
import type { CommitStyle, Phase, Plan, PlanTask } from './plan.js';
import type { Splice } from './splices.js';
import { defaultCommitStyle } from './task-line.js';

/** An edit worked out: what to splice, which differences it may make, and what the plan must then say. */
export interface PlannedEdit {
  readonly splices: readonly Splice[];
  /** Words of `comparePlans` that this edit brings about. */
  readonly allowed: readonly string[];
  /** True when the plan read again says what the edit meant. */
  readonly achieved: (after: Plan) => boolean;
  /** For the message of a refusal. */
  readonly name: string;
}

/** Throws `EDIT_REFUSED`: nothing is changed. */
export function refuse(message: string, hint: string, details: Readonly<Record<string, unknown>> = {}): never {
  throw new ConductorError('EDIT_REFUSED', message, { hint, details });
}

/** Finds tasks of one plan by id or `line:N`, in constant time after the first one. */
export function taskFinder(plan: Plan): (name: string) => PlanTask {
  const byName = new Map<string, PlanTask>();
  for (const task of everyTask(plan)) {
    byName.set(task.id, task);
    byName.set(`line:${task.line}`, task);
  }
  return (name) => {
    const task = byName.get(name.trim()) ?? byName.get(name.trim().replace(/^task[ \t]+/i, ''));
    if (task !== undefined) return task;
    throw new ConductorError('TASK_NOT_FOUND', `The plan has no task ${JSON.stringify(name)}`, {
      hint: 'Name it by its id, or as `line:N` with the line it stands on: see `conductor plan show`.',
      details: { task: name },
    });
  };
}

/** Finds a phase by title, number, `Phase N`, whole heading or `line:N`; throws `TASK_NOT_FOUND`. */
export function findPhase(plan: Plan, name: string): Phase {
  const wanted = name.trim();
  const number = /^(?:phase[ \t]+)?([\w.]{1,12})$/i.exec(wanted)?.[1];
  const phases = plan.phases;
  const found =
    phases.find((phase) => `line:${phase.line}` === wanted || (phase.title === wanted && phase.kind !== 'loose')) ??
    phases.find((phase) => phase.number !== undefined && phase.number === number) ??
    phases.find((phase) => phase.number !== undefined && `Phase ${phase.number}: ${phase.title}` === wanted) ??
    (wanted === '' ? phases.find(({ kind }) => kind === 'loose') : undefined);
  if (found !== undefined) return found;
  throw new ConductorError('TASK_NOT_FOUND', `The plan has no phase ${JSON.stringify(name)}`, {
    hint: 'Name it by its title or number; `addPhase` adds one.',
    details: { phase: name },
  });
}

/** The form in which most commits of a file stand (C-35), the published one where there is none. */
export function commitStyleOf(plan: Plan): CommitStyle {
  const counts = new Map<string, { style: CommitStyle; count: number }>();
  for (const { position } of everyTask(plan)) {
    const style = position.commit?.style;
    if (style === undefined) continue;
    const key = `${style.before}\n${style.after}`;
    counts.set(key, { style, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  let most: { style: CommitStyle; count: number } | undefined;
  for (const entry of counts.values()) if (entry.count > (most?.count ?? 0)) most = entry;
  return most?.style ?? defaultCommitStyle;
}

/** How far the file indents what stands below a task: as it does already, else four spaces. */
export function indentStepOf(plan: Plan): string {
  for (const task of everyTask(plan)) {
    const below = task.position.noteIndent ?? task.children[0]?.position.indent;
    if (below !== undefined && task.form === 'item' && below.length > task.position.indent.length) {
      if (below.startsWith(task.position.indent)) return below.slice(task.position.indent.length);
    }
  }
  return '    ';
}

/** Offset where the task and all below it end, without the line end. */
export function endOfTask(task: PlanTask): number {
  return Math.max(task.position.ownEnd, ...task.children.map(endOfTask));
}
