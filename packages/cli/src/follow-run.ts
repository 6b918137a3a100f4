import { ConductorError } from '@conductor/core';
import type { Approval, RunInput, StopReason, Track, TrackRun } from '@conductor/core/api';
import type { Project } from '@conductor/node';
import type { CommandContext } from './command.js';
import { drawEvent } from './live/draw-event.js';
import { newPicture } from './live/run-picture.js';
import type { RunPicture } from './live/run-picture.js';
import { whereFlag } from './where.js';
import { runView } from './live/run-view.js';
import type { RunView } from './live/run-view.js';

/** How a run ended, with all that a person needs to go on. */
export interface RunEnd {
  readonly track: Track;
  readonly run: TrackRun;
  readonly stop: StopReason;
  /** Open questions of the track. */
  readonly approvals: readonly Approval[];
  /** Where the completion report lies, from the root. */
  readonly report?: string;
  /** ` -C <dir>` where the project is not the one of the current folder. */
  readonly where: string;
}

/**
 * Runs a track to its stop and shows it. Throws what `tracks.run` throws, the error that a run stopped with, and `INTERRUPTED`
 * once workers have ended and the log is closed.
 */
export async function followRun(
  context: CommandContext,
  project: Project,
  trackId: string,
  input: RunInput,
): Promise<RunEnd> {
  const { api } = project;
  context.signal.throwIfAborted();
  const run = await api.tracks.run(trackId, input);
  const picture = newPicture();
  const view = runView(context, picture);
  let closing: Promise<void> | undefined;
  const onAbort = () => void (closing ??= closeRunning(context, project));
  context.signal.addEventListener('abort', onAbort, { once: true });
  if (context.signal.aborted) onAbort();
  const feed = new AbortController();
  try {
    // A run whose end the log could not be told of (a full disk) would be waited for in vain.
    const unrecorded = project.ended(trackId).then(() => new Promise<never>(() => {}));
    await Promise.race([show(project, run, { picture, tell: view.show, signal: feed.signal }), unrecorded]);
  } catch (error) {
    if (!closing) throw error; // else a feed that the close has cut short
  } finally {
    feed.abort();
    context.signal.removeEventListener('abort', onAbort);
    view.end();
  }
  if (closing) {
    await closing;
    throw interrupted(context, picture, { trackId, where: whereFlag(context, project.root) });
  }
  if (picture.stopError)
    throw ConductorError.fromJSON({ ...picture.stopError, retryable: false, details: { track: trackId } });
  const track = await api.tracks.get(trackId);
  const approvals = await openQuestions(project, trackId);
  const stop = track.lastStop ?? 'error';
  const report =
    track.lifecycle === 'completed' ? `${project.folder}/tracks/${trackId}/completion-report.md` : undefined;
  return {
    track,
    run: { ...run, stop },
    stop,
    approvals,
    where: whereFlag(context, project.root),
    ...(report !== undefined && { report }),
  };
}

/** Ends workers with grace, gives leases back, writes the views. A failure is told when nothing else is. */
async function closeRunning({ out }: CommandContext, project: Project): Promise<void> {
  out.note('Ending workers; once more ends them by force.');
  try {
    await project.close({ mode: 'interrupt' });
  } catch (error) {
    out.note(`The project could not be closed in order: ${String(error)}`);
  }
}

interface Audience {
  readonly picture: RunPicture;
  readonly tell: RunView['show'];
  readonly signal: AbortSignal;
}

/** Folds the track's whole history, shows what belongs to this run, and ends with its `loop.stopped`. */
async function show({ api }: Project, { trackId, feed }: TrackRun, { picture, tell, signal }: Audience): Promise<void> {
  const before = feed.after ?? 0;
  for await (const event of api.events.follow({ trackId, after: 0 }, { signal })) {
    drawEvent(picture, event);
    if (event.seq <= before) continue;
    tell(event);
    if (event.type === 'loop.stopped' && event.stream === `track/${trackId}`) return;
  }
}

function interrupted(
  { signal }: CommandContext,
  { lifecycle }: RunPicture,
  { trackId, where }: { readonly trackId: string; readonly where: string },
): ConductorError {
  const why = ConductorError.is(signal.reason) ? signal.reason.message : 'Interrupted';
  const details = { track: trackId };
  if (lifecycle === 'completed')
    return new ConductorError('INTERRUPTED', `${why}; track ${trackId} had just been completed`, {
      hint: `conductor status${where} ${trackId}`,
      details,
    });
  return new ConductorError('INTERRUPTED', `${why}; track ${trackId} is resumable`, {
    hint: `Nothing that was finished is lost. Go on with: conductor run${where} ${trackId}`,
    details,
  });
}

async function openQuestions({ api }: Project, trackId: string): Promise<readonly Approval[]> {
  return (await api.approvals.list({ trackId, limit: 500 })).items;
}
