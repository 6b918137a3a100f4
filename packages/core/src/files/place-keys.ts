import type { Json } from '../ports/values.js';
import { readJsonText, valueOf } from './json-text.js';
import type { JsonNode, ObjectNode } from './json-text.js';
import { isObject, ownOf } from './metadata-codec.js';
import { patchJson } from './patch-json.js';

/** Older names of keys by the object that holds them. */
const renames = [
  { at: [], from: 'depends_on', to: 'dependencies' },
  { at: ['loop_state', 'checkpoints'], from: 'PARALLEL_EXECUTE', to: 'EXECUTE' },
  { at: ['loop_state', 'parallel_state'], from: 'parallel_groups_executed', to: 'parallel_groups_completed' },
  { at: ['lead_consultations', '*'], from: 'escalate_to', to: 'escalated_to' },
] as const;

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Puts the keys of a `metadata.json` where version 3 has them: sessions of the board to the root, where the root's own fields
 * win over a copy; the parallel state into the loop; older names replaced in place. A name that stands beside its
 * successor stays. All else keeps its text. Throws as {@link readJsonText}.
 */
export function placeKeys(text: string): string {
  const moved = move(text);
  const root = readJsonText(moved).node;
  const edits = renames.flatMap(({ at, from, to }) =>
    objectsAt(root, at).flatMap((node) => rename(moved, node, from, to)),
  );
  return apply(moved, edits);
}

function move(text: string): string {
  const { node } = readJsonText(text);
  const root = valueOf(node);
  if (!isObject(root)) return text;
  const loop = ownOf(root, 'loop_state');
  const inLoop = isObject(loop) ? loop : {};
  const sessions = ownOf(inLoop, 'board_sessions');
  const parallel = ownOf(root, 'parallel_state');
  const movesParallel = parallel !== undefined && !Object.hasOwn(inLoop, 'parallel_state');
  const movesSessions = Array.isArray(sessions);
  const cut = apply(text, [
    ...(movesSessions ? objectsAt(node, ['loop_state']).flatMap((object) => removal(object, 'board_sessions')) : []),
    ...(movesParallel ? objectsAt(node, []).flatMap((object) => removal(object, 'parallel_state')) : []),
  ]);
  return patchJson(cut, {
    ...(movesSessions && { board_sessions: merged(ownOf(root, 'board_sessions'), sessions as readonly Json[]) }),
    ...(movesParallel && { loop_state: { parallel_state: parallel } }),
  });
}

/** The root's sessions, completed from their copies of the same id, and then those that only the loop has. */
function merged(atRoot: Json | undefined, inLoop: readonly Json[]): readonly Json[] {
  const own = Array.isArray(atRoot) ? (atRoot as readonly Json[]) : [];
  const ids = new Set<Json>(own.flatMap((session) => idOf(session) ?? []));
  const completed = own.map((session) => {
    const copy = idOf(session) === undefined ? undefined : inLoop.find((item) => idOf(item) === idOf(session));
    return isObject(copy) && isObject(session) ? { ...copy, ...session } : session;
  });
  return [...completed, ...inLoop.filter((item) => !ids.has(idOf(item) ?? item))];
}

function idOf(session: Json): string | undefined {
  const id = isObject(session) ? ownOf(session, 'session_id') : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** Objects at a path of keys; `*` is every item of a list. Of a key that stands twice the last counts. */
function objectsAt(node: JsonNode, path: readonly string[]): readonly ObjectNode[] {
  const [key, ...rest] = path;
  if (key === undefined) return node.kind === 'object' ? [node] : [];
  if (key === '*') return node.kind === 'array' ? node.items.flatMap((item) => objectsAt(item, rest)) : [];
  const member = node.kind === 'object' ? node.members.findLast((candidate) => candidate.key === key) : undefined;
  return member ? objectsAt(member.value, rest) : [];
}

const rawString = /"(?:[^"\\]|\\.)*"/y;

function rename(text: string, node: ObjectNode, from: string, to: string): readonly Edit[] {
  if (node.members.some(({ key }) => key === to)) return [];
  return node.members
    .filter(({ key }) => key === from)
    .map(({ start }) => {
      rawString.lastIndex = start;
      return { start, end: start + (rawString.exec(text)?.[0].length ?? 0), text: JSON.stringify(to) };
    });
}

/** Takes a member out together with one comma beside it. */
function removal({ members, start, end }: ObjectNode, name: string): readonly Edit[] {
  const kept = members.filter(({ key }) => key !== name);
  if (kept.length === 0) return [{ start, end, text: '{}' }];
  return members.flatMap((member, index) => {
    if (member.key !== name) return [];
    const next = members[index + 1];
    if (next) return [{ start: member.start, end: next.start, text: '' }];
    const last = kept.at(-1); // whatever lies between was taken out before
    return last ? [{ start: last.value.end, end: member.value.end, text: '' }] : [];
  });
}

function apply(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const { start, end, text: put } of edits.toSorted((left, right) => left.start - right.start)) {
    if (start < at && end <= at) continue; // inside a removal that reaches further
    result += text.slice(at, Math.max(at, start)) + put;
    at = end;
  }
  return result + text.slice(at);
}
