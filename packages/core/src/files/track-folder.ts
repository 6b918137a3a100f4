import { parseSpec } from '../plan/parse/spec.js';
import { parseLimits } from '../track/limits.js';
import type { Limits } from '../track/limits.js';
import { isSafeId } from '../track/names.js';
import type { TrackEventData } from '../track/events.js';
import type { Finding } from '../kernel/finding.js';
import type { Priority } from '../track/model.js';
import { readTextFile } from './decode-text.js';
import { folderFacts } from './infer-loop-state.js';
import type { FolderFacts } from './infer-loop-state.js';
import { migrateMetadata } from './migrate-metadata.js';
import type { MetadataV3 } from './metadata-model.js';
import { parseMetadata } from './metadata.js';
import type { MetadataRead } from './metadata.js';
import { readPriority } from './priority-word.js';
import type { TrackRow } from './tracks-index.js';
import { loopOf } from './folder-loop.js';
import { maxFindings, warning } from './folder-warning.js';

/** What stands in the folder of a track, as far as it was there. */
export interface TrackFolder {
  /** Name of the folder. */
  readonly trackId: string;
  readonly metadata?: Uint8Array | undefined;
  readonly plan?: string | undefined;
  readonly spec?: string | undefined;
  /** Texts of `evaluation-report.md` and the like, in the order of their age. */
  readonly reports?: readonly string[] | undefined;
  /** Its row in `tracks.md`. */
  readonly row?: TrackRow | undefined;
}

export type Imported = TrackEventData<'track.imported'>;

/** A track as its folder tells it: all of `track.imported` that needs no store. */
export interface FolderTrack extends Pick<
  Imported,
  'name' | 'type' | 'priority' | 'goal' | 'lifecycle' | 'loop' | 'blockers' | 'extra' | 'createdAt' | 'completedAt'
> {
  readonly superpower: boolean;
  readonly dependencies: readonly string[];
  readonly limits: Partial<Limits>;
  readonly findings: readonly Finding[];
}
const importBlocker = 'blocker-import';

/**
 * Reads a track out of its folder (T1): `metadata.json` of any version, and what it does not say inferred from
 * plan, reports and `tracks.md`. Total and pure. Nothing is guessed silently: a word for the step that no transition knows
 * blocks the track until a person decides; marks of the plan count more than counters (C-70).
 */
export function readTrackFolder(folder: TrackFolder, at: string): FolderTrack {
  const findings: Finding[] = [];
  const facts = folderFacts(folder.trackId, folder);
  const { read, written } = metadataIn(folder, facts, findings);
  const metadata = read?.metadata ?? {};
  const about = aboutOf(folder, metadata, findings);
  const loop = loopOf({ folder, read, written, metadata, facts }, findings);
  countsOf(metadata, facts, findings);
  const blockers = blockersOf(metadata, loop, at, findings);
  return {
    ...about,
    limits: limitsOf(metadata, findings),
    lifecycle: lifecycleOf(metadata, loop),
    loop,
    blockers,
    extra: read?.extra ?? {},
    findings: findings.slice(0, maxFindings),
  };
}

function metadataIn(
  { metadata: bytes, plan }: TrackFolder,
  facts: FolderFacts,
  findings: Finding[],
): { readonly read?: MetadataRead; readonly written: boolean } {
  if (!bytes) return { written: false };
  const { text, whole } = readTextFile(bytes);
  if (!whole) findings.push(warning('FILE_DAMAGED', 'metadata.json holds bytes that are no text', 'error'));
  const migration = migrateMetadata(text, facts);
  findings.push(...migration.findings.filter(({ code }) => plan !== undefined || code !== 'STATE_INFERRED'));
  if (migration.from === 0) return { written: false };
  if (migration.backupName !== undefined)
    findings.push(
      warning(
        'METADATA_OLD',
        `metadata.json is of version ${migration.from}; its first change by us writes version 3`,
        'info',
      ),
    );
  // Version 1 has no loop: what it has now was read off the folder.
  return { read: parseMetadata(migration.text), written: migration.from > 1 };
}

function aboutOf({ trackId, spec, plan, row }: TrackFolder, metadata: MetadataV3, findings: Finding[]) {
  const document = spec === undefined ? undefined : parseSpec(spec);
  const title = document?.title.trim() || planTitle(plan ?? '');
  const { description } = metadata.extra ?? {};
  const said = typeof description === 'string' ? description.trim() : '';
  const name = [metadata.name, row?.name, title].find((text) => text !== undefined && text.trim() !== '') ?? trackId;
  if (metadata.trackId !== undefined && metadata.trackId !== trackId)
    findings.push(
      warning(
        'TRACK_ID_DIFFERS',
        `metadata.json calls the track ${JSON.stringify(metadata.trackId.slice(0, 200))}; its folder's name counts`,
      ),
    );
  return {
    name: name.trim(),
    type: metadata.type?.trim() || row?.type || 'feature',
    priority: priorityOf(metadata, row, findings),
    goal: document?.goal ?? (said === '' ? name.trim() : said),
    superpower: metadata.superpowerEnhanced ?? false, // absent means legacy
    dependencies: dependenciesOf(metadata, findings),
    ...(metadata.createdAt !== undefined && { createdAt: metadata.createdAt }),
    ...(metadata.completedAt != null && { completedAt: metadata.completedAt }),
  };
}

/** The first heading, without the words that say that it is one of a plan. */
function planTitle(plan: string): string {
  const [, heading = ''] = /^#[ \t]+(\S.{0,200})$/m.exec(plan) ?? [];
  return heading.replace(/^(?:(?:implementation|track|project)[ \t]+)?plan[ \t]*[:—–-][ \t]*/i, '').trim();
}

function dependenciesOf({ dependencies = [] }: MetadataV3, findings: Finding[]): readonly string[] {
  const odd = dependencies.filter((id) => !isSafeId(id));
  for (const id of odd)
    findings.push(warning('METADATA_UNREAD', `${JSON.stringify(id.slice(0, 80))} is no id of a track`));
  return dependencies.filter(isSafeId);
}

function priorityOf({ priority }: MetadataV3, row: TrackRow | undefined, findings: Finding[]): Priority {
  const stated = priority ?? row?.priority;
  const read = stated === undefined ? 'P2' : readPriority(stated);
  if (read === undefined)
    findings.push(
      warning(
        'METADATA_UNREAD',
        `${JSON.stringify((stated ?? '').slice(0, 80))} is no priority; the track counts as P2`,
      ),
    );
  return read ?? 'P2';
}

function limitsOf({ loopState }: MetadataV3, findings: Finding[]): Partial<Limits> {
  const limits: Partial<Limits> = {};
  for (const name of ['maxFixCycles', 'maxPlanRevisions'] as const) {
    const value = loopState?.[name];
    if (value === undefined) continue;
    try {
      Object.assign(limits, parseLimits({ [name]: value }));
    } catch {
      findings.push(warning('METADATA_UNREAD', `${value} is out of the range of ${name}`)); // said, and the default counts
    }
  }
  return limits;
}

/** C-70: plan.md wins over the counter. */
function countsOf({ loopState }: MetadataV3, { tasks }: FolderFacts, findings: Finding[]): void {
  const { tasksCompleted } = loopState?.checkpoints?.EXECUTE ?? {};
  if (tasksCompleted === undefined || !tasks || tasksCompleted === tasks.done) return;
  findings.push(
    warning(
      'TASKS_CORRECTED',
      `metadata.json says that ${tasksCompleted} tasks are completed, plan.md that ${tasks.done} of ${tasks.total} are; plan.md counts`,
    ),
  );
}

function blockersOf(
  metadata: MetadataV3,
  { step, status, foreign }: Imported['loop'],
  at: string,
  findings: Finding[],
): Imported['blockers'] {
  const found: Imported['blockers'] = [];
  for (const { id, description, blockedAt, blockedStep, status: state, resolvedAt } of metadata.blockers ?? []) {
    if (id === undefined || id === '' || id.length > 256) {
      findings.push(
        warning('BLOCKER_UNNAMED', `A blocker without an id blocks nothing: ${(description ?? '').slice(0, 200)}`),
      );
      continue;
    }
    found.push({
      id,
      step: blockedStep ?? step,
      description: description ?? id,
      active: state !== 'RESOLVED',
      raisedAt: blockedAt ?? at,
      ...(resolvedAt != null && { resolvedAt }),
    });
  }
  if (!foreign || status !== 'BLOCKED') return found;
  const description = `metadata.json says ${Object.values(foreign).join(' / ')}, which is no state of the loop; resolved, the track goes on with ${step}`;
  return [...found, { id: importBlocker, step, description, active: true, raisedAt: at }];
}

function lifecycleOf(metadata: MetadataV3, { step, status }: Imported['loop']): Imported['lifecycle'] {
  if (metadata.status === 'cancelled') return 'cancelled';
  if (step === 'COMPLETE' && status === 'PASSED') return 'completed';
  return (step === 'PLAN' || step === 'BRAINSTORM') && status === 'NOT_STARTED' ? 'draft' : 'ready';
}
