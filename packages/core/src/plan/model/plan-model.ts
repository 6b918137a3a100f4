import * as z from '@conductor/core/schema';
import type { DagGroup, DagNode } from '../dag/dag-block.js';
import { detectTaskType, sharedFiles } from '../dag/generate-dag.js';
import { levelsOf } from '../dag/levels.js';
import { planDependencies } from './plan-dependencies.js';
import { workTasks } from './plan.js';
import type { Phase, Plan, PlanTask } from './plan.js';
import { readMinutes, unique } from '../text/references.js';

/** One unit of work as the log carries it: a `Task` without `gen`, which the engine gives, and with the mark it starts from. */
export const PlanModelTask = z.strictObject({
  id: z.string().min(1),
  title: z.string(),
  /** 1-based place of its phase, 0 for a task in none. */
  phase: z.int().min(0),
  type: z.string(),
  dependsOn: z.array(z.string()),
  files: z.array(z.string()),
  acceptance: z.string().optional(),
  estimateMinutes: z.int().positive().optional(),
  group: z.string().optional(),
  /** Its group has the strategy `file_lock`: it may run beside tasks that name the same files. */
  shareable: z.boolean(),
  /** State of its marker in the text. */
  mark: z.enum(['pending', 'inProgress', 'done', 'blocked', 'skipped', 'unknown']),
  commit: z.string().optional(),
});
export type PlanModelTask = z.infer<typeof PlanModelTask>;

/** What `plan.submitted` and `plan.edited` carry beside the text: plain JSON, all that `evolve` needs to know of a plan. */
export const PlanModel = z.strictObject({
  title: z.string(),
  phases: z.array(z.strictObject({ title: z.string(), number: z.string().optional() })),
  tasks: z.array(PlanModelTask),
});
export type PlanModel = z.infer<typeof PlanModel>;

/** The work of a plan as a list of tasks; what each waits for is told in `planDependencies`. O(tasks + edges). */
export function planModel(plan: Plan): PlanModel {
  const nodes = new Map((plan.dag?.block.nodes ?? []).map((node) => [node.id, node]));
  const groups = groupsOf(plan);
  const dependencies = planDependencies(plan);
  return {
    title: plan.title,
    phases: plan.phases
      .filter(({ kind }) => kind !== 'loose')
      .map(({ title, number }) => ({ title, ...(number === undefined ? {} : { number }) })),
    tasks: workTasks(plan).map(({ phase, task }) =>
      modelTask(phase, task, nodes.get(task.id), groups.get(task.id), dependencies.get(task.id) ?? []),
    ),
  };
}

function groupsOf(plan: Plan): ReadonlyMap<string, DagGroup> {
  const groups = new Map<string, DagGroup>();
  for (const group of plan.dag?.block.parallel_groups ?? []) {
    for (const id of group.tasks) if (!groups.has(id)) groups.set(id, group);
  }
  return groups;
}

function modelTask(
  phase: Phase,
  task: PlanTask,
  node: DagNode | undefined,
  group: DagGroup | undefined,
  dependsOn: readonly string[],
): PlanModelTask {
  const files = unique([...(node?.files ?? []), ...task.files]);
  const acceptance = task.acceptance ?? node?.acceptance;
  const estimate = node?.estimated_duration ?? task.labels.find(({ name }) => name === 'estimate')?.value;
  const minutes = estimate === undefined ? undefined : readMinutes(estimate);
  const name = group?.id ?? task.group;
  return {
    id: task.id,
    title: task.text,
    phase: phase.ordinal,
    type: node?.type ?? task.type ?? detectTaskType(task.text, files),
    dependsOn: [...dependsOn],
    files: [...files],
    ...(acceptance === undefined ? {} : { acceptance }),
    ...(minutes === undefined ? {} : { estimateMinutes: minutes }),
    ...(name === undefined ? {} : { group: name }),
    shareable: group?.coordination_strategy === 'file_lock',
    mark: isOverlap(task) ? 'skipped' : task.state,
    ...(task.commit === undefined ? {} : { commit: task.commit }),
  };
}

/** `SKIP — already done in <TRACK-ID>`: the planner's way to say that another track did it. */
function isOverlap(task: PlanTask): boolean {
  return task.state === 'pending' && /^SKIP[ \t]+[—–-]/.test(task.text);
}

/**
 * PARALLEL when at least `parallelFrom` tasks share their level with another one (C-54). Done and skipped
 * tasks count too, so that the mode of a plan does not change while it is worked off.
 */
export function executionMode(model: PlanModel, parallelFrom = 3): 'PARALLEL' | 'SEQUENTIAL' {
  const wide = [...widths(model).values()].filter((width) => width > 1);
  return wide.reduce((sum, width) => sum + width, 0) >= parallelFrom ? 'PARALLEL' : 'SEQUENTIAL';
}

function widths(model: PlanModel): ReadonlyMap<number, number> {
  const { levelOf } = levelsOf(new Map(model.tasks.map((task) => [task.id, task.dependsOn])));
  const found = new Map<number, number>();
  for (const task of model.tasks) {
    const level = levelOf.get(task.id);
    if (level !== undefined) found.set(level, (found.get(level) ?? 0) + 1);
  }
  return found;
}

/** `dag_summary` of the EVALUATE_PLAN checkpoint, in our names. */
export interface DagSummary {
  readonly totalTasks: number;
  readonly parallelGroups: number;
  /** Tasks of the widest level. */
  readonly maxConcurrency: number;
  readonly conflictFreeGroups: number;
  /** Groups that share files and run under `file_lock`. */
  readonly coordinatedGroups: number;
}

/** Counts of a plan: levels with at least two tasks are its parallel groups, whether or not the file declares them. */
export function dagSummary(model: PlanModel): DagSummary {
  const { levelOf } = levelsOf(new Map(model.tasks.map((task) => [task.id, task.dependsOn])));
  const levels: PlanModelTask[][] = [];
  for (const task of model.tasks) {
    const level = levelOf.get(task.id);
    if (level !== undefined) (levels[level] ??= []).push(task);
  }
  const groups = levels.filter((tasks) => tasks.length > 1);
  const conflictFree = groups.filter((tasks) => sharedFiles(tasks).length === 0).length;
  return {
    totalTasks: model.tasks.length,
    parallelGroups: groups.length,
    maxConcurrency: levels.reduce((most, { length }) => Math.max(most, length), 0),
    conflictFreeGroups: conflictFree,
    coordinatedGroups: groups.length - conflictFree,
  };
}
