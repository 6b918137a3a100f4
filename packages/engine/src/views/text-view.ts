import { ConductorError } from '@conductor/core';
import type { TrackState } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { mergePlan } from '@conductor/core/plan';
import type { PlanConflict } from '@conductor/core/plan';
import type { EngineContext } from '../engine-context.js';
import { trackAt } from './track-at.js';
import { isQuiet } from '../edits/whose-edit.js';
import { findView, knownViews, saveRow, stillPending } from './view-row.js';
import type { Found, Kept, Source } from './view-row.js';

/** A Markdown file of a track that people may write in as well. */
export interface TextView {
  readonly path: string;
  /** `undefined`: the track has no such text yet. */
  render(state: TrackState): Promise<string | undefined>;
  /** The text can be rendered again from the track as it was; else each version of it is kept. */
  readonly fromLog: boolean;
  /** Edits our marks into any text of the view, those of `except` left as they are. */
  readonly mark?: ((text: string, state: TrackState, except: ReadonlySet<string>) => string) | undefined;
  /** True for bytes that the log has taken over as they are: whoever wrote them was asked to. */
  isHandedIn?(found: Found): Promise<boolean>;
  /** Takes up a text that somebody wrote where the track has none yet. */
  begin?(found: Found): Promise<void>;
  /** Asked when the file is deleted: true when the whole track is gone with it, which is then on record. */
  isGone?(found: Found): Promise<boolean>;
  /** Takes up what somebody else wrote, or that the file is gone; afterwards the row knows those bytes. */
  takeUp(found: Found, ours: string): Promise<void>;
  /** Puts on record that we changed what somebody else had changed before. */
  tellConflicts(found: Found, conflicts: readonly PlanConflict[]): Promise<void>;
}

/** `again`: the file or the track changed meanwhile, look at both once more. `gone`: there is nothing to write into. */
export type Synced = 'written' | 'again' | 'gone';

/**
 * Brings a file and the log together: what somebody else wrote is taken up first, then our text is written, with their words that
 * the log has not. A crash anywhere leaves `last` or `pending` on disk, hence no false edit.
 */
export async function syncText(engine: EngineContext, state: TrackState, view: TextView): Promise<Synced> {
  const ours = await view.render(state);
  if (ours === undefined) return begun(engine, view);
  const rendered = sha256Hex(ours);
  const found = await findView(engine, view.path, rendered);
  const foreign = found.state === 'foreign' && (await view.isHandedIn?.(found)) !== true;
  if (found.state === 'deleted' && (await view.isGone?.(found)) === true) return 'gone';
  if (foreign || found.state === 'deleted') {
    await view.takeUp(found, ours);
    return 'again';
  }
  if (found.row?.leftAlone === true && found.row.last === found.hash) return 'written';
  const { text, kept, conflicts } = withTheirs(view, state, ours, found);
  if (conflicts.length > 0) await view.tellConflicts(found, conflicts);
  const hash = text === ours ? rendered : sha256Hex(text);
  return writeText(engine, state, found, { text, hash, kept, from: sourceOf(view, state, text, kept) });
}

async function begun(engine: EngineContext, view: TextView): Promise<Synced> {
  if (!view.begin) return 'written';
  const found = await findView(engine, view.path);
  if (found.state !== 'foreign') return 'written';
  await view.begin(found);
  return 'again';
}

function sourceOf({ fromLog }: TextView, { version }: TrackState, text: string, kept: Kept | undefined): Source {
  return fromLog && !kept ? { version } : { text };
}

interface Next {
  readonly text: string;
  readonly hash: string;
  readonly kept: Kept | undefined;
  readonly from: Source;
}

async function writeText(engine: EngineContext, state: TrackState, found: Found, next: Next): Promise<Synced> {
  const { row, hash, path } = found;
  const pending = next.hash;
  const seen = isQuiet(state) ? state.version : row?.seen;
  const about = { seen, kept: next.kept, pendingFrom: next.from };
  if (pending === hash) {
    const known =
      row && row.gone !== true && (hash === row.pending || hash === row.last) && sameKept(row.kept, next.kept);
    if (!known && !(await saveRow(engine, found, { ...about, last: hash, pending, lastFrom: next.from })))
      return 'again';
    knownViews(engine).set(path, { hash, seen });
    return 'written';
  }
  const lastFrom = hash === row?.pending ? row.pendingFrom : row?.lastFrom;
  const saved = await saveRow(engine, found, { ...about, last: hash, pending, lastFrom, recent: stillPending(found) });
  if (!saved) return 'again';
  try {
    await engine.workspace.replace(path, new TextEncoder().encode(next.text), { ifHash: hash });
  } catch (error) {
    if (!ConductorError.is(error, 'FILE_CHANGED')) throw error;
    return 'again';
  }
  knownViews(engine).set(path, { hash: pending, seen });
  // Known to have been there from its first writing on: gone, it was deleted, also for whoever finds that out after a crash.
  if (hash === '')
    await saveRow(
      engine,
      { path, revision: found.revision + 1 },
      { ...about, last: pending, pending, lastFrom: next.from },
    );
  return 'written';
}

function sameKept(a: Kept | undefined, b: Kept | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Our text with the words of others that the log has not. */
function withTheirs(view: TextView, state: TrackState, ours: string, found: Found) {
  const { row, bytes } = found;
  const none = { text: ours, kept: undefined, conflicts: [] as readonly PlanConflict[] };
  if (!row?.kept || !bytes) return none;
  const marks = Object.fromEntries(
    Object.entries(row.kept.marks).filter(([id, status]) => state.plan?.tasks.get(id)?.status === status),
  );
  const except = new Set(Object.keys(marks));
  const marked = (text: string) => view.mark?.(text, state, except) ?? text;
  const { theirs, conflicts } = mergePlan(marked(row.kept.base), ours, marked(decode(bytes)));
  if (theirs === ours) return none;
  return {
    text: theirs,
    kept: { base: ours, marks, told: false },
    conflicts: row.kept.told ? [] : conflicts,
  };
}

/** The text that was on disk before somebody changed it to `theirs`; `undefined` when it cannot be had any more. */
export async function textBefore(
  engine: EngineContext,
  id: string,
  view: Pick<TextView, 'render'>,
  found: Found,
  theirs: string,
): Promise<string | undefined> {
  const { row } = found;
  if (!row) return undefined;
  const texts: string[] = [];
  for (const [hash, source] of [[row.pending, row.pendingFrom] as const, [row.last, row.lastFrom] as const]) {
    if (hash === '' || hash === found.hash || !source) continue; // what they went back to is not what they began with
    const text = 'text' in source ? source.text : await view.render(await trackAt(engine.store, id, source.version));
    if (text !== undefined && sha256Hex(text) === hash) texts.push(text);
  }
  return nearest(texts, theirs);
}

/** After a crash it may be either of two; an edit leaves most lines as they were. */
function nearest(texts: readonly string[], theirs: string): string | undefined {
  const lines = new Set(theirs.split(/\r\n|\n|\r/));
  const [first, second] = texts.map((text) => text.split(/\r\n|\n|\r/).filter((line) => !lines.has(line)).length);
  return second !== undefined && second < (first ?? 0) ? texts[1] : texts[0];
}

/** With its byte order mark, which is part of the text. Throws `TypeError` for bytes that are no UTF-8. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(bytes);
}
