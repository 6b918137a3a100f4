import type { TaskFact } from './facts.js';

/** The first cycle of dependencies as a path `a → b → a`, a self-dependency included; undefined when there is none. O(n + edges). */
export function firstCycle(tasks: readonly TaskFact[]): readonly string[] | undefined {
  const dependencies = new Map(tasks.map((task) => [task.id, task.dependsOn]));
  const done = new Set<string>();
  for (const { id } of tasks) {
    const cycle = walk(id, dependencies, done);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Depth first with a stack of its own: a plan may be deeper than the call stack. */
function walk(
  start: string,
  dependencies: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
): readonly string[] | undefined {
  if (done.has(start)) return undefined;
  const path: { readonly id: string; next: number }[] = [{ id: start, next: 0 }];
  const open = new Set([start]);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = dependencies.get(top.id)?.[top.next];
    top.next += 1;
    if (next === undefined) {
      open.delete(top.id);
      done.add(top.id);
      path.pop();
    } else if (open.has(next)) {
      const ids = path.map((step) => step.id);
      return [...ids.slice(ids.indexOf(next)), next];
    } else if (!done.has(next) && dependencies.has(next)) {
      open.add(next);
      path.push({ id: next, next: 0 });
    }
  }
  return undefined;
}

/** Dependencies on tasks that the plan does not have, as `task → missing`. */
export function unknownDependencies(tasks: readonly TaskFact[]): readonly string[] {
  const ids = new Set(tasks.map((task) => task.id));
  return tasks.flatMap((task) => task.dependsOn.filter((id) => !ids.has(id)).map((id) => `${task.id} → ${id}`));
}

/** The longest chain by estimate; a task without one counts as `defaultMinutes`. Empty for a plan with a cycle. */
export function criticalPath(
  tasks: readonly TaskFact[],
  defaultMinutes: number,
): { readonly path: readonly string[]; readonly minutes: number } {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const best = new Map<string, { readonly minutes: number; readonly via?: string }>();
  let end: string | undefined;
  for (const task of inOrder(tasks)) {
    let minutes = 0;
    let via: string | undefined;
    for (const id of task.dependsOn) {
      const before = best.get(id);
      if (before && before.minutes > minutes) [minutes, via] = [before.minutes, id];
    }
    best.set(task.id, {
      minutes: minutes + (task.estimateMinutes ?? defaultMinutes),
      ...(via !== undefined && { via }),
    });
    if (end === undefined || (best.get(task.id)?.minutes ?? 0) > (best.get(end)?.minutes ?? 0)) end = task.id;
  }
  const path: string[] = [];
  for (let id = end; id !== undefined && byId.has(id); id = best.get(id)?.via) path.unshift(id);
  return { path, minutes: end === undefined ? 0 : (best.get(end)?.minutes ?? 0) };
}

/** Kahn 1962; tasks on a cycle are left out. */
function inOrder(tasks: readonly TaskFact[]): readonly TaskFact[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const dependents = new Map<string, string[]>();
  const open = new Map<string, number>();
  for (const task of tasks) {
    const known = task.dependsOn.filter((id) => byId.has(id));
    open.set(task.id, known.length);
    for (const id of known) dependents.set(id, [...(dependents.get(id) ?? []), task.id]);
  }
  const ready = tasks.filter((task) => open.get(task.id) === 0);
  for (let index = 0; index < ready.length; index += 1) {
    for (const id of dependents.get(ready[index]?.id ?? '') ?? []) {
      const left = (open.get(id) ?? 0) - 1;
      open.set(id, left);
      const task = byId.get(id);
      if (left === 0 && task) ready.push(task);
    }
  }
  return ready;
}
