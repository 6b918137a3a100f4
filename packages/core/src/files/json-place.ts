import type { JsonNode } from './json-text.js';

/** The node at a path of keys and indexes, joined by dots, and the line it begins on. Of a key that stands twice the last counts. */
export interface JsonPlaces {
  nodeAt(path: string): JsonNode | undefined;
  /** 1-based; undefined where the text has no such value. */
  lineAt(path: string): number | undefined;
}

/** Places in a JSON text, for findings. Lines are counted once, and only when somebody asks. */
export function jsonPlaces(text: string, root: JsonNode): JsonPlaces {
  let starts: readonly number[] | undefined;
  const nodeAt = (path: string) => descend(root, path === '' ? [] : path.split('.'));
  return {
    nodeAt,
    lineAt(path) {
      const node = nodeAt(path);
      if (!node) return undefined;
      starts ??= lineStarts(text);
      return lineOf(starts, node.start);
    },
  };
}

/** A key may hold dots itself: the longest one that is there wins. */
function descend(node: JsonNode, path: readonly string[]): JsonNode | undefined {
  if (path.length === 0) return node;
  if (node.kind === 'array') {
    const item = node.items[Number(path[0])];
    return item && descend(item, path.slice(1));
  }
  if (node.kind !== 'object') return undefined;
  for (let length = path.length; length > 0; length -= 1) {
    const key = path.slice(0, length).join('.');
    const member = node.members.findLast((candidate) => candidate.key === key);
    if (member) return descend(member.value, path.slice(length));
  }
  return undefined;
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
