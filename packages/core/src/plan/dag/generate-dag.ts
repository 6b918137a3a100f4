import type { DagBlock, DagGroup, DagNode } from './dag-block.js';
import { levelsOf } from './levels.js';
import { unique } from '../text/references.js';

/** What the generator needs to know of a task. */
export interface DagTask {
  readonly id: string;
  readonly name?: string;
  readonly type?: string;
  readonly files: readonly string[];
  readonly dependsOn: readonly string[];
  readonly phase?: number;
  readonly estimatedDuration?: string;
  readonly acceptance?: string;
}

/**
 * Makes the `dag:` block of a list of tasks: a node each, a group per level (longest path from a root). Files that two tasks of a group
 * touch make it not conflict free, with the strategy `file_lock`. Tasks on a cycle are in no group. O(tasks + edges + files).
 */
export function generateDag(tasks: readonly DagTask[]): DagBlock {
  const nodes = tasks.map(nodeOf);
  const { levelOf } = levelsOf(new Map(nodes.map((node) => [node.id, node.depends_on])));
  const levels: DagNode[][] = [];
  for (const node of nodes) {
    const level = levelOf.get(node.id);
    if (level !== undefined) (levels[level] ??= []).push(node);
  }
  return { nodes, parallel_groups: levels.map(groupOf) };
}

function nodeOf(task: DagTask): DagNode {
  return {
    id: task.id,
    ...(task.name === undefined ? {} : { name: task.name }),
    type: task.type ?? detectTaskType(task.name ?? '', task.files),
    files: unique(task.files),
    depends_on: unique(task.dependsOn),
    ...(task.phase === undefined ? {} : { phase: task.phase }),
    ...(task.estimatedDuration === undefined ? {} : { estimated_duration: task.estimatedDuration }),
    ...(task.acceptance === undefined ? {} : { acceptance: task.acceptance }),
  };
}

function groupOf(nodes: readonly DagNode[], level: number): DagGroup {
  const shared = sharedFiles(nodes);
  const group = { id: `pg-${level + 1}`, tasks: nodes.map(({ id }) => id), conflict_free: shared.length === 0 };
  return shared.length === 0 ? group : { ...group, shared_resources: shared, coordination_strategy: 'file_lock' };
}

/** Files that more than one of these nodes touches, in first order. */
export function sharedFiles(nodes: readonly Pick<DagNode, 'files'>[]): readonly string[] {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { files } of nodes) {
    for (const file of new Set(files)) (seen.has(file) ? shared : seen).add(file);
  }
  return [...shared];
}

/** Types with their signs, most specific first (C-57). */
const typeSigns: readonly (readonly [string, RegExp])[] = [
  ['test', /\.test\.ts|\btests?\b|\bcoverage\b/i],
  ['docs', /\.md\b|\bdocs\b|\bdocumentation\b/i],
  ['config', /\bconfig\b|\.json\b|\.env\b/i],
  ['ui', /src\/components\/|\.tsx\b|\bui\b|\bcomponents?\b/i],
  ['integration', /\bapi\/|\bintegration\b|\bsupabase\b|\bstripe\b/i],
];

/** The type of a task from its text and files: test, docs, config, ui, integration, else code. Whole words, so `suite` is no `ui`. */
export function detectTaskType(text: string, files: readonly string[]): string {
  const all = [text, ...files].join('\n').slice(0, 100_000);
  return typeSigns.find(([, sign]) => sign.test(all))?.[0] ?? 'code';
}
