import type { Finding } from '../../kernel/finding.js';
import type { PassResult, PlanCheckInput } from './check-plan.js';
import { normalPath } from '../text/references.js';

/** Another track as the overlap pass sees it. */
export interface OtherTrack {
  readonly id: string;
  readonly name: string;
  readonly files: readonly string[];
  /** Active or paused: its work may still change these files. */
  readonly live: boolean;
}

/** Pass 2: the same file in a live track fails, in a finished one it is advice (R42). */
export function checkOverlap({ model, otherTracks, completedTracks }: PlanCheckInput): PassResult {
  const tracks = [...(otherTracks ?? []), ...(completedTracks ?? []).map((track) => ({ ...track, live: false }))];
  if (tracks.length === 0) return { findings: [], skipped: otherTracks === undefined && completedTracks === undefined };
  const planned = fileIndex(model.tasks.flatMap(({ mark, files }) => (mark === 'skipped' ? [] : files)));
  return { findings: tracks.flatMap((track) => overlap(track, planned)) };
}

interface FileIndex {
  readonly files: ReadonlySet<string>;
  /** What stands before a `*`, or a folder that ends in `/`. */
  readonly prefixes: readonly string[];
}

function fileIndex(paths: readonly string[]): FileIndex {
  const files = paths.map(normalPath);
  return { files: new Set(files), prefixes: [...new Set(files.flatMap((file) => prefixOf(file) ?? []))] };
}

function prefixOf(file: string): string | undefined {
  const star = file.indexOf('*');
  const prefix = star === -1 ? (file.endsWith('/') ? file : '') : file.slice(0, file.lastIndexOf('/', star) + 1);
  // A pattern that begins with `*` would meet every file and say nothing.
  return prefix === '' ? undefined : prefix;
}

function overlap(track: OtherTrack, planned: FileIndex): readonly Finding[] {
  const shared = [...new Set(track.files.map(normalPath))].filter((file) => meets(file, planned));
  if (shared.length === 0) return [];
  const shown = shared.slice(0, 5).join(', ') + (shared.length > 5 ? ` and ${shared.length - 5} more` : '');
  return [
    {
      severity: track.live ? 'error' : 'info',
      code: track.live ? 'PLAN_OVERLAP_LIVE' : 'PLAN_OVERLAP_FINISHED',
      message: track.live
        ? `The live track ${track.id} (${track.name}) works on the same files: ${shown}`
        : `The track ${track.id} (${track.name}) has worked on the same files: ${shown}`,
      hint: track.live
        ? 'Finish or pause that track first, or leave these files out.'
        : 'Decide per task: SKIP, MODIFY or PROCEED.',
      item: track.id,
      evidence: shared.slice(0, 100),
    },
  ];
}

function meets(file: string, planned: FileIndex): boolean {
  if (planned.files.has(file)) return true;
  const own = prefixOf(file);
  if (own !== undefined && [...planned.files].some((other) => other.startsWith(own))) return true;
  return planned.prefixes.some((prefix) => file.startsWith(prefix));
}
