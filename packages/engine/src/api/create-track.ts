import { ConductorError, instant, parseLimits, project, trackIdOf } from '@conductor/core';
import type { TrackCommand } from '@conductor/core';
import type { CreateTrack } from '@conductor/core/api';
import { sha256Hex } from '@conductor/core/hash';
import { formatPlan, formatSpec, outlinePhases, parsePlan, planModel } from '@conductor/core/plan';
import type { TaskOutline } from '@conductor/core/plan';
import { commitUnits, decideAll } from '../commit-units.js';
import type { Unit } from '../commit-units.js';
import type { EngineContext } from '../engine-context.js';
import { contentOf, loadProject } from '../load.js';
import { loggedModel } from '../run/plan-text.js';
import { trackUnits } from '../units.js';
import { remembered, replayed } from './write.js';
import type { Request } from './write.js';

/** What must still hold when a track is made. */
export interface CreateGuard {
  /** How many tracks the caller knew when it decided that a new one is wanted. */
  readonly known?: number | undefined;
}

/**
 * Makes a track, or gives the one that was made for the same request; its id. Of two calls at once that want one id, each gets its
 * own. Throws `SPEC_INVALID`, `PLAN_INVALID`, and `VERSION_CONFLICT` when there are more tracks than the caller knew.
 */
export async function createTrack(
  engine: EngineContext,
  input: CreateTrack,
  request: Request,
  guard: CreateGuard = {},
): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    const made = await replayed(engine, request);
    if (made !== undefined) return made;
    try {
      return await create(engine, input, request, guard);
    } catch (error) {
      // Since we looked, another call has taken the id, or has made the very same request.
      const again = ConductorError.is(error, 'TRACK_EXISTS', 'REVISION_CONFLICT');
      if (!again || tries >= engine.limits.decideRetries) throw error;
    }
  }
}

/** Writes the track, its registry entry and, when one was given, its plan as one commit. */
async function create(
  engine: EngineContext,
  input: CreateTrack,
  request: Request,
  { known }: CreateGuard,
): Promise<string> {
  const { goal, name, spec } = wordsOf(input);
  const { tracks, taken } = await loadProject(engine.store);
  const id = trackIdOf(
    name === '' ? 'track' : name,
    instant(engine.clock.now()),
    (other) => tracks.has(other) || taken.has(other.toLowerCase()),
  );
  const title = name === '' ? id : name;
  const path = `tracks/${id}`;
  const birth = await birthOf(engine, input, { goal, name: title, spec });
  const registry = registryUnit(engine, { id, name: title, path }, known);
  await commitUnits(
    engine,
    [trackUnits(engine, id, [birth, ...(await planOf(engine, input, name))])[0] ?? registry, registry],
    {
      actor: request.actor,
      correlation: { track: id },
      records: remembered(request, id),
    },
  );
  await engine.workspace.create(`${engine.folder}/${path}/spec.md`, new TextEncoder().encode(spec));
  engine.views.touch(id);
  await engine.views.flush(id);
  return id;
}

/** What a track is about, in the words of whoever wants it. The name may be empty where there is a spec. */
interface TrackWords {
  readonly goal: string;
  readonly name: string;
  readonly spec: string;
}

/** Throws `SPEC_INVALID` where nothing says what is wanted. */
function wordsOf(input: CreateTrack): TrackWords {
  const goal = input.goal ?? input.name ?? '';
  const name = (input.name ?? goal).trim();
  if (name === '' && input.spec === undefined) {
    throw new ConductorError('SPEC_INVALID', 'A track needs a goal, a name or a spec', {
      hint: 'Say in one sentence what shall be true afterwards.',
    });
  }
  return { goal, name, spec: input.spec ?? formatSpec({ name, goal, acceptance: input.acceptance ?? [goal] }) };
}

async function birthOf(
  engine: EngineContext,
  input: CreateTrack,
  { goal, name, spec }: TrackWords,
): Promise<TrackCommand> {
  const limits = { ...engine.limits, ...parseLimits(input.limits ?? {}) };
  return {
    name: 'track.create',
    data: {
      name,
      type: input.type ?? 'feature',
      priority: input.priority ?? 'P2',
      goal,
      spec: await contentOf(engine, spec),
      specHash: sha256Hex(spec),
      source: 'api',
      background: false,
      policy: { limits, isolation: 'shared' },
      flags: { superpower: input.superpower ?? true, ...(input.brainstorm === true && { brainstorm: true }) },
      dependencies: [...(input.dependencies ?? [])],
      labels: [...(input.labels ?? [])],
    },
  };
}

/** The row of the track in the registry, unless there are more tracks by now than the caller knew. */
function registryUnit(
  engine: EngineContext,
  { id, name, path }: { readonly id: string; readonly name: string; readonly path: string },
  known: number | undefined,
): Unit {
  const add = { name: 'registry.add', data: { trackId: id, name, path, background: false } } as const;
  return {
    stream: 'project',
    async decide(context) {
      const state = await loadProject(engine.store);
      if (known !== undefined && state.tracks.size !== known) throw overtaken(known, state.tracks.size);
      return { version: state.version, events: decideAll(project, state, state.version, [add], context) };
    },
  };
}

/** Not the store's conflict: deciding again would not help, the caller has to look at the new tracks. */
function overtaken(known: number, actual: number): ConductorError {
  return new ConductorError('VERSION_CONFLICT', `There are ${actual} tracks by now, not ${known}`, {
    details: { expected: known, actual },
  });
}

async function planOf(engine: EngineContext, { plan, tasks }: CreateTrack, name: string): Promise<TrackCommand[]> {
  const text = plan ?? (tasks && formatPlan({ title: name, phases: outlinePhases(tasks.map(inPhase)) }));
  if (text === undefined) return [];
  const model = planModel(parsePlan(text).plan);
  if (model.tasks.length === 0)
    throw new ConductorError('PLAN_INVALID', 'The plan has no tasks', { hint: 'conductor plan check <file>' });
  return [
    {
      name: 'plan.submit',
      data: { text: await contentOf(engine, text), textHash: sha256Hex(text), model: loggedModel(model, 'count') },
    },
  ];
}

/** A track that comes with tasks and no phases has one, called Work. */
function inPhase(task: TaskOutline): TaskOutline {
  return { ...task, phase: task.phase ?? 'Work' };
}
