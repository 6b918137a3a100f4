import { ConductorError, transitions } from '@conductor/core';
import type { Step, StepStatus, TrackState } from '@conductor/core';
import { folderFacts, inferLoopState } from '@conductor/core/files';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';
import { loadProject, loadTrack } from '../load.js';
import { commandTrack } from '../units.js';
import { planText } from '../views/plan-view.js';

/** What was brought in order. */
export interface Repair {
  /** Tracks whose files were compared with the log, and written where they say something else. */
  readonly tracks: readonly string[];
  /** Of these, tracks that stood where no rule of the loop leads on: where they stand was inferred anew. */
  readonly inferred: readonly string[];
  /** Owners that had died, whose leases are free now. */
  readonly owners: number;
}

/** Brings leases, loop states and files in line; see `Engine.repair`. O(tracks). */
export async function repair(engine: EngineContext): Promise<Repair> {
  const dead = await engine.store.leases.reap();
  const { tracks } = await loadProject(engine.store);
  const inferred: string[] = [];
  for (const id of tracks.keys()) {
    if (await inferAnew(engine, id)) inferred.push(id);
    await engine.views.flush(id, { patient: true });
  }
  return { tracks: [...tracks.keys()], inferred, owners: dead.length };
}

const isKnown = ({ step, status }: TrackState['loop']) =>
  transitions.some((row) => (row.step ?? step) === step && (row.status ?? status) === status);

/** Where what was inferred lies behind a gate that has not passed. */
const earlier: readonly (readonly [Step, StepStatus])[] = [
  ['EVALUATE_PLAN', 'NOT_STARTED'],
  ['PLAN', 'NOT_STARTED'],
];

/** From what the plan and the reports in it say; false where nothing is wrong, and where a run holds the track or it has ended. */
async function inferAnew(engine: EngineContext, id: string): Promise<boolean> {
  const state = await loadTrack(engine.store, id);
  if (isKnown(state.loop)) return false;
  const { step, status, findings } = inferLoopState(
    folderFacts(id, state.plan ? { plan: await planText(engine, state) } : {}),
  );
  for (const [to, as] of [[step, status] as const, ...earlier]) {
    const data = { to: { step: to, status: as }, source: 'inferred' as const, findings: [...findings] };
    try {
      await commandTrack(engine, id, [{ name: 'step.override', data }], { actor: engineActor });
      return true;
    } catch (error) {
      if (!ConductorError.is(error, 'INVALID_STATE', 'TRACK_ENDED')) throw error;
    }
  }
  return false;
}
