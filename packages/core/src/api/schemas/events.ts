import * as z from '@conductor/core/schema';
import { jsonValue } from '../../kernel/json.js';
import type * as values from '../../ports/values.js';
import type * as api from '../contract/events.js';
import { count, instant, text } from './scalars.js';
import { ActorRef, cursorShape } from './values.js';

export type EventEnvelope = values.EventEnvelope;
export const EventEnvelope: z.ZodType<values.EventEnvelope> = z.looseObject({
  id: text,
  seq: count,
  stream: text,
  version: count,
  commit: count,
  at: instant,
  actor: ActorRef,
  correlation: z.looseObject({
    track: text.exactOptional(),
    mission: text.exactOptional(),
    request: text.exactOptional(),
    session: text.exactOptional(),
  }),
  causation: text.exactOptional(),
  type: text,
  v: z.int().min(1),
  data: jsonValue,
});

const eventQueryShape = {
  after: count.optional(),
  tail: z.int().min(0).max(10_000).optional(),
  trackId: text.optional(),
  until: z.literal('stopped').optional(),
  stream: text.optional(),
  types: z.array(text).max(100).optional(),
};

/** As part of an answer: the feed of a run. */
export const Feed: z.ZodType<api.EventQuery> = z.looseObject(eventQueryShape);
export const EventQuery = z.strictObject(eventQueryShape);
export const EventListQuery = z.strictObject({
  ...eventQueryShape,
  ...cursorShape,
  order: z.enum(['asc', 'desc']).optional(),
});
