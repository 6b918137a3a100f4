import { describe, expect, it } from 'vitest';
import { buildGraph } from './graph.js';
import { parallelGroups, summarizeGraph, validateGroups } from './groups.js';

const graph = buildGraph([
  { id: '1.1', dependsOn: [], files: ['a.ts'] },
  { id: '1.2', dependsOn: [], files: ['b.ts'] },
  { id: '2.1', dependsOn: ['1.1'], files: ['c.ts', 'd.ts'] },
  { id: '2.2', dependsOn: ['1.2'], files: ['d.ts'] },
  { id: '3.1', dependsOn: ['2.1', '2.2'] },
]);

describe('parallelGroups', () => {
  it('makes one group a level and coordinates the tasks that share files [DAG-11]', () => {
    expect(parallelGroups(graph)).toEqual([
      { id: 'pg-1', tasks: ['1.1', '1.2'], conflictFree: true },
      {
        id: 'pg-2',
        tasks: ['2.1', '2.2'],
        conflictFree: false,
        sharedResources: ['d.ts'],
        coordinationStrategy: 'file_lock',
      },
      { id: 'pg-3', tasks: ['3.1'], conflictFree: true },
    ]);
  });

  it('is accepted by its own validation', () => {
    expect(validateGroups(graph, parallelGroups(graph))).toEqual([]);
  });
});

describe('summarizeGraph', () => {
  it('counts tasks, groups, the widest group, free and coordinated groups [DAG-13]', () => {
    expect(summarizeGraph(graph)).toEqual({
      tasks: 5,
      groups: 3,
      maxConcurrency: 2,
      conflictFree: 2,
      coordinated: 1,
    });
    expect(summarizeGraph(buildGraph([]))).toMatchObject({ tasks: 0, groups: 0, maxConcurrency: 0 });
  });
});

describe('validateGroups', () => {
  const codes = (...groups: Parameters<typeof validateGroups>[1]) =>
    validateGroups(graph, groups)
      .filter((finding) => finding.severity === 'error')
      .map((finding) => finding.code);

  it('refuses a member that the plan does not have [DAG-06]', () => {
    expect(codes({ id: 'pg-1', tasks: ['1.1', '9.9'], conflictFree: true })).toEqual(['PLAN_UNKNOWN_TASK']);
  });

  it('refuses members of different levels [DAG-08]', () => {
    expect(codes({ id: 'pg-1', tasks: ['1.1', '2.2'], conflictFree: true })).toEqual(['PLAN_GROUP_LEVELS']);
  });

  it('refuses shared files without a strategy and a conflict_free that is not so [DAG-09]', () => {
    expect(codes({ id: 'pg-2', tasks: ['2.1', '2.2'], conflictFree: false })).toEqual(['PLAN_GROUP_STRATEGY']);
    expect(codes({ id: 'pg-2', tasks: ['2.1', '2.2'], conflictFree: true, coordinationStrategy: 'file_lock' })).toEqual(
      ['PLAN_GROUP_CONFLICT'],
    );
    expect(codes({ id: 'pg-1', tasks: ['1.1', '1.2'], conflictFree: false })).toEqual(['PLAN_GROUP_CONFLICT']);
  });

  it('warns of tasks in no group or in two, but not of a plan without groups', () => {
    const findings = validateGroups(graph, [
      { id: 'pg-1', tasks: ['1.1', '1.2'], conflictFree: true },
      { id: 'pg-2', tasks: ['1.2'], conflictFree: true },
    ]);
    expect(findings.map(({ severity, item }) => `${severity} ${item}`)).toEqual([
      'warning 1.2',
      'warning 2.1',
      'warning 2.2',
      'warning 3.1',
    ]);
    expect(validateGroups(graph, [])).toEqual([]);
  });
});
