import type { TrackState } from '@conductor/core';
import type { ActorRef, EventEnvelope } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { readStream } from '../load.js';
import { knownViews } from '../views/view-row.js';

/** The actor of what a person did in an editor: nobody signs a file, so a policy may treat it apart from the API. */
export const fileActor: ActorRef = Object.freeze({ kind: 'user', id: 'file' });

/** Roles that are asked for files of the track. */
const writers: readonly string[] = ['planner', 'scribe'];

/** No task and no effect that writes the plan is open: nobody of ours can be writing in the files of the track. */
export function isQuiet({ plan, effects }: TrackState): boolean {
  return (plan?.running.size ?? 0) === 0 && [...effects.values()].every(({ role }) => !writers.includes(role));
}

/** The planner writes: until it has answered, plan.md is its own. */
export function isPlanned({ effects }: TrackState): boolean {
  return [...effects.values()].some(({ role }) => role === 'planner');
}

/**
 * A person's edit, or only a claim? Deny by default: it is a person's when no worker was at work at any time since our own bytes were
 * last seen there. Found late, the tick of a worker that has ended by now must not count either.
 */
export async function isClaim(
  engine: EngineContext,
  state: TrackState,
  { path, row }: { readonly path: string; readonly row: { readonly seen?: number | undefined } | undefined },
): Promise<boolean> {
  if (!isQuiet(state)) return true;
  const seen = Math.max(row?.seen ?? 0, knownViews(engine).get(path)?.seen ?? 0);
  const since = await readStream(engine.store, `track/${state.id}`, { after: seen });
  return since.some(opens);
}

function opens({ type, data }: EventEnvelope): boolean {
  if (type === 'task.started') return true;
  return type === 'effect.started' && writers.includes((data as { role: string }).role); // our own payload of that type
}
