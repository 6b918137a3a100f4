import type { GraphNode, TaskGraph } from './graph.js';
import type { ScheduleStatus } from './scheduler.js';

/** How a graph is drawn. */
export interface RenderOptions<N extends GraphNode> {
  /** Text of a node; the id when absent. Anything may stand in it. */
  readonly label?: (node: N) => string;
  /** Adds a class per status, with a style. */
  readonly status?: (id: string) => ScheduleStatus | undefined;
  readonly direction?: 'TD' | 'LR';
}

const labelLength = 120;

const styles: Readonly<Record<ScheduleStatus, string>> = {
  pending: 'stroke-dasharray:4 2',
  held: 'stroke:#b58900,stroke-dasharray:4 2',
  running: 'stroke:#268bd2,stroke-width:3px',
  done: 'stroke:#2aa198',
  failed: 'stroke:#dc322f,stroke-width:3px',
};

/** A Mermaid flowchart: one node per task in plan order, one arrow per dependency. Labels are escaped. */
export function renderGraph<N extends GraphNode>(graph: TaskGraph<N>, options: RenderOptions<N> = {}): string {
  const lines = [`flowchart ${options.direction ?? 'TD'}`];
  const used = new Set<ScheduleStatus>();
  graph.nodes.forEach((node, index) => {
    const status = options.status?.(node.id);
    if (status) used.add(status);
    lines.push(`  n${index}["${escapeLabel(options.label?.(node) ?? node.id)}"]${status ? `:::${status}` : ''}`);
  });
  graph.nodes.forEach((node, index) => {
    for (const dependency of graph.dependencies(node.id)) lines.push(`  n${graph.position(dependency)} --> n${index}`);
  });
  for (const status of used) lines.push(`  classDef ${status} ${styles[status]}`);
  return `${lines.join('\n')}\n`;
}

/** Mermaid reads `#35;` as the character 35; everything that is not plain text in a label is written so. */
function escapeLabel(label: string): string {
  const cut = [...label];
  const shown = cut.length > labelLength ? `${cut.slice(0, labelLength - 1).join('')}…` : label;
  return shown
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replace(/["#&;<>`\\[\]{}()|*_~$%]/g, (character) => `#${character.codePointAt(0)};`);
}
