import type { Finding } from '@conductor/core';
import { readStream } from '../load.js';
import type { TrackSession } from '../run/track-session.js';

/** What the engine adds to a plan by itself makes no newer plan of it. */
const added: readonly string[] = ['fix', 'discovered', 'report'];

/** A plan made for another spec fails its next gate: what was asked for has changed since. O(events of the track). */
export async function outdatedPlan({ engine, id }: TrackSession): Promise<readonly Finding[]> {
  const events = await readStream(engine.store, `track/${id}`);
  // What the engine itself wrote down where there was nothing is no change of what is asked for.
  const specified = events.findLastIndex(({ type, actor }) => type === 'track.specified' && actor.kind !== 'engine');
  const planned = events.findLastIndex(
    ({ type, data }) =>
      type === 'plan.submitted' ||
      (type === 'track.imported' && 'plan' in (data as object)) ||
      (type === 'plan.edited' && !added.includes((data as unknown as { cause: string }).cause)), // our own payload
  );
  if (planned === -1 || specified < planned) return [];
  return [
    {
      severity: 'error',
      code: 'PLAN_OUTDATED',
      path: 'spec.md',
      message: 'The spec was changed after the plan was made',
      hint: 'Plan again for what the spec asks for now.',
    },
  ];
}
