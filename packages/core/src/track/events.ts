import type * as z from '@conductor/core/schema';
import type { Json, NewEvent } from '../ports/values.js';
import type { trackEvents } from './event-schemas.js';
import { eventVersion } from './upcast.js';

export type TrackEventType = keyof typeof trackEvents;
export type TrackEventData<T extends TrackEventType> = z.infer<(typeof trackEvents)[T]>;

/** The types of `trackEvents`, without their schemas: whoever only folds and decides needs no more. */
const types: Readonly<Record<TrackEventType, true>> = {
  'track.created': true,
  'track.imported': true,
  'track.specified': true,
  'track.configured': true,
  'track.readied': true,
  'track.activated': true,
  'track.paused': true,
  'track.resumed': true,
  'track.failed': true,
  'track.retried': true,
  'track.cancelled': true,
  'track.archived': true,
  'track.completed': true,
  'loop.started': true,
  'loop.resumed': true,
  'loop.stopped': true,
  'step.started': true,
  'step.passed': true,
  'step.failed': true,
  'step.skipped': true,
  'step.overridden': true,
  'step.blocked': true,
  'step.reopened': true,
  'effect.started': true,
  'effect.failed': true,
  'effect.interrupted': true,
  'process.spawned': true,
  'plan.submitted': true,
  'plan.edited': true,
  'task.started': true,
  'task.reported': true,
  'task.completed': true,
  'task.failed': true,
  'task.interrupted': true,
  'task.blocked': true,
  'task.marked': true,
  'lease.waited': true,
  'lease.extended': true,
  'work.discovered': true,
  'phase.completed': true,
  'completion.recorded': true,
  'evaluation.reported': true,
  'condition.added': true,
  'condition.verified': true,
  'board.convened': true,
  'board.concluded': true,
  'decision.requested': true,
  'decision.given': true,
  'decision.used': true,
  'blocker.raised': true,
  'blocker.resolved': true,
  'budget.set': true,
  'budget.exhausted': true,
  'edit.noted': true,
  'timer.fired': true,
};

/** A new event of a track; the compiler holds the payload to its schema. */
export function trackEvent<T extends TrackEventType>(type: T, data: TrackEventData<T>): NewEvent {
  return { type, v: eventVersion(type), data: data as Json }; // every schema above describes plain JSON
}

/** True for the types above; others are kept in the log and ignored by folds. */
export function isTrackEvent(type: string): type is TrackEventType {
  return Object.hasOwn(types, type);
}
