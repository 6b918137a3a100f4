import { checkId, ConductorError } from '@conductor/core';
import type { Lifecycle, TrackCommand, TrackState } from '@conductor/core';
import {
  complexityOf,
  conflictingTracks,
  intentOfType,
  isNoGoal,
  matchingTracks,
  readGoal,
  specOfGoal,
} from '@conductor/core/goal';
import type { GoalReading, Intent, OpenTrack } from '@conductor/core/goal';
import type { CreateTrack, Goal, GoalOption, GoResult, Write } from '@conductor/core/api';
import { sha256Hex } from '@conductor/core/hash';
import type { ActorRef } from '@conductor/core/ports';
import { requireAllowed } from '../authorize.js';
import type { EngineContext } from '../engine-context.js';
import { loadProject, loadTrack, requireTrackState } from '../load.js';
import { createTrack } from './create-track.js';
import { specByScribe, specSettled } from './goal-scribe.js';
import { trackView } from './track-view.js';
import { replayed, writeTrack } from './write.js';
import type { Request } from './write.js';

/** One call of `go`: who asks, under which key, and what was understood. */
interface Call {
  readonly engine: EngineContext;
  readonly actor: ActorRef;
  readonly input: Goal;
  readonly options: Write;
  readonly goal?: GoalReading;
}

/**
 * Finds the track that a goal is about, or makes one. It is ready to be run; starting it is `tracks.run`. Throws `USAGE` without a goal
 * where no track is active, `VALIDATION_FAILED` for an intent beside a track, `GOAL_AMBIGUOUS` with `details.options`, what `readGoal` throws, and `TRACK_NOT_FOUND`, `TRACK_ENDED`,
 * `ACTIVE_TRACK_EXISTS` of the track that is resumed. O(tracks).
 */
export async function go(engine: EngineContext, actor: ActorRef, input: Goal, options: Write): Promise<GoResult> {
  if (input.trackId !== undefined && input.intent !== undefined)
    throw new ConductorError('VALIDATION_FAILED', 'A track that is there has its intent', {
      hint: 'Give `trackId` to go on with it, or `intent` to begin new work.',
    });
  await requireAllowed(engine, actor, 'track.go', 'project');
  const goal = isNoGoal(input.goal) ? undefined : readGoal(input.goal ?? '', { maxBytes: engine.limits.inlineBytes });
  const call: Call = { engine, actor, input, options, ...(goal && { goal }) };
  for (let tries = 0; ; tries += 1) {
    const found = await findOrMake(call);
    if (found) return found;
    if (tries >= engine.limits.decideRetries)
      throw new ConductorError('CONTENTION', `${tries + 1} times in a row others made tracks while this one was made`);
  }
}

/** `undefined`: a track came meanwhile, which may be the one that is meant, so everything is looked at again. */
async function findOrMake(call: Call): Promise<GoResult | undefined> {
  const { engine, actor, input, goal, options } = call;
  const made = await replayed(engine, requestOf(call, 'track.create'));
  if (made !== undefined) {
    await specSettled(engine, made, options.signal); // the first call may still be at work
    return resultOf(call, 'created', await requireTrackState(engine.store, made));
  }
  const known = await replayed(engine, requestOf(call, 'track.resume'));
  if (known !== undefined) return resultOf(call, 'resumed', await requireTrackState(engine.store, known));

  const { tracks } = await loadProject(engine.store);
  const meant = input.trackId ?? (goal ? await trackOf(call, goal) : await activeTrack(call));
  if (meant !== undefined) return resume(call, checkId(meant));
  if (!goal) throw new ConductorError('INTERNAL_ERROR', 'A goal that was there is gone');
  await requireAllowed(engine, actor, 'track.create', 'project');
  const id = await make(call, goal, tracks.size);
  return id === undefined ? undefined : written(call, 'created', await requireTrackState(engine.store, id));
}

/** The id of the new track; `undefined` when there are other tracks by now than the goal was compared with. */
async function make(call: Call, goal: GoalReading, known: number): Promise<string | undefined> {
  const { engine, input } = call;
  const { title: name, text } = goal;
  const track: CreateTrack = { name, goal: text, type: input.intent ?? goal.intent, spec: specOfGoal(goal) };
  // Whoever names the intent wants work of its own, whatever else there is.
  const guard = input.intent === undefined ? { known } : {};
  try {
    return await createTrack(engine, track, requestOf(call, 'track.create'), guard);
  } catch (error) {
    if (ConductorError.is(error, 'VERSION_CONFLICT')) return undefined;
    throw error;
  }
}

function requestOf({ actor, input, options }: Call, action: string): Request {
  // Not the action of `tracks.create` itself: the same key may be used there for another body.
  return { actor, action: `go/${action}`, body: input, key: options.idempotencyKey };
}

async function activeTrack({ engine }: Call): Promise<string> {
  const { active } = await loadProject(engine.store);
  if (active !== undefined) return active;
  const waiting = (await openTracks(engine)).filter(({ inProgress }) => inProgress);
  throw new ConductorError('USAGE', 'There is no goal, and no track is active', {
    hint:
      waiting.length === 0
        ? 'conductor go "<what shall be true afterwards>"'
        : waiting.map(({ id }) => `conductor go --track ${id}`).join('\n'),
    details: { tracks: waiting.map(({ id }) => id) },
  });
}

/** The one track that a goal is about, `undefined` for a new one. Throws `GOAL_AMBIGUOUS`. */
async function trackOf(call: Call, goal: GoalReading): Promise<string | undefined> {
  const { engine, input } = call;
  // Whoever names the intent has answered: this is work of its own, whatever else there is.
  if (input.intent !== undefined) return undefined;
  const overlap = engine.limits.keywordOverlap;
  const tracks = await openTracks(engine);
  const matching = matchingTracks(goal, tracks, overlap);
  if (goal.unclear)
    throw ambiguous(goal, unclearWords[goal.unclear.kind], goal.unclear.kind === 'subject' ? tracks : matching);
  const [only, ...others] = matching;
  if (others.length > 0) throw ambiguous(goal, `fits ${matching.length} tracks`, matching);
  if (only) return only.id;
  const conflicting = conflictingTracks(goal, tracks, overlap);
  if (conflicting.length > 0) throw ambiguous(goal, 'is in the scope of another track', conflicting);
  return undefined;
}

const unclearWords = {
  subject: 'does not say what it is about',
  intents: 'can be understood in several ways',
} as const;

function ambiguous({ title, intent, unclear }: GoalReading, why: string, tracks: readonly OpenTrack[]) {
  const wanted = unclear?.kind === 'intents' ? unclear.intents : [intent];
  const options: GoalOption[] = [
    ...tracks.map(({ id, name }) => ({ trackId: id, label: `Go on with ${name}` })),
    ...wanted.map((each) => ({ intent: each, label: `A new track, to ${newTrack[each]}` })),
  ];
  return new ConductorError('GOAL_AMBIGUOUS', `${JSON.stringify(title)} ${why}`, { details: { options } });
}

const newTrack: Readonly<Record<Intent, string>> = {
  feature: 'make something new',
  bugfix: 'repair what is broken',
  refactor: 'keep the behaviour and better the code',
  research: 'find out and change nothing yet',
};

const inProgress: readonly Lifecycle[] = ['active', 'paused'];
const planned: readonly Lifecycle[] = ['draft', 'ready'];

/** Tracks that are in progress or planned, in order of registration. */
async function openTracks({ store }: EngineContext): Promise<readonly OpenTrack[]> {
  const { tracks } = await loadProject(store);
  const states = await Promise.all([...tracks.keys()].map((id) => loadTrack(store, id)));
  return states
    .filter(({ lifecycle }) => inProgress.includes(lifecycle) || planned.includes(lifecycle))
    .map((state) => ({
      id: state.id,
      name: state.about.name,
      description: state.about.goal,
      inProgress: inProgress.includes(state.lifecycle),
      tasks: [...(state.plan?.tasks.values() ?? [])]
        .filter(({ status }) => status !== 'done' && status !== 'skipped')
        .map(({ task }) => task),
    }));
}

/** Lifts what keeps a track from being run: its pause, its failure, or a spec that nobody has written yet. */
async function resume(call: Call, id: string): Promise<GoResult> {
  const { engine, actor, options } = call;
  await requireAllowed(engine, actor, 'track.resume', `track/${id}`);
  const state = await writeTrack(engine, id, requestOf(call, 'track.resume'), resuming, options);
  return written(call, 'resumed', state);
}

/** With its spec, when nobody has written that yet. */
async function written(call: Call, action: GoResult['action'], state: TrackState): Promise<GoResult> {
  const { engine, options } = call;
  const { id, about } = state;
  const template = unwritten(state, engine.limits.inlineBytes);
  if (template === undefined) return resultOf(call, action, state);
  await specByScribe(engine, { id, goal: about.goal, intent: intentOfType(about.type), template }, options.signal);
  return resultOf(call, action, await requireTrackState(engine.store, id));
}

/** The template that is still the spec of a track at rest, without a plan: its scribe was interrupted, or there was none. */
function unwritten({ about, plan, run }: TrackState, maxBytes: number): string | undefined {
  if (plan || (run !== undefined && run.stopped === undefined)) return undefined;
  try {
    const template = specOfGoal(readGoal(about.goal, { maxBytes }));
    return sha256Hex(template) === about.specHash ? template : undefined;
  } catch (error) {
    // A goal of `tracks.create` may be one that nobody can read: then no template was made of it.
    if (ConductorError.is(error, 'VALIDATION_FAILED', 'TOO_LARGE')) return undefined;
    throw error;
  }
}

function resuming({ id, lifecycle }: TrackState): readonly TrackCommand[] {
  if (lifecycle === 'paused') return [{ name: 'track.resume', data: {} }];
  if (lifecycle === 'failed') return [{ name: 'track.retry', data: {} }];
  if (inProgress.includes(lifecycle) || planned.includes(lifecycle)) return [];
  throw new ConductorError('TRACK_ENDED', `Track ${id} is ${lifecycle}`, { details: { track: id, lifecycle } });
}

function resultOf({ engine, input, goal }: Call, action: GoResult['action'], state: TrackState): GoResult {
  const { about, plan } = state;
  const intent = input.intent ?? goal?.intent ?? intentOfType(about.type);
  const complexity = complexityOf({
    text: goal?.text ?? `${about.name}\n${about.goal}`,
    type: about.type,
    priority: about.priority,
    tasks: Math.max(plan?.tasks.size ?? 0, goal?.items.length ?? 0),
    majorTaskCount: engine.limits.majorTaskCount,
  });
  return { action, intent, complexity, track: trackView(state) };
}
