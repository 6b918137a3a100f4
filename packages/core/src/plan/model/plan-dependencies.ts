import { workTasks } from './plan.js';
import type { Phase, Plan, PlanTask } from './plan.js';
import { unique } from '../text/references.js';

/** More edges than this between two phases go through one task of the later phase instead: linear, and the order still holds. */
const maxCrossEdges = 400;

/**
 * What each unit of work waits for, by task id.
 *
 * What its dag node, its comments and its labels say is joined, and then that is all. A task that says nothing waits for
 * - the fix task before it, in a fix phase: what failed before must not hold a fix back, and the dag does not know it;
 * - nothing within its phase, when the phase says `<!-- execution: parallel -->`;
 * - else the task before it, because a plan that says nothing is done in the order it is written.
 *
 * The first tasks of a phase wait for the last ones of the phases it names (`<!-- depends: phase1 -->`), else of the phase before.
 * Ids of sub-tasks stand for their task; unknown ids are kept, for the checks to find. O(tasks + edges).
 */
export function planDependencies(plan: Plan): ReadonlyMap<string, readonly string[]> {
  const nodes = new Map((plan.dag?.block.nodes ?? []).map((node) => [node.id, node.depends_on]));
  const owners = ownersOf(plan);
  const result = new Map<string, string[]>();
  const phases = workByPhase(plan);
  for (const [phase, tasks] of phases) {
    let previous: string | undefined;
    for (const task of tasks) {
      const said = [...(nodes.get(task.id) ?? []), ...task.dependsOn];
      const chained = previous !== undefined && !speaks(task) && phase.execution !== 'parallel';
      const waitsFor = chained && previous !== undefined ? [previous] : [];
      result.set(task.id, [...unique([...said.map((id) => resolve(id, phase, owners)), ...waitsFor])]);
      previous = task.id;
    }
  }
  joinPhases(phases, result, speaks);
  return result;

  function speaks(task: PlanTask): boolean {
    return task.dependenciesKnown || nodes.has(task.id);
  }
}

function workByPhase(plan: Plan): ReadonlyMap<Phase, readonly PlanTask[]> {
  const byPhase = new Map<Phase, PlanTask[]>();
  for (const { phase, task } of workTasks(plan)) {
    const tasks = byPhase.get(phase);
    if (tasks === undefined) byPhase.set(phase, [task]);
    else tasks.push(task);
  }
  return byPhase;
}

/** Sub-tasks stand for the task they belong to: dependencies are between units of work. */
function ownersOf(plan: Plan): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { task } of workTasks(plan)) {
    owners.set(task.id, task.id);
    const open = [...task.children];
    for (let child = open.pop(); child !== undefined; child = open.pop()) {
      owners.set(child.id, task.id);
      for (const below of child.children) open.push(below);
    }
  }
  return owners;
}

function resolve(id: string, phase: Phase, owners: ReadonlyMap<string, string>): string {
  const owner = owners.get(id);
  if (owner !== undefined) return owner;
  // `task2` of the other family: the second task of this phase.
  const place = /^task[-_]?(\d{1,6})$/i.exec(id)?.[1];
  return place === undefined ? id : (phase.tasks[Number(place) - 1]?.id ?? id);
}

function joinPhases(
  phases: ReadonlyMap<Phase, readonly PlanTask[]>,
  result: ReadonlyMap<string, string[]>,
  speaks: (task: PlanTask) => boolean,
): void {
  const find = phaseFinder([...phases.keys()]);
  let before: Phase | undefined;
  for (const [phase, tasks] of phases) {
    const named = phase.dependsOn.flatMap((name) => find(name) ?? []);
    const waitsFor = phase.kind === 'fix' ? [] : phase.dependenciesKnown ? named : before === undefined ? [] : [before];
    const first = tasks.filter((task) => !speaks(task) && result.get(task.id)?.length === 0);
    const last = waitsFor.flatMap((earlier) => (earlier === phase ? [] : lastTasks(phases.get(earlier) ?? [], result)));
    connect(first, last, result);
    if (phase.kind !== 'fix') before = phase;
  }
}

/** By number as written, else by place: `phase2`, `2`. */
function phaseFinder(phases: readonly Phase[]): (name: string) => Phase | undefined {
  const byNumber = new Map<string, Phase>();
  for (const phase of phases) {
    if (phase.number !== undefined && !byNumber.has(phase.number)) byNumber.set(phase.number, phase);
  }
  for (const phase of phases) if (!byNumber.has(String(phase.ordinal))) byNumber.set(String(phase.ordinal), phase);
  return (name) => byNumber.get(/^phase[-_]?([\w.]{1,12})$/i.exec(name)?.[1] ?? name);
}

/** Tasks of a phase that no other task of it waits for. */
function lastTasks(tasks: readonly PlanTask[], result: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const needed = new Set(tasks.flatMap(({ id }) => result.get(id) ?? []));
  return tasks.flatMap(({ id }) => (needed.has(id) ? [] : [id]));
}

function connect(first: readonly PlanTask[], last: readonly string[], result: ReadonlyMap<string, string[]>): void {
  const [gate] = first;
  if (gate === undefined || last.length === 0) return;
  const direct = first.length * last.length <= maxCrossEdges;
  for (const task of first) {
    const needs = result.get(task.id);
    for (const id of direct || task === gate ? last : [gate.id]) needs?.push(id);
  }
}
