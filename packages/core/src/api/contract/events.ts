import type { EventEnvelope } from '../../ports/values.js';
import type { Call, Cursor, Page } from './calls.js';

export interface EventsApi {
  list(query?: EventQuery & Cursor & { order?: 'asc' | 'desc' | undefined }, o?: Call): Promise<Page<EventEnvelope>>;
  /** Stored, then live: no gap, no doublet, pulled. `break` closes it. */
  follow(query?: EventQuery, o?: Call): AsyncIterable<EventEnvelope>;
}

/** Joined by "and". `types` and `stream` take globs with a trailing `*`. */
export interface EventQuery {
  /** Events with `seq` above; from now when absent. */
  after?: number | undefined;
  /** The last n matching events first. */
  tail?: number | undefined;
  /** The track's stream, its boards, approvals and runs. */
  trackId?: string | undefined;
  /** End after the `loop.stopped` of `trackId`. */
  until?: 'stopped' | undefined;
  stream?: string | undefined;
  types?: readonly string[] | undefined;
}
