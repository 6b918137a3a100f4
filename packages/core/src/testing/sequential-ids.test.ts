import { describe, expect, it } from 'vitest';
import { sequentialIds } from './sequential-ids.js';

describe('sequentialIds', () => {
  it('counts each kind from 1', () => {
    const ids = sequentialIds();
    expect([ids.id('task'), ids.id('run'), ids.id('task')]).toEqual(['task_1', 'run_1', 'task_2']);
  });

  it('refuses the kinds that real ids refuse', () => {
    expect(() => sequentialIds().id('Task')).toThrow(expect.objectContaining({ code: 'ID_INVALID' }));
  });

  it('draws the same numbers from the same seed, others from another, all in [0, 1)', () => {
    const draw = (seed?: number) => {
      const ids = sequentialIds(seed);
      return Array.from({ length: 100 }, () => ids.random());
    };
    expect(draw()).toEqual(draw(1));
    expect(draw(2)).not.toEqual(draw(1));
    expect(draw(3).every((number) => number >= 0 && number < 1)).toBe(true);
    expect(new Set(draw(3)).size).toBe(100);
  });
});
