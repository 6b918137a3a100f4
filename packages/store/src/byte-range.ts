import { ConductorError } from '@conductor/core';

/** `Artifacts.get`, for every driver: whole numbers, in order; `Infinity` is the end. Throws VALIDATION_FAILED. */
export function checkRange(from: number, to: number): void {
  const ok = Number.isSafeInteger(from) && from >= 0 && (to === Infinity || Number.isSafeInteger(to)) && to >= from;
  if (ok) return;
  throw new ConductorError('VALIDATION_FAILED', `${from} to ${to} is no range of bytes`, {
    hint: 'Give whole numbers from 0, the first not above the second.',
  });
}

/** `Artifacts.sweep`: every comparison with NaN is false, which would make everything old. Throws VALIDATION_FAILED. */
export function checkAge(olderThanMs: number): void {
  if (typeof olderThanMs === 'number' && !Number.isNaN(olderThanMs)) return;
  throw new ConductorError('VALIDATION_FAILED', `${olderThanMs} is no time in milliseconds`);
}
