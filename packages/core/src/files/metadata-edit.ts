import { parseLimits } from '../track/limits.js';
import type { Limits } from '../track/limits.js';
import { isSafeId } from '../track/names.js';
import type { Finding } from '../kernel/finding.js';
import type { Priority, Step, StepStatus } from '../track/model.js';
import { metadataWords, wordPaths } from './metadata-words.js';
import type { MetadataWords } from './metadata-words.js';
import type { MetadataRead } from './metadata.js';
import { readPriority } from './priority-word.js';

/** What somebody else has changed in `metadata.json` since we wrote it (contracts 4.6). */
export interface MetadataEdit {
  /** For `track.configure`; absent when nothing of it changed. */
  readonly configure?: MetadataPatch;
  /** For `step.override`. */
  readonly override?: { readonly step: Step; readonly status: StepStatus };
  /** Ids of blockers that are called RESOLVED, for `blocker.resolve`. */
  readonly resolved: readonly string[];
  /** What cannot be taken, by file and line. */
  readonly findings: readonly Finding[];
  /** Fields that are ours: what stands in the file is replaced by what the log says. */
  readonly ours: readonly string[];
}

/** Fields that a person may set by hand. */
export interface MetadataPatch {
  readonly name?: string;
  readonly type?: string;
  readonly priority?: Priority;
  readonly superpower?: boolean;
  readonly dependencies?: readonly string[];
  readonly limits?: Partial<Limits>;
  /** All unknown keys, as the text of their values. */
  readonly extra?: Readonly<Record<string, string>>;
}

interface Base {
  /** Path of the file, for findings. */
  readonly path: string;
  /** What our last renderings said: one of them is what the other has edited. */
  readonly said: readonly MetadataWords[];
}

/**
 * Compares a file with our last renderings, field by field. Pure. A word that is none of ours is a finding and stays in the
 * file; a counter, checkpoint or state that only our facts may change is a finding, and `ours`.
 */
export function readMetadataEdit(read: MetadataRead, base: Base): MetadataEdit {
  const { metadata = {}, extra, findings: unread } = read;
  const words = metadataWords(metadata, extra);
  const changed = (path: string) => base.said.every((said) => said[path] !== words[path]);
  const gone = (path: string) => changed(path) && words[path] === undefined;
  const findings: Finding[] = unread.map((finding) => ({ ...finding, path: base.path }));
  const refuse = (path: string, why: string) =>
    findings.push({
      severity: 'warning',
      code: 'METADATA_REFUSED',
      path: base.path,
      item: path,
      message: why,
      ...lineOf(read, path),
    });
  const ours: string[] = [];

  const keys = new Set(
    [...base.said.flatMap(Object.keys), ...Object.keys(words)].filter((key) => key.startsWith('extra.')),
  );
  const configure = patchOf(read, { changed, unknown: [...keys].some(changed) }, refuse);
  const override = overrideOf(read, changed, refuse);
  for (const path of wordPaths) {
    if (taken.has(path) || !changed(path) || gone(path)) continue;
    ours.push(path);
    refuse(path, `${path} is what the log says; ${words[path] ?? ''} is not taken`);
  }
  const resolved = blockersOf(read, base, refuse);
  return {
    ...(Object.keys(configure).length > 0 && { configure }),
    ...(override && { override }),
    resolved,
    findings,
    ours,
  };
}

/** Paths that become commands. */
const taken: ReadonlySet<string> = new Set([
  'name',
  'type',
  'priority',
  'superpower_enhanced',
  'dependencies',
  'loop_state.current_step',
  'loop_state.step_status',
  'loop_state.max_fix_cycles',
  'loop_state.max_plan_revisions',
]);

type Changed = (path: string) => boolean;
type Refuse = (path: string, why: string) => void;

function patchOf(
  { metadata = {}, extra }: MetadataRead,
  { changed, unknown }: { readonly changed: Changed; readonly unknown: boolean },
  refuse: Refuse,
): MetadataPatch {
  const { name, type, priority, dependencies, superpowerEnhanced } = metadata;
  const level = priority === undefined ? undefined : readPriority(priority);
  if (changed('priority') && priority !== undefined && level === undefined)
    refuse('priority', `${JSON.stringify(priority.slice(0, 80))} is no priority`);
  const odd = changed('dependencies') ? dependencies?.find((id) => !isSafeId(id)) : undefined;
  if (odd !== undefined) refuse('dependencies', `${JSON.stringify(odd.slice(0, 80))} is no id of a track`);
  const limits = limitsOf(metadata.loopState ?? {}, changed, refuse);
  return {
    ...(changed('name') && name !== undefined && name.trim() !== '' && { name }),
    ...(changed('type') && type !== undefined && type.trim() !== '' && { type }),
    ...(changed('priority') && level !== undefined && { priority: level }),
    // Absent means legacy (FMT-20): taking the flag out is a switch as well.
    ...(changed('superpower_enhanced') && { superpower: superpowerEnhanced ?? false }),
    ...(changed('dependencies') && dependencies?.every(isSafeId) && { dependencies }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(unknown && { extra }),
  };
}

function limitsOf(
  { maxFixCycles, maxPlanRevisions }: NonNullable<NonNullable<MetadataRead['metadata']>['loopState']>,
  changed: Changed,
  refuse: Refuse,
): Partial<Limits> {
  const limits: Partial<Limits> = {};
  const asked = { maxFixCycles, maxPlanRevisions };
  for (const [name, path] of limitPaths) {
    const value = asked[name];
    if (value === undefined || !changed(path)) continue;
    try {
      Object.assign(limits, parseLimits({ [name]: value }));
    } catch {
      refuse(path, `${value} is out of the range of ${path}`); // the value is a person's: said with its line
    }
  }
  return limits;
}

const limitPaths = [
  ['maxFixCycles', 'loop_state.max_fix_cycles'],
  ['maxPlanRevisions', 'loop_state.max_plan_revisions'],
] as const;

function overrideOf(read: MetadataRead, changed: Changed, refuse: Refuse): MetadataEdit['override'] {
  if (!changed('loop_state.current_step') && !changed('loop_state.step_status')) return undefined;
  const { currentStep: step, stepStatus: status } = read.metadata?.loopState ?? {};
  const { foreign } = read;
  if (foreign) {
    if (foreign.step !== undefined)
      refuse('loop_state.current_step', `${JSON.stringify(foreign.step)} is no step of the loop`);
    if (foreign.status !== undefined)
      refuse('loop_state.step_status', `${JSON.stringify(foreign.status)} is no status of a step`);
    return undefined;
  }
  return step === undefined ? undefined : { step, status: status ?? 'NOT_STARTED' };
}

function blockersOf({ metadata }: MetadataRead, { said }: Base, refuse: Refuse): readonly string[] {
  const resolved: string[] = [];
  for (const { id, status } of metadata?.blockers ?? []) {
    if (id === undefined) continue;
    const known = said.find((words) => words[`blockers.${id}`] !== undefined)?.[`blockers.${id}`];
    if (known === '"ACTIVE"' && status === 'RESOLVED') resolved.push(id);
    else if (known === '"RESOLVED"' && status === 'ACTIVE') refuse('blockers', `Blocker ${id} was resolved already`);
    else if (known === undefined) refuse('blockers', `Blocker ${id} is not one of ours: it blocks nothing`);
  }
  return resolved;
}

function lineOf({ places }: MetadataRead, path: string): { line?: number } {
  const line = places.lineAt(path);
  return line === undefined ? {} : { line };
}
