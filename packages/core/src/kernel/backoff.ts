import type * as z from '@conductor/core/schema';
import { zod } from '#zod';
import { lazySchema } from '../schema/lazy.js';
import { ConductorError } from './error.js';

const longestMs = 24 * 60 * 60 * 1000;

/** How long to wait before the next try: `baseMs`, times `factor` for each failed one, never above `maxMs`. */
export const BackoffPolicy = lazySchema((z) =>
  z
    .strictObject({
      baseMs: z.number().min(0).max(longestMs),
      maxMs: z.number().min(0).max(longestMs),
      factor: z.number().min(1).max(100).default(2),
    })
    .refine(({ baseMs, maxMs }) => baseMs <= maxMs, { message: 'maxMs must not be below baseMs', path: ['maxMs'] }),
);
export type BackoffPolicy = z.input<typeof BackoffPolicy>;

/**
 * Milliseconds to wait after failed try number `attempt` (from 1). With `random` in [0, 1) the wait is spread evenly over
 * [0, cap) (full jitter: Brooker, AWS Architecture Blog 2015); without, it is the cap. Throws VALIDATION_FAILED.
 */
export function delayMs(policy: BackoffPolicy, attempt: number, random?: number): number {
  const read = BackoffPolicy.safeParse(policy);
  if (!read.success) {
    throw new ConductorError('VALIDATION_FAILED', `Not a backoff policy: ${zod().prettifyError(read.error)}`, {
      details: { issues: read.error.issues },
    });
  }
  if (!Number.isInteger(attempt) || attempt < 1) {
    throw new ConductorError('VALIDATION_FAILED', `A try has a whole number from 1, not ${attempt}`);
  }
  if (random !== undefined && !(random >= 0 && random < 1)) {
    throw new ConductorError('VALIDATION_FAILED', `A random number lies in [0, 1), not at ${random}`);
  }
  const { baseMs, maxMs, factor } = read.data;
  // Many tries overflow to Infinity, which the cap takes back; 0 × Infinity would be NaN.
  const cap = baseMs === 0 ? 0 : Math.min(maxMs, baseMs * factor ** (attempt - 1));
  return random === undefined ? cap : Math.floor(random * cap);
}
