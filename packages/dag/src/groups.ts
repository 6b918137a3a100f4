import type { Finding } from '@conductor/core';
import { conflicts } from './conflicts.js';
import type { TaskGraph } from './graph.js';
import { levels } from './levels.js';

/** A parallel group of a plan's `dag` block. */
export interface ParallelGroup {
  readonly id: string;
  readonly tasks: readonly string[];
  readonly conflictFree: boolean;
  readonly sharedResources?: readonly string[] | undefined;
  /** Required where tasks share files; `file_lock` is the one published word. */
  readonly coordinationStrategy?: string | undefined;
}

/** What `metadata.json` keeps of a plan's graph. */
export interface GraphSummary {
  readonly tasks: number;
  readonly groups: number;
  readonly maxConcurrency: number;
  readonly conflictFree: number;
  readonly coordinated: number;
}

/** One group per level (C-29), named `pg-<level + 1>`; shared files make it coordinated by locks. O(nodes + edges + files). */
export function parallelGroups(graph: TaskGraph): readonly ParallelGroup[] {
  return levels(graph).map((tasks, level) => {
    const sharedResources = conflicts(graph, tasks).map((conflict) => conflict.file);
    const group = { id: `pg-${level + 1}`, tasks, conflictFree: sharedResources.length === 0 };
    return group.conflictFree ? group : { ...group, sharedResources, coordinationStrategy: 'file_lock' };
  });
}

/** Counts a plan's groups. */
export function summarizeGraph(graph: TaskGraph, groups = parallelGroups(graph)): GraphSummary {
  const conflictFree = groups.filter((group) => group.conflictFree).length;
  return {
    tasks: graph.nodes.length,
    groups: groups.length,
    maxConcurrency: groups.reduce((most, group) => Math.max(most, group.tasks.length), 0),
    conflictFree,
    coordinated: groups.length - conflictFree,
  };
}

/**
 * Checks the groups that a plan declares against its tasks: `PLAN_UNKNOWN_TASK`, `PLAN_GROUP_LEVELS`,
 * `PLAN_GROUP_CONFLICT`, `PLAN_GROUP_STRATEGY`, and as warnings tasks in no group or in two (`PLAN_GROUP_COVERAGE`).
 */
export function validateGroups(graph: TaskGraph, groups: readonly ParallelGroup[]): readonly Finding[] {
  const levelOf = new Map<string, number>();
  levels(graph).forEach((tasks, level) => tasks.forEach((id) => levelOf.set(id, level)));
  const findings = groups.flatMap((group) => [
    ...unknownMembers(graph, group),
    ...mixedLevels(group, levelOf),
    ...sharedFiles(graph, group),
  ]);
  return [...findings, ...coverage(graph, groups)];
}

function unknownMembers(graph: TaskGraph, group: ParallelGroup): Finding[] {
  return group.tasks
    .filter((id) => graph.position(id) < 0)
    .map((id) =>
      error('PLAN_UNKNOWN_TASK', group.id, `Group ${group.id} names task ${id}, which the plan does not have`),
    );
}

function mixedLevels(group: ParallelGroup, levelOf: ReadonlyMap<string, number>): Finding[] {
  const byLevel = new Map<number, string>();
  for (const id of group.tasks) {
    const level = levelOf.get(id);
    if (level !== undefined && !byLevel.has(level)) byLevel.set(level, id);
  }
  const [one, other] = byLevel.values();
  if (one === undefined || other === undefined) return [];
  return [
    error(
      'PLAN_GROUP_LEVELS',
      group.id,
      `Group ${group.id} mixes levels: ${one} and ${other} cannot be ready together`,
    ),
  ];
}

function sharedFiles(graph: TaskGraph, group: ParallelGroup): Finding[] {
  const shared = conflicts(graph, group.tasks);
  const free = shared.length === 0;
  const findings: Finding[] = [];
  if (group.conflictFree !== free) {
    const why = free ? 'its tasks share no file' : `${shared[0]?.tasks.join(' and ')} share ${shared[0]?.file}`;
    findings.push(
      error('PLAN_GROUP_CONFLICT', group.id, `Group ${group.id} says conflict_free: ${group.conflictFree}, but ${why}`),
    );
  }
  if (!free && group.coordinationStrategy === undefined) {
    findings.push(
      error('PLAN_GROUP_STRATEGY', group.id, `Group ${group.id} shares files but names no coordination_strategy`),
    );
  }
  return findings;
}

function coverage(graph: TaskGraph, groups: readonly ParallelGroup[]): Finding[] {
  if (groups.length === 0) return [];
  const times = new Map<string, number>();
  for (const id of groups.flatMap((group) => group.tasks)) times.set(id, (times.get(id) ?? 0) + 1);
  return graph.nodes
    .filter(({ id }) => times.get(id) !== 1)
    .map(({ id }) => ({
      severity: 'warning',
      code: 'PLAN_GROUP_COVERAGE',
      message: `Task ${id} is in ${times.get(id) === undefined ? 'no group' : `${times.get(id)} groups`}`,
      item: id,
    }));
}

function error(code: string, item: string, message: string): Finding {
  return { severity: 'error', code, message, item };
}
