import type { TrackState } from '@conductor/core';
import type { EngineContext } from '../engine-context.js';
import { textBefore } from '../views/text-view.js';
import type { TextView } from '../views/text-view.js';
import type { Found, ViewRow } from '../views/view-row.js';
import { textIn } from './note-edit.js';
import { leaveAlone, noteDeleted } from './take-up.js';
import { isClaim } from './whose-edit.js';

/** A text that somebody else left in a view. */
export interface Standing {
  readonly theirs: string;
  /** What stood there before them, where we know it. */
  readonly before: string | undefined;
  /** It may be a worker's, which decides nothing. */
  readonly claim: boolean;
  /** The row that knows these bytes. */
  readonly known: Omit<ViewRow, 'path'>;
}

/** What stands in a view now; `undefined` where nothing is left to be taken up: bytes that are no text, and a file that is gone or empty. */
export async function whatStands(
  engine: EngineContext,
  state: TrackState,
  view: Pick<TextView, 'render'>,
  found: Found,
): Promise<Standing | undefined> {
  const { bytes, hash, row } = found;
  const theirs = bytes && textIn(bytes);
  // Torn or emptied: nothing in it is anybody's words.
  if (theirs === undefined || theirs.trim() === '') {
    await (bytes && theirs === undefined ? leaveAlone : noteDeleted)(engine, state.id, found);
    return undefined;
  }
  const before = await textBefore(engine, state.id, view, found, theirs);
  const claim = await isClaim(engine, state, found);
  return {
    theirs,
    before,
    claim,
    known: { last: hash, pending: hash, seen: row?.seen, pendingFrom: { text: theirs } },
  };
}
