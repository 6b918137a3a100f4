import type { Assessment, Remark, Vote } from '@conductor/core';
import type { DirectorContext, Heard, Maybe } from '@conductor/core/plugin';
import type { Seat } from './events.js';

/**
 * Who speaks for a seat. The definition inside a plugin of `defineDirector` fits, with its parsed `options` beside it
 * (see {@link directorOf}); so does any object of a host.
 */
export interface Director {
  readonly id: string;
  /** As in the minutes: CA, LEGAL. */
  readonly code: string;
  readonly title: string;
  readonly timeoutMs?: number;
  /** Handed to each call as `context.options`. */
  readonly options?: unknown;
  /** Blind: sees no other director. */
  assess(context: DirectorContext<unknown>): Maybe<Assessment>;
  /** Absent: silent. */
  discuss?(context: DirectorContext<unknown> & Heard & { round: number }): Maybe<readonly Remark[]>;
  /** Absent: follows its own assessment. */
  vote?(context: DirectorContext<unknown> & Heard & { own: Assessment }): Maybe<Vote>;
}

/** A director of an opened plugin: `directorOf(opened.definition, opened.options)`. */
export function directorOf(definition: Director, options: unknown): Director {
  return Object.freeze({ ...definition, options });
}

/** The seat that a director takes when a board opens. */
export function seatOf({ id, code, title, timeoutMs }: Director): Seat {
  return { id: code, plugin: id, title, ...(timeoutMs !== undefined && { turnMs: timeoutMs }) };
}
