import { describe, expect, it } from 'vitest';
import { escalations, outcomes } from './escalations.js';
import { transitions } from './transitions.js';

describe('escalations', () => {
  it('have a question for every reason that the table names', () => {
    const reasons = transitions.flatMap(({ reason }) => reason ?? []);
    expect(Object.keys(escalations)).toEqual(expect.arrayContaining(reasons));
  });

  it('offer a way on first and giving up last, and nothing that leads to COMPLETE', () => {
    for (const { options } of Object.values(escalations)) {
      expect(options[0]?.leadsTo).not.toBe('fail-track');
      expect(options.at(-1)?.leadsTo).toBe('fail-track');
      expect(new Set(options.map(({ id }) => id)).size).toBe(options.length);
      for (const { leadsTo } of options) expect(outcomes).toContain(leadsTo);
    }
  });

  it('use every outcome', () => {
    const used = new Set(Object.values(escalations).flatMap(({ options }) => options.map(({ leadsTo }) => leadsTo)));
    expect([...used].sort()).toEqual([...outcomes].sort());
  });
});
