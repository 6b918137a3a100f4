import { describe, expect, it } from 'vitest';
import { randomIds } from './ids.js';

describe('randomIds', () => {
  it('makes ids of their kind around a uuid of version 7', () => {
    expect(randomIds().id('task')).toMatch(
      /^task_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('makes ids that are unique and sort in the order of their making', () => {
    const ids = randomIds();
    const made = Array.from({ length: 1000 }, () => ids.id('run'));
    expect(new Set(made).size).toBe(1000);
    expect(made.toSorted()).toEqual(made);
  });

  it.each([[''], ['Task'], ['../x'], ['a_b'], ['x'.repeat(33)]])('refuses the kind "%s"', (kind) => {
    expect(() => randomIds().id(kind)).toThrow(expect.objectContaining({ code: 'ID_INVALID' }));
  });

  it('draws numbers from 0 up to but not including 1', () => {
    const ids = randomIds();
    for (let draw = 0; draw < 1000; draw += 1) {
      const number = ids.random();
      expect(number >= 0 && number < 1).toBe(true);
    }
  });
});
