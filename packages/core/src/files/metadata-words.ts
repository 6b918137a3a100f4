import { canonicalJson } from '../kernel/json.js';
import { sha256Hex } from '../kernel/hash.js';
import type { Json } from '../ports/values.js';
import { steps } from '../track/model.js';
import { isObject } from './metadata-codec.js';
import type { MetadataV3 } from './metadata-model.js';

/** What a `metadata.json` says where a change by somebody else means something: path in the file → value as JSON text. */
export type MetadataWords = Readonly<Record<string, string>>;

/** Published paths by the place of their field in the model. */
const fields: readonly (readonly [path: string, place: readonly string[]])[] = [
  ['name', ['name']],
  ['type', ['type']],
  ['status', ['status']],
  ['priority', ['priority']],
  ['superpower_enhanced', ['superpowerEnhanced']],
  ['created_at', ['createdAt']],
  ['completed_at', ['completedAt']],
  ['dependencies', ['dependencies']],
  ['loop_state.current_step', ['loopState', 'currentStep']],
  ['loop_state.step_status', ['loopState', 'stepStatus']],
  ['loop_state.step_started_at', ['loopState', 'stepStartedAt']],
  ['loop_state.execution_mode', ['loopState', 'executionMode']],
  ['loop_state.fix_cycle_count', ['loopState', 'fixCycleCount']],
  ['loop_state.max_fix_cycles', ['loopState', 'maxFixCycles']],
  ['loop_state.plan_revision_count', ['loopState', 'planRevisionCount']],
  ['loop_state.max_plan_revisions', ['loopState', 'maxPlanRevisions']],
  ['loop_state.checkpoints.EXECUTE.tasks_completed', ['loopState', 'checkpoints', 'EXECUTE', 'tasksCompleted']],
  ...steps.map(
    (step) => [`loop_state.checkpoints.${step}.status`, ['loopState', 'checkpoints', step, 'status']] as const,
  ),
];

/** The words of a metadata; `extra` holds unknown keys as texts, of which a fingerprint is kept. O(fields + keys). */
export function metadataWords(metadata: MetadataV3, extra: Readonly<Record<string, string>>): MetadataWords {
  const words: [string, string][] = [];
  for (const [path, place] of fields) {
    const value = valueAt(metadata, place);
    if (value !== undefined) words.push([path, canonicalJson(value)]);
  }
  for (const { id, status } of metadata.blockers ?? [])
    if (id !== undefined) words.push([`blockers.${id}`, canonicalJson(status ?? 'ACTIVE')]);
  for (const [key, text] of Object.entries(extra)) words.push([`extra.${key}`, fingerprint(text)]);
  return Object.fromEntries(words);
}

/** Spacing is no change of a value. */
function fingerprint(text: string): string {
  return sha256Hex(text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1')).slice(0, 16);
}

/** A metadata without some of its fields, which then stay in the file as they stand. */
export function withoutWords(metadata: MetadataV3, paths: ReadonlySet<string>): MetadataV3 {
  let result: Json = metadata as unknown as Json; // a metadata is plain JSON
  for (const [path, place] of fields) if (paths.has(path)) result = without(result, place);
  return result as unknown as MetadataV3; // only optional fields are gone
}

/** Paths that {@link withoutWords} knows. */
export const wordPaths: readonly string[] = fields.map(([path]) => path);

function valueAt(value: unknown, [key, ...rest]: readonly string[]): Json | undefined {
  if (key === undefined) return value as Json | undefined; // from a metadata, which is plain JSON
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? valueAt((value as Readonly<Record<string, unknown>>)[key], rest)
    : undefined;
}

function without(value: Json, [key, ...rest]: readonly string[]): Json {
  if (key === undefined || !isObject(value)) return value;
  const { [key]: inner, ...others } = value;
  if (inner === undefined || rest.length === 0) return others;
  return { ...others, [key]: without(inner, rest) };
}
