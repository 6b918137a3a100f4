import type { GoalReading } from './read-goal.js';
import { intentOfWord } from './intent.js';
import { keywordsOf } from './words.js';

/** What matching needs of a track that is not over. */
export interface OpenTrack {
  readonly id: string;
  readonly name: string;
  /** What it was made for: its goal. */
  readonly description: string;
  /** In progress (active, paused), else planned (draft, ready). */
  readonly inProgress: boolean;
  /** What its plan still owes. */
  readonly tasks: readonly { readonly title: string; readonly files: readonly string[] }[];
}

/** Texts of others are read so far: what a track is about is said in its first sentences. */
const readCharacters = 4000;

/**
 * Tracks that a goal is about: made for the very same goal, or with at least `overlap` keywords in common with name and description, one of them more than an intent word,
 * because every bugfix fixes a bug. Those in progress come first: planned ones are looked at only when no track in progress fits.
 */
export function matchingTracks<T extends OpenTrack>(
  { text, keywords }: Pick<GoalReading, 'text' | 'keywords'>,
  tracks: readonly T[],
  overlap: number,
): readonly T[] {
  const fitting = tracks.filter(
    ({ name, description }) =>
      description === text || overlaps(keywords, `${name}\n${description}`.slice(0, readCharacters), overlap),
  );
  const inProgress = fitting.filter((track) => track.inProgress);
  return inProgress.length > 0 ? inProgress : fitting;
}

/**
 * Tracks with whose scope a new track for this goal would conflict, by what their plans still owe: a file or folder that the goal
 * names, or a task that is about the same.
 */
export function conflictingTracks<T extends OpenTrack>(
  { keywords, paths }: Pick<GoalReading, 'keywords' | 'paths'>,
  tracks: readonly T[],
  overlap: number,
): readonly T[] {
  return tracks.filter(({ tasks }) =>
    tasks.some(
      ({ title, files }) =>
        files.some((file) => paths.some((path) => isWithin(file, path))) || overlaps(keywords, title, overlap),
    ),
  );
}

function overlaps(keywords: ReadonlySet<string>, text: string, overlap: number): boolean {
  const common = [...keywordsOf(text)].filter((keyword) => keywords.has(keyword));
  return common.length >= overlap && common.some((keyword) => intentOfWord(keyword) === undefined);
}

/** The same file, a file of that name, or a file below that folder. */
function isWithin(file: string, path: string): boolean {
  return file === path || file.endsWith(`/${path}`) || file.startsWith(`${path}/`);
}
