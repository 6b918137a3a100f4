import { isMap, isSeq, parseDocument } from 'yaml';
import type { Node } from 'yaml';
import { formatNode } from './dag-block.js';
import type { DagNode } from './dag-block.js';
import type { Splice } from './splices.js';

/**
 * The splice that adds a node behind the last one of a `dag:` block in block style, indented like it; every other byte, comments and
 * quoting included, stays. `undefined` where the block has no node or is written in flow style.
 */
export function nodeSplice(yaml: string, node: DagNode, lineEnd: string): Splice | undefined {
  const document = parseDocument(yaml, {
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  if (document.errors.length > 0) return undefined;
  const root: unknown = document.get('dag');
  const nodes: unknown = isMap(root) ? root.get('nodes') : undefined;
  if (!isSeq(nodes) || nodes.flow === true) return undefined;
  // Items of a sequence are nodes; yaml types them as unknown.
  const last = nodes.items.at(-1) as Partial<Node> | undefined;
  if (!isMap(last) || last.range === null || last.range === undefined) return undefined;
  const indent = dashIndent(yaml, last.range[0]);
  if (indent === undefined) return undefined;
  const end = contentEnd(yaml, last.range[0], last.range[1]);
  const lines = formatNode(node).map((line) => indent + line.slice(4));
  return { start: end, end, insert: lineEnd + lines.join(lineEnd) };
}

/** Spaces before the dash of the item that begins at `start`. */
function dashIndent(yaml: string, start: number): string | undefined {
  const before = yaml.slice(0, start);
  const line = before.slice(Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1);
  return /^([ \t]*)-[ \t]+$/.exec(line)?.[1];
}

/** End of the last line that carries content of the item, without its line end. */
function contentEnd(yaml: string, start: number, end: number): number {
  const written = start + yaml.slice(start, end).trimEnd().length;
  const rest = /[\r\n]/.exec(yaml.slice(written));
  return rest === null ? yaml.length : written + rest.index;
}
