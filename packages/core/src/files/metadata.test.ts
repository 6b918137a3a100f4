import { describe, expect, it } from 'vitest';
import { parseMetadata, writeMetadata } from './metadata.js';
import type { MetadataV3 } from './metadata-model.js';
import { items, published, read } from '../testing/published-metadata.js';

describe('metadata.json', () => {
  it('reads every field of version 3 and writes the same file [FMT-03]', () => {
    const { metadata, version, findings } = read(published);
    expect({ version, findings }).toEqual({ version: 3, findings: [] });
    expect(JSON.parse(writeMetadata(undefined, metadata ?? {}))).toEqual(published);
    expect(metadata).toMatchObject({
      trackId: 'greet_20260101',
      superpowerEnhanced: true,
      completedAt: null,
      dependencies: ['base_20251201'],
    });
    // Each field is checked: a wrong kind of value is reported and left out.
    for (const key of Object.keys(published).filter((name) => name !== 'version')) {
      const wrong = read({ ...published, [key]: key === 'loop_state' ? [] : { not: 'this' } });
      expect(wrong.findings.some(({ item }) => item === key) || key === 'loop_state', key).toBe(true);
    }
  });

  it('keeps the loop state to its closed words and names what is none of them [FMT-04]', () => {
    const { loopState } = read(published).metadata ?? {};
    expect(loopState).toMatchObject({
      currentStep: 'EXECUTE',
      stepStatus: 'IN_PROGRESS',
      executionMode: 'PARALLEL',
      fixCycleCount: 1,
      maxFixCycles: 3,
      planRevisionCount: 1,
      maxPlanRevisions: 3,
    });
    const steps = [
      'BRAINSTORM',
      'PLAN',
      'EVALUATE_PLAN',
      'EXECUTE',
      'EVALUATE_EXECUTION',
      'FIX',
      'BUSINESS_SYNC',
      'COMPLETE',
    ];
    for (const step of steps)
      expect(read({ loop_state: { current_step: step } }).metadata?.loopState?.currentStep).toBe(step);
    const odd = {
      version: 3,
      loop_state: {
        current_step: 'GAME_VERIFICATION',
        step_status: 'WAITING_FOR_USER',
        execution_mode: 'FAST',
        fix_cycle_count: 1.5,
      },
    };
    expect(items(odd)).toEqual([
      'loop_state.current_step',
      'loop_state.step_status',
      'loop_state.execution_mode',
      'loop_state.fix_cycle_count',
    ]);
    expect(read(odd).metadata?.loopState).toEqual({});
  });

  it('knows six step states [FMT-05]', () => {
    for (const status of ['NOT_STARTED', 'IN_PROGRESS', 'PASSED', 'FAILED', 'BLOCKED', 'SKIPPED']) {
      expect(
        read({ loop_state: { step_status: status, checkpoints: { FIX: { status } } } }).metadata?.loopState,
      ).toEqual({ stepStatus: status, checkpoints: { FIX: { status } } });
    }
    expect(items({ loop_state: { step_status: 'passed' } })).toEqual(['loop_state.step_status']);
  });

  it('normalises other names of steps and writes ours [FMT-06]', () => {
    for (const [alias, step] of [
      ['NOT_STARTED', 'PLAN'],
      ['PARALLEL_EXECUTE', 'EXECUTE'],
    ] as const) {
      const text = JSON.stringify({ version: 3, loop_state: { current_step: alias } });
      const { metadata, findings } = parseMetadata(text);
      expect([metadata?.loopState?.currentStep, findings]).toEqual([step, []]);
      expect(JSON.parse(writeMetadata(text, metadata ?? {}))).toMatchObject({ loop_state: { current_step: step } });
    }
  });

  it('reads BOARD_REVIEW, PARTIAL_FAIL and ESCALATE as the states they stand for [FMT-07]', () => {
    const statusOf = (status: string) => read({ loop_state: { step_status: status } }).metadata?.loopState?.stepStatus;
    expect(['BOARD_REVIEW', 'PARTIAL_FAIL', 'ESCALATE'].map(statusOf)).toEqual(['IN_PROGRESS', 'FAILED', 'BLOCKED']);
  });

  const checkpoints = () => read(published).metadata?.loopState?.checkpoints;
  it('has the common fields of a checkpoint with its progress [FMT-08]', () => {
    expect(checkpoints()?.PLAN).toMatchObject({
      status: 'PASSED',
      startedAt: '2026-01-01T00:00:00.000Z',
      completedAt: '2026-01-01T01:00:00.000Z',
      lastUpdated: '2026-01-01T01:00:00.000Z',
      agent: 'loop-planner',
      progress: { currentPhase: 1, totalPhases: 2, currentTask: 'Write', tasksCompleted: 1, tasksTotal: 7 },
      outputFiles: ['plan.md'],
      notes: 'done',
    });
    expect(
      read({ loop_state: { checkpoints: { FIX: { completed_at: null } } } }).metadata?.loopState?.checkpoints?.FIX,
    ).toEqual({ completedAt: null });
  });
  it('has plan version and commit of PLAN [FMT-09]', () => {
    expect(checkpoints()?.PLAN).toMatchObject({ planVersion: 2, commitSha: 'abc1234' });
  });
  it('has verdict, six checks, reasons, CTO review and graph summary of EVALUATE_PLAN [FMT-10]', () => {
    expect(checkpoints()?.EVALUATE_PLAN).toEqual({
      status: 'PASSED',
      verdict: 'PASS',
      checks: {
        scopeAlignment: true,
        overlapDetection: true,
        dependencies: false,
        taskQuality: true,
        dagValidation: true,
        boardReview: true,
      },
      failureReasons: ['a'],
      ctoReview: { status: 'PASS', reviewedAt: '2026-01-01T02:00:00.000Z' },
      dagSummary: { totalTasks: 7, parallelGroups: 2, maxConcurrency: 3, conflictFreeGroups: 1, coordinatedGroups: 1 },
    });
  });
  it('has counts, last task and commits of EXECUTE, as objects or as bare shas [FMT-11]', () => {
    expect(checkpoints()?.EXECUTE).toMatchObject({
      tasksCompleted: 2,
      tasksTotal: 7,
      lastTask: 'Task 2.3',
      lastCommit: 'abc',
      commits: [{ sha: 'abc', message: 'm', task: '2.3' }],
    });
    const text = JSON.stringify({
      version: 3,
      loop_state: { checkpoints: { EXECUTE: { commits: ['abc', { sha: 'def' }] } } },
    });
    const { metadata } = parseMetadata(text);
    expect(metadata?.loopState?.checkpoints?.EXECUTE?.commits).toEqual([{ sha: 'abc' }, { sha: 'def' }]);
    expect(JSON.parse(writeMetadata(text, metadata ?? {}))).toMatchObject({
      loop_state: { checkpoints: { EXECUTE: { commits: ['abc', { sha: 'def' }] } } },
    });
  });
  it('has evaluators, failures and the business flag of EVALUATE_EXECUTION [FMT-12]', () => {
    expect(checkpoints()?.EVALUATE_EXECUTION).toMatchObject({
      verdict: 'FAIL',
      evaluatorsRun: [{ evaluator: 'eval-code-quality', verdict: 'FAIL', issues: ['x'] }],
      failureItems: ['x'],
      businessSyncRequired: false,
    });
  });
  it('has cycle and fixes of FIX [FMT-13]', () => {
    expect(checkpoints()?.FIX).toMatchObject({
      cycle: 1,
      fixesApplied: [{ issue: 'x', fix: 'y', commitSha: 'def' }],
      fixesRemaining: ['z'],
      issuesTotal: 2,
      issuesFixed: 1,
      currentIssue: 'z',
    });
  });
  it('has the requirement of BUSINESS_SYNC [FMT-14]', () => {
    expect(checkpoints()?.BUSINESS_SYNC).toEqual({ status: 'SKIPPED', required: false });
  });

  it('finds the parallel state in the loop state or at the root, and writes it into the loop state [FMT-15]', () => {
    const parallel = published.loop_state.parallel_state;
    const inside = read(published).metadata?.loopState?.parallelState;
    expect(inside).toEqual({
      totalWorkersSpawned: 3,
      completedWorkers: 2,
      failedWorkers: 1,
      parallelGroupsCompleted: ['pg-1'],
      failedTasks: { '1.2': 'boom' },
      retries: { '1.2': 1 },
      outcome: 'PARTIAL_FAIL',
    });
    const text = JSON.stringify({
      version: 3,
      loop_state: { current_step: 'FIX' },
      parallel_state: { ...parallel, parallel_groups_completed: undefined, parallel_groups_executed: ['pg-1'] },
    });
    const { metadata } = parseMetadata(text);
    expect(metadata?.loopState).toEqual({ currentStep: 'FIX', parallelState: inside });
    expect(JSON.parse(writeMetadata(text, metadata ?? {}))).toMatchObject({ loop_state: { parallel_state: parallel } });
  });

  it('merges board sessions of the root and of the loop state by their id [FMT-16]', () => {
    const session = (id: string, verdict: string) => ({ session_id: id, verdict });
    const text = JSON.stringify({
      version: 3,
      loop_state: { board_sessions: [session('a', 'REJECTED'), session('b', 'APPROVED WITH REVIEW')] },
      board_sessions: [session('a', 'APPROVED')],
    });
    const { metadata } = parseMetadata(text);
    expect(metadata?.boardSessions).toEqual([
      { sessionId: 'a', verdict: 'APPROVED' },
      { sessionId: 'b', verdict: 'APPROVED_WITH_REVIEW' },
    ]);
    expect((JSON.parse(writeMetadata(text, metadata ?? {})) as { board_sessions: unknown }).board_sessions).toEqual([
      session('a', 'APPROVED'),
      session('b', 'APPROVED_WITH_REVIEW'),
    ]);
    expect(read(published).metadata?.boardSessions).toEqual([
      {
        sessionId: 'board-20260101-123456',
        checkpoint: 'EVALUATE_PLAN',
        verdict: 'APPROVED',
        voteSummary: { CA: 'APPROVE', CPO: 'ABSTAIN' },
        conditions: ['Add cache (CA)'],
        dissent: ['CPO'],
        reviewDue: 'soon',
        timestamp: '2026-01-01T02:00:00.000Z',
      },
    ]);
  });

  it('has lead consultations with what single leads add [FMT-17]', () => {
    const [entry] = read(published).metadata?.leadConsultations ?? [];
    expect(entry).toMatchObject({
      lead: 'tech',
      decisionMade: true,
      authorityUsed: 'TECH_CHOICE',
      escalatedTo: null,
      precedent: 'p',
      alternativesConsidered: ['that'],
      testRecommendation: 'r',
    });
    expect(read({ lead_consultations: [{ escalate_to: 'user' }] }).metadata?.leadConsultations).toEqual([
      { escalatedTo: 'user' },
    ]);
  });

  it('reads discovered work as text or object and leaves a text a text [FMT-18]', () => {
    const text = JSON.stringify({
      version: 3,
      loop_state: {},
      discovered_work: ['a', { description: 'b', reason: 'r' }],
    });
    const { metadata } = parseMetadata(text);
    expect(metadata?.discoveredWork).toEqual([{ description: 'a' }, { description: 'b', reason: 'r' }]);
    const more: MetadataV3 = {
      discoveredWork: [{ description: 'a' }, { description: 'c', recommendation: 'create new track' }],
    };
    expect((JSON.parse(writeMetadata(text, more)) as { discovered_work: unknown }).discovered_work).toEqual([
      'a',
      { description: 'b', reason: 'r' },
      { description: 'c', recommendation: 'create new track' },
    ]);
  });

  it('has blockers that are ACTIVE or RESOLVED [FMT-19]', () => {
    const blockers = (status: string) => read({ blockers: [{ id: 'blocker-1', status, blocked_step: 'FIX' }] });
    expect(blockers('ACTIVE').metadata?.blockers).toEqual([{ id: 'blocker-1', status: 'ACTIVE', blockedStep: 'FIX' }]);
    expect(blockers('RESOLVED').findings).toEqual([]);
    expect(blockers('GONE').findings).toHaveLength(1);
    expect(read({ blockers: ['no key yet'] })).toMatchObject({
      metadata: { blockers: [{ description: 'no key yet' }] },
      findings: [],
    });
    expect(read(published).metadata?.blockers?.[0]).toEqual({
      id: 'blocker-1',
      description: 'limit',
      blockedAt: '2026-01-01T02:00:00.000Z',
      blockedStep: 'FIX',
      status: 'RESOLVED',
      resolvedAt: '2026-01-01T03:00:00.000Z',
    });
  });
});
