import { instant, parseInstant } from '../kernel/clock.js';
import type { Instant } from '../ports/values.js';

const zone = /(?:Z|[+-]\d{2}:?\d{2})$/iu;

/**
 * A time from a published file as an instant: with `Z`, with an offset, or without a zone, which other writers of these
 * files mean as UTC (C-22). `undefined` for what is no time.
 */
export function readPublishedTime(value: unknown): Instant | undefined {
  if (typeof value !== 'string' || value.length > 64) return undefined;
  try {
    return instant(parseInstant(zone.test(value) ? value : `${value}Z`));
  } catch {
    return undefined; // no time is an answer here, the caller knows file and entry
  }
}
