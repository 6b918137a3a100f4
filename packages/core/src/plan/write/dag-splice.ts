import { isMap, isPair, isScalar, isSeq, parseDocument } from 'yaml';
import type { Node, Pair, YAMLMap, YAMLSeq } from 'yaml';
import { readCanonicalDag } from '../dag/canonical-dag.js';
import { formatFlowNode, formatNode } from '../dag/format-dag.js';
import { withLineFeeds } from '../dag/parse-dag.js';
import type { DagNode } from '../dag/dag-block.js';
import type { Splice } from './splices.js';

/**
 * The splice that adds a node behind the last one of a `dag:` block: a list item in block style, indented like the others, or an entry
 * in brackets where the list is in brackets; below `nodes:` or `dag:` where nothing stands yet. Every other byte, comments and quoting
 * included, stays. `undefined` where the block is not YAML or has something else in the place of its nodes.
 */
export function nodeSplice(yaml: string, node: DagNode, lineEnd: string): Splice | undefined {
  return canonicalSplice(yaml, node) ?? yamlSplice({ yaml: withLineFeeds(yaml), node, lineEnd });
}

/** Our own form is not given to the YAML parser, which takes fifty times longer. */
function canonicalSplice(yaml: string, node: DagNode): Splice | undefined {
  const at = yaml.indexOf('\n  parallel_groups:');
  if (at === -1 || yaml.startsWith('dag:\n  nodes: []') || readCanonicalDag(yaml) === undefined) return undefined;
  return { start: at, end: at, insert: `\n${formatNode(node).join('\n')}` };
}

interface Addition {
  readonly yaml: string;
  readonly node: DagNode;
  readonly lineEnd: string;
}

function yamlSplice(addition: Addition): Splice | undefined {
  const { yaml } = addition;
  const document = parseDocument(yaml, {
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const dag = document.errors.length === 0 ? pairOf(document.contents, 'dag') : undefined;
  if (dag === undefined) return undefined;
  if (isNothing(dag.value)) return emptyRoot(addition, dag);
  if (!isMap(dag.value)) return undefined;
  const nodes = pairOf(dag.value, 'nodes');
  if (nodes === undefined) return withoutNodes(addition, dag.value);
  if (isNothing(nodes.value)) return dag.value.flow === true ? behindColon(addition, nodes) : belowKey(addition, nodes);
  if (!isSeq(nodes.value)) return undefined;
  if (nodes.value.items.length === 0) return emptyList(addition, nodes, nodes.value, dag.value.flow === true);
  return nodes.value.flow === true ? behindEntry(addition, nodes.value) : behindItem(addition, nodes.value);
}

function pairOf(node: unknown, name: string): Pair | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === name);
}

function isNothing(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && rangeOf(node) !== undefined && node.source === '');
}

/** Start, end of the value, end with what trails it. Nodes of a parsed document have one. */
function rangeOf(node: unknown): readonly [number, number, number] | undefined {
  return (node as Partial<Node> | null | undefined)?.range ?? undefined;
}

/** `dag:` with nothing below it. */
function emptyRoot(addition: Addition, dag: Pair): Splice | undefined {
  const line = endOfKeyLine(addition.yaml, dag);
  if (line === undefined) return undefined;
  const indent = `${line.indent}  `;
  return insertAt(
    line.end,
    addition.lineEnd + [`${indent}nodes:`, ...itemLines(addition.node, `${indent}  `)].join(addition.lineEnd),
  );
}

/** `nodes:` with nothing below it. */
function belowKey(addition: Addition, nodes: Pair): Splice | undefined {
  const line = endOfKeyLine(addition.yaml, nodes);
  if (line === undefined) return undefined;
  return insertAt(line.end, addition.lineEnd + itemLines(addition.node, `${line.indent}  `).join(addition.lineEnd));
}

/** `nodes:` with nothing behind it, in a block in brackets. */
function behindColon({ yaml, node }: Addition, nodes: Pair): Splice | undefined {
  const start = rangeOf(nodes.value)?.[0];
  if (start === undefined) return undefined;
  return insertAt(start, `${yaml[start - 1] === ':' ? ' ' : ''}[${formatFlowNode(node)}]`);
}

/** A mapping below `dag:` that has groups only, or nothing: the nodes go before what is there. */
function withoutNodes({ yaml, node, lineEnd }: Addition, root: YAMLMap): Splice | undefined {
  const start = rangeOf(root)?.[0];
  if (start === undefined) return undefined;
  if (root.flow === true) {
    return insertAt(start + 1, `nodes: [${formatFlowNode(node)}]${root.items.length === 0 ? '' : ', '}`);
  }
  const indent = yaml.slice(lineStart(yaml, start), start);
  if (/[^ ]/.test(indent)) return undefined;
  return insertAt(start, [`nodes:`, ...itemLines(node, `${indent}  `), indent].join(lineEnd));
}

/** `nodes: []`: items below the key, or an entry between the brackets where the whole block is in brackets. */
function emptyList(addition: Addition, nodes: Pair, list: YAMLSeq, inBrackets: boolean): Splice | undefined {
  const { yaml, node, lineEnd } = addition;
  const range = rangeOf(list);
  if (range === undefined) return undefined;
  const [start, end] = range;
  const line = endOfKeyLine(yaml, nodes);
  if (inBrackets || line === undefined || end > line.end) return insertAt(start + 1, formatFlowNode(node));
  const rest = yaml.slice(end, line.end).trim();
  const head = yaml.slice(0, start).trimEnd().length;
  const items = itemLines(node, `${line.indent}  `).join(lineEnd);
  return { start: head, end: line.end, insert: `${rest === '' ? '' : ` ${rest}`}${lineEnd}${items}` };
}

/** Behind the last item of a list in block style. */
function behindItem({ yaml, node, lineEnd }: Addition, list: YAMLSeq): Splice | undefined {
  const last: unknown = list.items.at(-1);
  const range = rangeOf(last);
  if (!isMap(last) || range === undefined) return undefined;
  const indent = /^([ \t]*)-[ \t]+$/.exec(yaml.slice(lineStart(yaml, range[0]), range[0]))?.[1];
  if (indent === undefined) return undefined;
  const written = range[0] + yaml.slice(range[0], range[1]).trimEnd().length;
  return insertAt(endOfLine(yaml, written), lineEnd + itemLines(node, indent).join(lineEnd));
}

/** Behind the last entry of a list in brackets: in a line of its own where the entries have theirs. */
function behindEntry({ yaml, node, lineEnd }: Addition, list: YAMLSeq): Splice | undefined {
  const range = rangeOf(list.items.at(-1));
  if (range === undefined) return undefined;
  const [start, end] = range;
  const indent = yaml.slice(lineStart(yaml, start), start);
  const rest = /^([ \t]*)(,?)([ \t]*(?:#[^\r\n]*)?)(?=[\r\n]|$)/.exec(yaml.slice(end));
  if (rest === null || !/^[ \t]*$/.test(indent)) return insertAt(end, `, ${formatFlowNode(node)}`);
  const [whole, gap = '', comma, behind = ''] = rest;
  const kept = comma === '' ? `,${gap}${behind}` : whole;
  return { start: end, end: end + whole.length, insert: `${kept}${lineEnd}${indent}${formatFlowNode(node)}` };
}

function itemLines(node: DagNode, indent: string): readonly string[] {
  return formatNode(node).map((line) => indent + line.slice(4));
}

function insertAt(at: number, insert: string): Splice {
  return { start: at, end: at, insert };
}

/** End of the line of a key, and the indentation of that line. Only of a key that begins its line. */
function endOfKeyLine(yaml: string, pair: Pair): { readonly end: number; readonly indent: string } | undefined {
  const range = rangeOf(pair.key);
  if (range === undefined) return undefined;
  const indent = yaml.slice(lineStart(yaml, range[0]), range[0]);
  return /^ *$/.test(indent) ? { end: endOfLine(yaml, range[1]), indent } : undefined;
}

function lineStart(yaml: string, at: number): number {
  const before = yaml.slice(0, at);
  return Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1;
}

function endOfLine(yaml: string, from: number): number {
  const rest = /[\r\n]/.exec(yaml.slice(from));
  return rest === null ? yaml.length : from + rest.index;
}
