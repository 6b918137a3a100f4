import { approval, project, registryFollowUps, track } from '@conductor/core';
import type { ApprovalCommand, ProjectCommand, TrackCommand, TrackState } from '@conductor/core';
import { board } from '@conductor/board';
import type { BoardCommand } from '@conductor/board';
import { commitUnits, decideAll } from './commit-units.js';
import type { CommitOptions, Committed, Unit } from './commit-units.js';
import type { EngineContext } from './engine-context.js';
import { loadApproval, loadBoard, loadProject, loadTrack } from './load.js';

export function projectUnit({ store }: EngineContext, commands: readonly ProjectCommand[]): Unit {
  return {
    stream: 'project',
    async decide(context) {
      const state = await loadProject(store);
      return { version: state.version, events: decideAll(project, state, state.version, commands, context) };
    },
  };
}

export function approvalUnit({ store }: EngineContext, id: string, command: ApprovalCommand): Unit {
  return {
    stream: `approval/${id}`,
    async decide(context) {
      const state = await loadApproval(store, id);
      return { version: state.version, events: approval.decide(state, command, context) };
    },
  };
}

export function boardUnit({ store }: EngineContext, id: string, commands: readonly BoardCommand[]): Unit {
  return {
    stream: `board/${id}`,
    async decide(context) {
      const state = await loadBoard(store, id);
      return { version: state.version, events: decideAll(board, state, state.version, commands, context) };
    },
  };
}

/** Commands of one track; `load` gives its newest state, and a caller that keeps one folds only the tail. */
export interface TrackShare {
  readonly id: string;
  readonly commands: readonly TrackCommand[];
  readonly load?: (() => Promise<TrackState>) | undefined;
}

/** Commands of tracks with what the registry owes for all of them, as units of one commit. */
export function tracksUnits(engine: EngineContext, shares: readonly TrackShare[]): readonly Unit[] {
  const followUps = new Map<string, readonly ProjectCommand[]>();
  const units = shares.map(({ id, commands, load = () => loadTrack(engine.store, id) }): Unit => ({
    stream: `track/${id}`,
    async decide(context) {
      const state = await load();
      const events = decideAll(track, state, state.version, commands, context);
      followUps.set(id, registryFollowUps(id, state.about.background, events));
      return { version: state.version, events };
    },
  }));
  // Decided after the tracks' own commands, so that it knows what they led to.
  const registry: Unit = {
    stream: 'project',
    decide: (context) => projectUnit(engine, [...followUps.values()].flat()).decide(context),
  };
  return [...units, registry];
}

/** The same for one track. */
export function trackUnits(
  engine: EngineContext,
  id: string,
  commands: readonly TrackCommand[],
  load?: () => Promise<TrackState>,
): readonly Unit[] {
  return tracksUnits(engine, [{ id, commands, load }]);
}

/** One command of a person or the engine on a track that nobody needs to hold. */
export async function commandTrack(
  engine: EngineContext,
  id: string,
  commands: readonly TrackCommand[],
  o: CommitOptions & { readonly others?: readonly Unit[] },
): Promise<Committed | undefined> {
  const { others = [], ...options } = o;
  return commitUnits(engine, [...trackUnits(engine, id, commands), ...others], {
    correlation: { track: id },
    ...options,
  });
}
