import { describe, expect, it } from 'vitest';
import { initialTrack } from '../track/initial.js';
import type { PlanState, Task, TaskState } from '../track/task-model.js';
import type { TrackState } from '../track/model.js';
import { extraTexts, metadataOf, statusOf } from './metadata-of.js';
import { parseMetadata, writeMetadata } from './metadata.js';

const at = '2026-01-01T00:00:00.000Z';
const later = '2026-01-01T01:00:00.000Z';
const task = (
  id: string,
  status: TaskState['status'],
  more: Partial<TaskState> & { group?: string } = {},
): [string, TaskState] => {
  const { group, ...rest } = more;
  const about: Task = {
    id,
    gen: 1,
    title: `Do ${id}`,
    phase: 1,
    type: 'code',
    dependsOn: [],
    files: [],
    shareable: false,
    ...(group && { group }),
  };
  return [id, { task: about, status, failures: 0, recoveries: 0, openDeps: 0, pausedBy: 0, ...rest }];
};
const tasks = new Map([
  task('1.1', 'done', { commit: 'aaa1111', group: 'pg-1' }),
  task('1.2', 'done', { commit: 'bbb2222', group: 'pg-1', failures: 1 }),
  task('1.3', 'failed', { failures: 3, note: 'boom', group: 'pg-2' }),
  task('1.4', 'skipped'),
  task('1.5', 'pending'),
]);
const blank = initialTrack('greet_20260101');
const state: TrackState = {
  ...blank,
  about: { ...blank.about, name: 'Greet', priority: 'P1', dependencies: ['base'], extra: { mood: '"fine"' } },
  lifecycle: 'active',
  createdAt: at,
  updatedAt: later,
  loop: {
    ...blank.loop,
    step: 'EXECUTE',
    status: 'IN_PROGRESS',
    mode: 'PARALLEL',
    fixCycles: 1,
    planRevisions: 1,
    businessSync: true,
    checkpoints: {
      PLAN: {
        status: 'PASSED',
        startedAt: at,
        completedAt: later,
        agent: 'loop-planner',
        facts: { commitSha: 'abc1234', unpublished: 1 },
      },
      EVALUATE_PLAN: {
        status: 'PASSED',
        facts: { verdict: 'PASS', checks: { scopeAlignment: true }, dagSummary: { totalTasks: 5 } },
      },
      EXECUTE: { status: 'IN_PROGRESS', startedAt: later, completedAt: at },
      FIX: { status: 'NOT_STARTED' },
      BUSINESS_SYNC: { status: 'NOT_STARTED' },
    },
  },
  plan: {
    revision: 2,
    textHash: '',
    text: { text: '' },
    title: '',
    tasks,
    dependents: new Map(),
    ready: new Set(),
    running: new Set(),
    waiting: new Set(),
    open: 2,
  },
  conditions: new Map([
    ['c1', { id: 'c1', text: 'Add a cache (CA)', director: 'CA', verify: { kind: 'check', ref: 'x' } }],
  ]),
  blockers: new Map([
    [
      'blocker-1',
      { id: 'blocker-1', step: 'FIX', description: 'limit', active: false, raisedAt: at, resolvedAt: later },
    ],
  ]),
  discovered: [{ description: 'more', reason: 'found', recommendation: 'create new track', taskId: '1.1' }],
};

describe('metadataOf', () => {
  it('shows a track as the published file, and the file reads back as that', () => {
    const metadata = metadataOf(state, {
      boardSessions: [
        {
          session_id: 'board-20260101-000000',
          checkpoint: 'EVALUATE_PLAN',
          verdict: 'APPROVED',
          vote_summary: { CA: 'APPROVE' },
          conditions: [],
          timestamp: at,
        },
      ],
      leadConsultations: [{ timestamp: at, lead: 'qa', question: 'how many?' }],
    });
    expect(parseMetadata(writeMetadata(undefined, metadata))).toMatchObject({ metadata, version: 3, findings: [] });
    expect(JSON.parse(writeMetadata(undefined, metadata, extraTexts(state)))).toEqual({
      version: 3,
      track_id: 'greet_20260101',
      name: 'Greet',
      type: 'feature',
      status: 'in_progress',
      priority: 'P1',
      superpower_enhanced: true,
      created_at: at,
      updated_at: later,
      dependencies: ['base'],
      loop_state: {
        current_step: 'EXECUTE',
        step_status: 'IN_PROGRESS',
        step_started_at: later,
        execution_mode: 'PARALLEL',
        fix_cycle_count: 1,
        max_fix_cycles: 3,
        plan_revision_count: 1,
        max_plan_revisions: 3,
        checkpoints: {
          PLAN: {
            status: 'PASSED',
            started_at: at,
            completed_at: later,
            last_updated: later,
            agent: 'loop-planner',
            plan_version: 2,
            commit_sha: 'abc1234',
          },
          EVALUATE_PLAN: {
            status: 'PASSED',
            started_at: null,
            completed_at: null,
            last_updated: null,
            verdict: 'PASS',
            checks: { scope_alignment: true },
            dag_summary: { total_tasks: 5 },
          },
          EXECUTE: {
            status: 'IN_PROGRESS',
            started_at: later,
            completed_at: null,
            last_updated: later,
            tasks_completed: 2,
            tasks_total: 4,
            last_task: 'Task 1.2',
            last_commit: 'bbb2222',
            commits: [
              { sha: 'aaa1111', message: 'Do 1.1', task: '1.1' },
              { sha: 'bbb2222', message: 'Do 1.2', task: '1.2' },
            ],
          },
          FIX: { status: 'NOT_STARTED', started_at: null, completed_at: null, last_updated: null, cycle: 1 },
          BUSINESS_SYNC: {
            status: 'NOT_STARTED',
            started_at: null,
            completed_at: null,
            last_updated: null,
            required: true,
          },
        },
        parallel_state: {
          total_workers_spawned: 6,
          completed_workers: 2,
          failed_workers: 4,
          parallel_groups_completed: ['pg-1'],
          failed_tasks: { '1.3': 'boom' },
          retries: { '1.2': 1, '1.3': 3 },
        },
      },
      board_sessions: [
        {
          session_id: 'board-20260101-000000',
          checkpoint: 'EVALUATE_PLAN',
          verdict: 'APPROVED',
          vote_summary: { CA: 'APPROVE' },
          conditions: [],
          timestamp: at,
        },
      ],
      board_conditions: ['Add a cache (CA)'],
      lead_consultations: [{ timestamp: at, lead: 'qa', question: 'how many?' }],
      discovered_work: [{ description: 'more', reason: 'found', recommendation: 'create new track', task: '1.1' }],
      blockers: [
        {
          id: 'blocker-1',
          description: 'limit',
          blocked_at: at,
          blocked_step: 'FIX',
          status: 'RESOLVED',
          resolved_at: later,
        },
      ],
      mood: 'fine',
    });
  });

  it('names the task completed last when the caller knows it, and the outcome once execution is over', () => {
    const closed: TrackState = {
      ...state,
      loop: { ...state.loop, checkpoints: { EXECUTE: { status: 'FAILED', completedAt: later } } },
    };
    const { loopState } = metadataOf(closed, { lastTask: '1.1' });
    expect(loopState?.checkpoints?.EXECUTE).toMatchObject({
      lastTask: 'Task 1.1',
      lastCommit: 'aaa1111',
      completedAt: later,
    });
    expect(loopState?.parallelState?.outcome).toBe('PARTIAL_FAIL');
    expect(metadataOf(blank).loopState).toMatchObject({
      currentStep: 'PLAN',
      stepStatus: 'NOT_STARTED',
      stepStartedAt: null,
      checkpoints: {},
    });
  });

  it('names the fixes of the newest fix phase that are done, and those that remain', () => {
    const of = (id: string, status: TaskState['status'], phase: number, more: Partial<TaskState> = {}) => {
      const [, made] = task(id, status, more);
      return [id, { ...made, task: { ...made.task, phase } }] as const;
    };
    const fixes = [
      of('Fix 1', 'failed', 3),
      of('Fix 2', 'done', 4, { note: 'Awaited it', commit: 'ccc3333' }),
      of('Fix 3', 'done', 4),
      of('Fix 4', 'failed', 4, { failures: 3 }),
      of('Fix 5', 'pending', 4),
      of('Fix 6', 'skipped', 4),
    ];
    const checkpoint = (all: readonly (readonly [string, TaskState])[]) =>
      metadataOf({ ...state, plan: { ...state.plan, tasks: new Map(all) } as PlanState }).loopState?.checkpoints?.FIX;
    expect(checkpoint([...tasks, ...fixes])).toMatchObject({
      cycle: 1,
      fixesApplied: [
        { issue: 'Do Fix 2', fix: 'Awaited it', commitSha: 'ccc3333' },
        { issue: 'Do Fix 3', fix: 'Do Fix 3' },
      ],
      fixesRemaining: ['Do Fix 4', 'Do Fix 5'],
    });
    expect(checkpoint([...tasks])).not.toHaveProperty('fixesRemaining');
  });

  it('writes over a foreign file and keeps what is theirs', () => {
    const theirs = JSON.stringify(
      {
        owner: 'Bob',
        version: 2,
        status: 'active',
        blockers: [{ id: 'theirs', status: 'ACTIVE' }],
        loop_state: { checkpoints: { ENRICH: { x: 1 }, PLAN: { status: 'FAILED', mine: true } } },
      },
      undefined,
      2,
    );
    const text = writeMetadata(theirs, metadataOf(state));
    expect(JSON.parse(text)).toMatchObject({
      owner: 'Bob',
      version: 3,
      status: 'active',
      blockers: [{ id: 'theirs', status: 'ACTIVE' }, { id: 'blocker-1' }],
      loop_state: { checkpoints: { ENRICH: { x: 1 }, PLAN: { status: 'PASSED', mine: true, plan_version: 2 } } },
    });
    expect(Object.keys(JSON.parse(text) as object).slice(0, 5)).toEqual([
      'owner',
      'version',
      'status',
      'blockers',
      'loop_state',
    ]);
  });

  it('has one word for each state of a track', () => {
    const words = (['draft', 'ready', 'active', 'paused', 'failed', 'completed', 'cancelled', 'archived'] as const).map(
      (lifecycle) => statusOf({ ...state, lifecycle }),
    );
    expect(words).toEqual([
      'new',
      'new',
      'in_progress',
      'in_progress',
      'blocked',
      'complete',
      'cancelled',
      'cancelled',
    ]);
    expect(statusOf({ ...state, lifecycle: 'archived', completedAt: later })).toBe('complete');
    expect(statusOf({ ...state, loop: { ...state.loop, status: 'BLOCKED' } })).toBe('blocked');
    const open = { id: 'b', step: 'FIX', description: '', active: true, raisedAt: at } as const;
    expect(statusOf({ ...state, blockers: new Map([['b', open]]) })).toBe('blocked');
  });
});
