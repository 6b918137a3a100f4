import type { Finding } from '../../kernel/finding.js';
import type { PassResult, PlanCheckInput } from './check-plan.js';
import type { DagBlock, DagGroup, DagNode } from '../dag/dag-block.js';
import { sharedFiles } from '../dag/generate-dag.js';
import { levelsOf } from '../dag/levels.js';
import { workTasks } from '../model/plan.js';
import type { Plan } from '../model/plan.js';

const knownTypes = new Set(['code', 'ui', 'integration', 'test', 'docs', 'config']);

/** Pass 5. Without a block it is skipped, or fails when the work is to run in parallel by declaration. */
export function checkDag({ plan }: PlanCheckInput, mode: 'PARALLEL' | 'SEQUENTIAL'): PassResult {
  if (plan.dag === undefined) {
    if (!declaresParallel(plan)) return { findings: [], skipped: true };
    return { findings: [finding(1, 'error', 'PLAN_DAG_MISSING', 'The plan says PARALLEL and has no dag block')] };
  }
  const { block, line } = plan.dag;
  return {
    findings: [
      ...checkNodes(block, line),
      ...checkGraph(block, line),
      ...block.parallel_groups.flatMap((group) => checkGroup(group, block, line)),
      ...checkSchedule(block, line),
      ...checkMatch(plan, block, line, mode),
    ],
  };
}

function declaresParallel(plan: Plan): boolean {
  return plan.context.some(({ name, value }) => name === 'execution mode' && /^[`*]*parallel\b/i.test(value));
}

function finding(line: number, severity: Finding['severity'], code: string, message: string, item?: string): Finding {
  const hint = 'Mend the dag block below `## Dependency Graph`.';
  return { severity, code, line, message, hint, ...(item === undefined ? {} : { item }) };
}

function checkNodes(block: DagBlock, line: number): readonly Finding[] {
  const found: Finding[] = [];
  const ids = new Set<string>();
  const groups = new Set<string>();
  for (const { id, type } of block.nodes) {
    if (ids.has(id)) found.push(finding(line, 'error', 'PLAN_DAG_NODE_REPEATED', `Two nodes have the id ${id}`, id));
    ids.add(id);
    if (type !== undefined && !knownTypes.has(type)) {
      found.push(
        finding(line, 'warning', 'PLAN_DAG_TYPE_UNKNOWN', `Node ${id} has the type ${type}; it is treated as code`, id),
      );
    }
  }
  for (const { id } of block.parallel_groups) {
    if (groups.has(id))
      found.push(finding(line, 'error', 'PLAN_DAG_GROUP_REPEATED', `Two parallel groups have the id ${id}`, id));
    groups.add(id);
  }
  return found;
}

function checkGraph(block: DagBlock, line: number): readonly Finding[] {
  const ids = new Set(block.nodes.map(({ id }) => id));
  const found = block.nodes.flatMap((node) =>
    node.depends_on
      .filter((id) => !ids.has(id))
      .map((id) =>
        finding(
          line,
          'error',
          'PLAN_DEPENDENCY_UNKNOWN',
          `Node ${node.id} depends on ${id}, which is no node`,
          node.id,
        ),
      ),
  );
  const { cycle } = levelsOf(new Map(block.nodes.map((node) => [node.id, node.depends_on])));
  if (cycle === undefined) return found;
  return [...found, finding(line, 'error', 'PLAN_CYCLE', `Nodes depend on each other: ${cycle.join(' → ')}`, cycle[0])];
}

function checkGroup(group: DagGroup, block: DagBlock, line: number): readonly Finding[] {
  const byId = nodeIndex(block);
  const { levelOf } = levelIndex(block);
  const unknown = group.tasks.filter((id) => !byId.has(id));
  const members = group.tasks.flatMap((id) => byId.get(id) ?? []);
  const levels = new Set(members.flatMap(({ id }) => levelOf.get(id) ?? []));
  const error = (code: string, message: string): Finding => finding(line, 'error', code, message, group.id);
  return [
    ...unknown.map((id) =>
      error('PLAN_DAG_MEMBER_UNKNOWN', `Group ${group.id} has the member ${id}, which is no node`),
    ),
    ...(levels.size > 1
      ? [error('PLAN_DAG_LEVELS_MIXED', `Members of group ${group.id} are on different levels`)]
      : []),
    ...checkConflicts(group, sharedFiles(members), error),
  ];
}

function checkConflicts(
  group: DagGroup,
  shared: readonly string[],
  error: (code: string, message: string) => Finding,
): readonly Finding[] {
  const declared = group.shared_resources ?? [];
  const found: Finding[] = [];
  if (shared.length > 0 && group.coordination_strategy === undefined) {
    found.push(
      error(
        'PLAN_DAG_CONFLICT',
        `Tasks of group ${group.id} share ${shared.join(', ')} without a coordination strategy`,
      ),
    );
  }
  if (group.coordination_strategy !== undefined && group.coordination_strategy !== 'file_lock') {
    found.push(
      error(
        'PLAN_DAG_STRATEGY_UNKNOWN',
        `Group ${group.id} has the strategy ${group.coordination_strategy}, not file_lock`,
      ),
    );
  }
  if (group.conflict_free === true && shared.length > 0) {
    found.push(
      error('PLAN_DAG_FLAG_WRONG', `Group ${group.id} says conflict_free, but tasks share ${shared.join(', ')}`),
    );
  }
  // Something shared may be no file, a database say; but then it is named.
  if (group.conflict_free === false && shared.length === 0 && declared.length === 0) {
    found.push(error('PLAN_DAG_FLAG_WRONG', `Group ${group.id} says it has conflicts, but nothing is shared`));
  }
  if (group.conflict_free === false && declared.length === 0 && shared.length > 0) {
    found.push(error('PLAN_DAG_RESOURCES_MISSING', `Group ${group.id} has conflicts and lists no shared_resources`));
  }
  return found;
}

// Kept per block: a plan of many groups would else count its nodes once a group.
const nodeIndexes = new WeakMap<DagBlock, ReadonlyMap<string, DagNode>>();
const levelIndexes = new WeakMap<DagBlock, ReturnType<typeof levelsOf>>();

function nodeIndex(block: DagBlock): ReadonlyMap<string, DagNode> {
  const known = nodeIndexes.get(block) ?? new Map(block.nodes.map((node) => [node.id, node]));
  nodeIndexes.set(block, known);
  return known;
}

function levelIndex(block: DagBlock): ReturnType<typeof levelsOf> {
  const known = levelIndexes.get(block) ?? levelsOf(new Map(block.nodes.map((node) => [node.id, node.depends_on])));
  levelIndexes.set(block, known);
  return known;
}

/** Every node belongs in one group; alone on its level it may be in none (C-29). */
function checkSchedule(block: DagBlock, line: number): readonly Finding[] {
  const places = new Map<string, string[]>();
  for (const group of block.parallel_groups) {
    for (const id of group.tasks) places.set(id, [...(places.get(id) ?? []), group.id]);
  }
  const { levelOf } = levelIndex(block);
  const width = new Map<number, number>();
  for (const level of levelOf.values()) width.set(level, (width.get(level) ?? 0) + 1);
  return block.nodes.flatMap(({ id }) => {
    const groups = places.get(id) ?? [];
    const alone = (width.get(levelOf.get(id) ?? -1) ?? 1) < 2;
    if (groups.length > 1) {
      return [
        finding(line, 'warning', 'PLAN_DAG_GROUPED_TWICE', `Node ${id} is in the groups ${groups.join(', ')}`, id),
      ];
    }
    if (groups.length === 1 || alone || block.parallel_groups.length === 0) return [];
    return [finding(line, 'warning', 'PLAN_DAG_UNGROUPED', `Node ${id} is in no group`, id)];
  });
}

/** Fix tasks have no node and need none. */
function checkMatch(plan: Plan, block: DagBlock, line: number, mode: 'PARALLEL' | 'SEQUENTIAL'): readonly Finding[] {
  const severity = mode === 'PARALLEL' ? 'error' : 'warning';
  const nodes = new Set(block.nodes.map(({ id }) => id));
  const work = workTasks(plan);
  const tasks = new Set(work.map(({ task }) => task.id));
  const withoutNode = work.filter(({ phase, task }) => phase.kind !== 'fix' && !nodes.has(task.id));
  return [
    ...[...nodes]
      .filter((id) => !tasks.has(id))
      .map((id) => finding(line, severity, 'PLAN_DAG_TASK_MISSING', `Node ${id} has no task in the plan`, id)),
    ...withoutNode.map(({ task }) =>
      finding(task.line, severity, 'PLAN_DAG_NODE_MISSING', `Task ${task.id} has no node in the dag block`, task.id),
    ),
  ];
}
