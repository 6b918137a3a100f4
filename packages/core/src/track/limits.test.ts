import { describe, expect, it } from 'vitest';
import { defaultLimits, Limits, parseLimits } from './limits.js';

describe('limits', () => {
  it('have the published defaults', () => {
    expect(defaultLimits).toMatchObject({
      maxIterations: 50,
      maxFixCycles: 3,
      maxPlanRevisions: 3,
      maxCtoRounds: 2,
      maxTaskAttempts: 3,
      maxRecoveries: 5,
      maxEffectTries: 3,
      taskRetryDelayMs: 0,
      approvalTtlMs: 1_209_600_000,
      maxWorkers: 5,
      parallelFrom: 3,
      taskTimeoutMs: 1_800_000,
      heartbeatMs: 300_000,
      staleAfterMs: 600_000,
      deadlockVictim: 'oldest',
      leaseMs: 6000,
      leaseRenewMs: 2000,
      fileLeaseMs: 1_800_000,
      majorTaskCount: 5,
      boardRounds: 3,
      costLimitUsdPerMonth: 50,
      dependencyLimitBytes: 51_200,
      inlineBytes: 65_536,
      eventBytes: 8_388_608,
      commitBytes: 33_554_432,
      pageItems: 100,
      tokenBytes: 32,
    });
    expect(Object.isFrozen(defaultLimits)).toBe(true);
    expect(Limits.parse({})).toEqual(defaultLimits);
  });

  it('each keep to a range: no fraction, nothing negative, nothing endless, nothing unknown', () => {
    for (const [name, value] of Object.entries(defaultLimits)) {
      expect(Limits.safeParse({ [name]: value }).success, name).toBe(true);
      for (const wrong of [-1, Number.NaN, Infinity, Number.MAX_SAFE_INTEGER, '3', null, [], {}]) {
        expect(Limits.safeParse({ [name]: wrong }).success, `${name} = ${JSON.stringify(wrong)}`).toBe(false);
      }
      if (Number.isInteger(value) && name !== 'costLimitUsdPerMonth')
        expect(Limits.safeParse({ [name]: 1.5 }).success, name).toBe(false);
    }
    expect(Limits.safeParse({ maxFixCycle: 3 }).success).toBe(false);
  });

  it('that count work cannot be 0, so that 0 never means "unlimited"; those that may be 0 then mean "none"', () => {
    const zero = Object.keys(defaultLimits).filter(
      (name) => name.startsWith('max') && Limits.safeParse({ [name]: 0 }).success,
    );
    expect(zero).toEqual(['maxFixCycles', 'maxPlanRevisions', 'maxCtoRounds']);
  });
});

describe('a change of some limits', () => {
  it('holds just these, checked, and fills in none', () => {
    expect(parseLimits({ maxWorkers: 2, maxFixCycles: undefined })).toEqual({ maxWorkers: 2 });
    expect(parseLimits({})).toEqual({});
  });

  it('is refused for a name nobody knows and for a value out of range', () => {
    for (const given of [
      { maxWorker: 2 },
      { maxWorkers: 0 },
      { maxWorkers: '2' },
      { maxWorkers: null },
      { toString: 1 },
      JSON.parse('{"__proto__":1}') as object,
    ])
      expect(() => parseLimits({ ...given })).toThrow(
        expect.objectContaining({
          code: 'VALIDATION_FAILED',
          details: expect.objectContaining({ limit: expect.any(String) }),
        }) as Error,
      );
  });
});
