import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { delayMs } from './backoff.js';
import type { BackoffPolicy } from './backoff.js';

const policy = { baseMs: 250, maxMs: 10_000 };
const invalid = expect.objectContaining({ code: 'VALIDATION_FAILED' });

const anyPolicy: fc.Arbitrary<BackoffPolicy> = fc
  .record({
    baseMs: fc.integer({ min: 0, max: 10_000 }),
    more: fc.integer({ min: 0, max: 1_000_000 }),
    factor: fc.double({ min: 1, max: 100, noNaN: true }),
  })
  .map(({ baseMs, more, factor }) => ({ baseMs, maxMs: baseMs + more, factor }));
const anyAttempt = fc.integer({ min: 1, max: 1_000_000 });

describe('delayMs', () => {
  it('doubles up to its cap', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 1e9].map((attempt) => delayMs(policy, attempt))).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000,
    ]);
  });

  it('grows by the factor of the policy', () => {
    expect([1, 2, 3].map((attempt) => delayMs({ ...policy, factor: 3 }, attempt))).toEqual([250, 750, 2250]);
  });

  it('spreads over the whole of [0, cap) by the number it is given', () => {
    expect([0, 0.5, 0.999].map((random) => delayMs(policy, 2, random))).toEqual([0, 250, 499]);
  });

  it('stays within [0, maxMs] for every policy, try and number', () => {
    fc.assert(
      fc.property(
        anyPolicy,
        anyAttempt,
        fc.option(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { nil: undefined }),
        (any, attempt, random) => {
          const delay = delayMs(any, attempt, random);
          expect(delay >= 0 && delay <= any.maxMs).toBe(true);
        },
      ),
    );
  });

  it('never shrinks from one try to the next', () => {
    fc.assert(
      fc.property(anyPolicy, anyAttempt, (any, attempt) => {
        expect(delayMs(any, attempt + 1)).toBeGreaterThanOrEqual(delayMs(any, attempt));
      }),
    );
  });

  it.each([
    [{ baseMs: -1, maxMs: 5 }],
    [{ baseMs: 10, maxMs: 5 }],
    [{ baseMs: Number.NaN, maxMs: 5 }],
    [{ baseMs: 1, maxMs: 5, factor: 0.5 }],
  ])('refuses the policy %j loudly', (broken) => {
    expect(() => delayMs(broken, 1)).toThrow(invalid);
  });

  it.each([[0], [1.5], [Number.NaN]])('refuses try number %s', (attempt) => {
    expect(() => delayMs(policy, attempt)).toThrow(invalid);
  });

  it.each([[-0.1], [1], [Number.NaN]])('refuses %s as random number', (random) => {
    expect(() => delayMs(policy, 1, random)).toThrow(invalid);
  });
});
