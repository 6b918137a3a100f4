import { approval, ConductorError, foldTrack, initialTrack, project } from '@conductor/core';
import type { ApprovalState, Command, Decider, ProjectState, TrackState } from '@conductor/core';
import { board } from '@conductor/board';
import type { BoardState } from '@conductor/board';
import type { Content, EventEnvelope, Opt, Store, StreamId } from '@conductor/core/ports';
import type { EngineContext } from './engine-context.js';
import type { EngineStore } from './folds/read-edge.js';

/** Where a track is folded from: the log, and what was folded of it before. */
type FoldSource = Pick<EngineStore, 'read' | 'folds'>;

/** Folds what a stream has gained since `state`. O(new events); without a state from a snapshot on, where there is one. */
export async function loadTrack(store: FoldSource, id: string, from?: TrackState, o: Opt = {}): Promise<TrackState> {
  let state = from ?? initialTrack(id);
  let pages = 0;
  for await (const page of store.read(`track/${id}`, { after: state.version, ...o })) {
    state = foldTrack(state, page);
    pages += 1;
    // That a stream is long shows at its second page: a short one is never looked up.
    const kept = pages === 2 && from === undefined ? await store.folds?.track(id, state.version, o) : undefined;
    if (kept) return loadTrack(store, id, kept, o);
  }
  return state;
}

/** A track that must exist. Throws `TRACK_NOT_FOUND`. */
export async function requireTrackState(store: FoldSource, id: string, o: Opt = {}): Promise<TrackState> {
  const state = await loadTrack(store, id, undefined, o);
  if (state.version > 0) return state;
  throw new ConductorError('TRACK_NOT_FOUND', `There is no track ${id}`, { details: { track: id } });
}

export async function loadProject(store: Store, o: Opt = {}): Promise<ProjectState> {
  return fold(store, 'project', project, project.initial('project'), o);
}

export async function loadApproval(store: Store, id: string, o: Opt = {}): Promise<ApprovalState> {
  return fold(store, `approval/${id}`, approval, approval.initial(id), o);
}

export async function loadBoard(store: Store, id: string, o: Opt = {}): Promise<BoardState> {
  return fold(store, `board/${id}`, board, board.initial(id), o);
}

async function fold<S, C extends Command>(
  store: Store,
  stream: StreamId,
  decider: Decider<S, C, unknown>,
  initial: S,
  o: Opt,
): Promise<S> {
  let state = initial;
  for await (const page of store.read(stream, o)) for (const event of page) state = decider.evolve(state, event);
  return state;
}

/** All events of a stream, oldest first. For reports; folds never need it. */
export async function readStream(
  store: Store,
  stream: StreamId,
  o: Opt & { readonly after?: number } = {},
): Promise<readonly EventEnvelope[]> {
  const events: EventEnvelope[] = [];
  for await (const page of store.read(stream, o)) events.push(...page);
  return events;
}

/** The text behind a content: in place, or out of the artifacts. */
export async function textOf(engine: Pick<EngineContext, 'artifacts'>, content: Content, o: Opt = {}): Promise<string> {
  if ('text' in content) return content.text;
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of engine.artifacts.get(content.artifact, o)) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** Text as content: an artifact, put durably first, when it is above the inline limit. */
export async function contentOf(
  engine: Pick<EngineContext, 'artifacts' | 'limits'>,
  text: string,
  mediaType = 'text/markdown',
): Promise<Content> {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= engine.limits.inlineBytes) return { text };
  const { id } = await engine.artifacts.put(bytes, { mediaType });
  return { artifact: id, bytes: bytes.length, mediaType };
}
