import type { Finding } from '@conductor/core';
import { findCycles } from './cycles.js';
import type { TaskGraph } from './graph.js';

/** Ids beyond this are left out of a message; the evidence of the finding has them all. */
const idsInMessage = 12;

/**
 * Tells what makes a plan impossible to run: `PLAN_DUPLICATE_ID`, `PLAN_UNKNOWN_DEPENDENCY`, `PLAN_CYCLE` (one finding
 * per knot, its path in `evidence`). No finding means that every task can be reached. O(nodes + edges).
 */
export function validateGraph(graph: TaskGraph): readonly Finding[] {
  return [...duplicateFindings(graph), ...unknownFindings(graph), ...cycleFindings(graph)];
}

function duplicateFindings(graph: TaskGraph): Finding[] {
  return graph.duplicates.map((id) => ({
    severity: 'error',
    code: 'PLAN_DUPLICATE_ID',
    message: `Task id ${id} is used more than once`,
    hint: 'Give each task an id of its own; dependencies name tasks by id.',
    item: id,
  }));
}

function unknownFindings(graph: TaskGraph): Finding[] {
  return graph.unknown.map(({ id, dependsOn }) => ({
    severity: 'error',
    code: 'PLAN_UNKNOWN_DEPENDENCY',
    message: `Task ${id} depends on ${dependsOn}, which the plan does not have`,
    hint: `Add task ${dependsOn}, or remove it from depends_on of ${id}.`,
    item: id,
  }));
}

function cycleFindings(graph: TaskGraph): Finding[] {
  const ids = graph.nodes.map((node) => node.id);
  return findCycles(ids, graph.dependencies).map((path) => ({
    severity: 'error',
    code: 'PLAN_CYCLE',
    message: `Tasks wait for each other: ${arrows(path)}`,
    hint: 'Remove one of these dependencies.',
    item: path[0],
    evidence: path,
  }));
}

function arrows(path: readonly string[]): string {
  if (path.length <= idsInMessage) return path.join(' → ');
  return `${path.slice(0, idsInMessage - 1).join(' → ')} → … → ${path.at(-1)} (${path.length - 1} tasks)`;
}
