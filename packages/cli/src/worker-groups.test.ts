import { describe, expect, it } from 'vitest';
import { ledGroups, psRow } from './worker-groups.js';

describe('ledGroups', () => {
  it('names the groups that our children lead, not our own and not those of others', () => {
    const rows = [
      { pid: 10, parent: 1, group: 10 }, // we
      { pid: 11, parent: 10, group: 11 }, // a worker
      { pid: 12, parent: 11, group: 11 }, // its child
      { pid: 13, parent: 10, group: 10 }, // git, in our group
      { pid: 14, parent: 2, group: 14 }, // somebody else's
    ];
    expect(ledGroups(rows, 10)).toEqual([11]);
  });
});

describe('psRow', () => {
  it('reads a line of ps, and nothing else', () => {
    expect(psRow('  11    10    11')).toEqual([{ pid: 11, parent: 10, group: 11 }]);
    expect(psRow('')).toEqual([]);
    expect(psRow('PID PPID PGID')).toEqual([]);
  });
});
