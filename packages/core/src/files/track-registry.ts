import * as z from '@conductor/core/schema';
import { ConductorError } from '../kernel/error.js';
import { jsonValue } from '../kernel/json.js';
import type { Instant, Json } from '../ports/values.js';
import type { Finding } from '../kernel/finding.js';
import { withoutMark } from './decode-text.js';
import { readJsonText, valueOf } from './json-text.js';
import { patchJson } from './patch-json.js';

/** One track of `track-registry.json`. */
export interface TrackRegistryEntry {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** A word of the lifecycle. */
  readonly status: string;
  readonly priority: string;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly startedAt?: Instant | undefined;
  readonly completedAt?: Instant | undefined;
  readonly result?: Json | undefined;
  /** Folder below the tracks folder; default: the id. */
  readonly path?: string | undefined;
  readonly progress: { readonly completedSteps: number; readonly totalSteps: number };
  readonly lastCheckpoint?: string | undefined;
}

/** `track-registry.json` inside. */
export interface TrackRegistry {
  readonly activeTrack: string | null;
  /** Newest update first. */
  readonly tracks: readonly TrackRegistryEntry[];
}

const count = z.int().min(0);
const Entry = z.looseObject({
  track_id: z.string().min(1),
  name: z.string(),
  type: z.string(),
  status: z.string(),
  priority: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  started_at: z.string().nullish(),
  completed_at: z.string().nullish(),
  result: jsonValue.optional(),
  path: z.string().optional(),
  progress: z
    .looseObject({ completed_steps: count.default(0), total_steps: count.default(0) })
    .default({ completed_steps: 0, total_steps: 0 }),
  last_checkpoint: z.string().nullish(),
});
const File = z.looseObject({
  active_track: z.string().nullable().default(null),
  tracks: z.record(z.string(), jsonValue).default({}),
});

/** Reads `track-registry.json`. Entries that are not as published are reported and left out; a damaged file has none. */
export function parseTrackRegistry(text: string): TrackRegistry & { readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const report = (message: string) =>
    findings.push({ severity: 'warning', code: 'REGISTRY_UNREAD', message, path: 'track-registry.json' });
  const file = File.safeParse(read(text, report));
  if (!file.success) {
    if (findings.length === 0) report('track-registry.json is not as published');
    return { activeTrack: null, tracks: [], findings };
  }
  const tracks = Object.entries(file.data.tracks).flatMap(([id, value]) => {
    const entry = Entry.safeParse(value);
    if (!entry.success)
      report(`Track ${JSON.stringify(id)} is not as published: ${entry.error.issues[0]?.path.join('.') ?? ''}`);
    return entry.success ? [entryOf(entry.data)] : [];
  });
  return { activeTrack: file.data.active_track, tracks: newestFirst(tracks), findings };
}

function read(text: string, report: (message: string) => void): Json | undefined {
  try {
    return text.trim() === '' ? {} : valueOf(readJsonText(withoutMark(text)).node);
  } catch (error) {
    if (!ConductorError.is(error)) throw error;
    report(error.message);
    return undefined;
  }
}

function entryOf(data: z.infer<typeof Entry>): TrackRegistryEntry {
  return {
    id: data.track_id,
    name: data.name,
    type: data.type,
    status: data.status,
    priority: data.priority,
    createdAt: data.created_at,
    updatedAt: data.updated_at,
    progress: { completedSteps: data.progress.completed_steps, totalSteps: data.progress.total_steps },
    ...(data.started_at != null && { startedAt: data.started_at }),
    ...(data.completed_at != null && { completedAt: data.completed_at }),
    ...(data.result !== undefined && { result: data.result }),
    ...(data.path !== undefined && data.path !== data.track_id && { path: data.path }),
    ...(data.last_checkpoint != null && { lastCheckpoint: data.last_checkpoint }),
  };
}

function newestFirst(tracks: readonly TrackRegistryEntry[]): readonly TrackRegistryEntry[] {
  return tracks.toSorted((left, right) =>
    left.updatedAt === right.updatedAt ? 0 : left.updatedAt < right.updatedAt ? 1 : -1,
  );
}

/**
 * The text of `track-registry.json`. Over a previous text unknown keys and the order stay; its tracks that are not in
 * `registry` stay, too. The counts are computed from what is handed in.
 */
export function formatTrackRegistry({ activeTrack, tracks }: TrackRegistry, previous?: string): string {
  const value = {
    version: '1.0',
    active_track: activeTrack,
    tracks: Object.fromEntries(tracks.map((track) => [track.id, publishedEntry(track)])),
    metadata: {
      total_tracks: tracks.length,
      active_count: activeTrack === null ? 0 : 1,
      completed_count: tracks.filter((track) => track.status === 'completed').length,
      last_updated: newestFirst(tracks)[0]?.updatedAt ?? null,
    },
  };
  if (previous !== undefined && File.safeParse(read(previous, () => {})).success && previous.trim() !== '')
    return patchJson(previous, value);
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function publishedEntry(track: TrackRegistryEntry): { readonly [key: string]: Json } {
  const { completedSteps, totalSteps } = track.progress;
  return {
    track_id: track.id,
    name: track.name,
    type: track.type,
    status: track.status,
    priority: track.priority,
    created_at: track.createdAt,
    updated_at: track.updatedAt,
    ...(track.startedAt !== undefined && { started_at: track.startedAt }),
    ...(track.completedAt !== undefined && { completed_at: track.completedAt }),
    ...(track.result !== undefined && { result: track.result }),
    path: track.path ?? track.id,
    progress: {
      percentage: totalSteps === 0 ? 0 : Math.round((completedSteps / totalSteps) * 100),
      completed_steps: completedSteps,
      total_steps: totalSteps,
    },
    ...(track.lastCheckpoint !== undefined && { last_checkpoint: track.lastCheckpoint }),
  };
}
