import { describe, expect, it } from 'vitest';
import { silentLogger } from './clock.js';

describe('the silent logger', () => {
  it('takes everything, says nothing, and is its own child', () => {
    for (const level of ['debug', 'info', 'warn', 'error'] as const)
      expect(silentLogger[level]('x', { a: 1 })).toBeUndefined();
    expect(silentLogger.with({ track: 't' })).toBe(silentLogger);
    expect(Object.isFrozen(silentLogger)).toBe(true);
  });
});
