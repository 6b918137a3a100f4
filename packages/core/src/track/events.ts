import type * as z from '@conductor/core/schema';
import type { Json, NewEvent } from '../ports/values.js';
import type { trackEvents } from './event-schemas.js';
import { eventVersion } from './upcast.js';

export type TrackEventType = keyof typeof trackEvents;
export type TrackEventData<T extends TrackEventType> = z.infer<(typeof trackEvents)[T]>;

/** A new event of a track; the compiler holds the payload to its schema. */
export function trackEvent<T extends TrackEventType>(type: T, data: TrackEventData<T>): NewEvent {
  return { type, v: eventVersion(type), data: data as Json }; // every schema above describes plain JSON
}
