import { canonicalJson } from '../kernel/json.js';
import type { Json } from '../ports/values.js';
import { readJsonText, valueOf } from './json-text.js';
import type { ArrayNode, JsonNode, ObjectNode } from './json-text.js';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}
interface Style {
  readonly newline: string;
  readonly unit: string;
}

/**
 * Writes a value over a JSON text with as few edits as can be: equal values keep their text (number forms, spacing, escapes),
 * changed ones are replaced, new keys follow the old ones, and a key that `value` does not have stays. The order, the
 * indentation, line ends and a byte order mark of the text are kept. Throws as {@link readJsonText}.
 */
export function patchJson(text: string, value: Json): string {
  const { node } = readJsonText(text);
  const edits: Edit[] = [];
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  write(node, value, { text, style: { newline, unit: unitOf(text) }, edits }, 0);
  let result = text;
  for (const { start, end, text: put } of edits.toSorted((left, right) => right.start - left.start)) {
    result = result.slice(0, start) + put + result.slice(end);
  }
  return result;
}

interface Job {
  readonly text: string;
  readonly style: Style;
  readonly edits: Edit[];
}

function write(node: JsonNode, value: Json, job: Job, depth: number): void {
  if (node.kind === 'object' && isObject(value)) return writeMembers(node, value, job, depth);
  if (node.kind === 'array' && Array.isArray(value) && value.length >= node.items.length)
    return writeItems(node, value as readonly Json[], job, depth);
  if (same(valueOf(node), value)) return;
  job.edits.push({ start: node.start, end: node.end, text: render(value, job.style, depth) });
}

function writeMembers(node: ObjectNode, value: { readonly [key: string]: Json }, job: Job, depth: number): void {
  const places = new Map(node.members.map((member) => [member.key, member.value])); // the last of a key counts
  const added: string[] = [];
  for (const [key, next] of Object.entries(value)) {
    const place = places.get(key);
    if (place) write(place, next, job, depth + 1);
    else added.push(`${JSON.stringify(key)}: ${render(next, job.style, depth + 1)}`);
  }
  append(node, node.members.at(-1)?.value.end, node.members[0]?.start, added, job, depth);
}

function writeItems(node: ArrayNode, value: readonly Json[], job: Job, depth: number): void {
  for (const [index, place] of node.items.entries()) write(place, value[index] ?? null, job, depth + 1);
  const added = value.slice(node.items.length).map((item) => render(item, job.style, depth + 1));
  append(node, node.items.at(-1)?.end, node.items[0]?.start, added, job, depth);
}

/** New entries take the spacing of the first one; an empty container is written anew. */
function append(
  node: ObjectNode | ArrayNode,
  last: number | undefined,
  first: number | undefined,
  added: readonly string[],
  job: Job,
  depth: number,
): void {
  if (added.length === 0) return;
  const { newline, unit } = job.style;
  if (last === undefined || first === undefined) {
    const inner = newline + unit.repeat(depth + 1);
    const [open, close] = node.kind === 'object' ? '{}' : '[]';
    job.edits.push({
      start: node.start,
      end: node.end,
      text: `${open}${inner}${added.join(`,${inner}`)}${newline}${unit.repeat(depth)}${close}`,
    });
    return;
  }
  const gap = job.text.slice(node.start + 1, first);
  const between = gap.includes('\n') ? gap : gap === '' ? ' ' : gap;
  job.edits.push({ start: last, end: last, text: added.map((entry) => `,${between}${entry}`).join('') });
}

function render(value: Json, { newline, unit }: Style, depth: number): string {
  return JSON.stringify(value, undefined, unit).replaceAll('\n', newline + unit.repeat(depth));
}

function unitOf(text: string): string {
  return /\{[ ]*\r?\n([ \t]{1,8})"/.exec(text)?.[1] ?? '  ';
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function same(left: Json, right: Json): boolean {
  return left === right || canonicalJson(left) === canonicalJson(right);
}
