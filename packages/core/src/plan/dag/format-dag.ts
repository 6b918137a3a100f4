import type { DagBlock, DagGroup, DagNode } from './dag-block.js';

/** Writes a block in the canonical form, two spaces a step, ids and texts in double quotes. Ends with a line end. */
export function formatDag(block: DagBlock): string {
  const groups = block.parallel_groups;
  return `${[
    'dag:',
    block.nodes.length === 0 ? '  nodes: []' : '  nodes:',
    ...block.nodes.flatMap(formatNode),
    groups.length === 0 ? '  parallel_groups: []' : '  parallel_groups:',
    ...groups.flatMap(formatGroup),
  ].join('\n')}\n`;
}

/** The lines of one node below `nodes:`, also for a node that is spliced into a block. */
export function formatNode(node: DagNode): readonly string[] {
  return [
    `    - id: ${quoted(node.id)}`,
    ...line('name', node.name),
    ...(node.type === undefined ? [] : [`      type: ${plain(node.type)}`]),
    `      files: ${list(node.files)}`,
    `      depends_on: ${list(node.depends_on)}`,
    ...(node.phase === undefined ? [] : [`      phase: ${node.phase}`]),
    ...line('estimated_duration', node.estimated_duration),
    ...line('acceptance', node.acceptance),
    ...line('task_instructions', node.task_instructions),
  ];
}

/** The same in one line, for a list in brackets. */
export function formatFlowNode(node: DagNode): string {
  const fields = formatNode(node).map((text) => text.replace(/^ *(?:- )?/, ''));
  return `{ ${fields.join(', ')} }`;
}

function formatGroup(group: DagGroup): readonly string[] {
  return [
    `    - id: ${plain(group.id)}`,
    `      tasks: ${list(group.tasks)}`,
    ...(group.conflict_free === undefined ? [] : [`      conflict_free: ${group.conflict_free}`]),
    ...(group.shared_resources === undefined ? [] : [`      shared_resources: ${list(group.shared_resources)}`]),
    ...(group.coordination_strategy === undefined
      ? []
      : [`      coordination_strategy: ${plain(group.coordination_strategy)}`]),
  ];
}

function line(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`      ${name}: ${quoted(value)}`];
}

function list(values: readonly string[]): string {
  return `[${values.map(quoted).join(', ')}]`;
}

/** JSON strings are YAML strings, except for characters that YAML wants escaped beyond JSON's own. */
function quoted(value: string): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function plain(value: string): string {
  return /^[a-z][a-z0-9_-]*$/i.test(value) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value)
    ? value
    : quoted(value);
}
