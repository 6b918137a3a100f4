import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMetadata, writeMetadata } from './metadata.js';
import type { MetadataV3 } from './metadata-model.js';

const read = (value: unknown) => parseMetadata(JSON.stringify(value));
const items = (value: unknown) => read(value).findings.map((finding) => finding.item);

/** Every published field once, as in the file. */
const published = {
  version: 3,
  track_id: 'greet_20260101',
  name: 'Greet',
  type: 'feature',
  status: 'in_progress',
  priority: 'P1',
  superpower_enhanced: true,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-02T00:00:00.000Z',
  completed_at: null,
  dependencies: ['base_20251201'],
  loop_state: {
    current_step: 'EXECUTE',
    step_status: 'IN_PROGRESS',
    step_started_at: '2026-01-02T00:00:00.000Z',
    execution_mode: 'PARALLEL',
    fix_cycle_count: 1,
    max_fix_cycles: 3,
    plan_revision_count: 1,
    max_plan_revisions: 3,
    checkpoints: {
      BRAINSTORM: { status: 'SKIPPED' },
      PLAN: {
        status: 'PASSED',
        started_at: '2026-01-01T00:00:00.000Z',
        completed_at: '2026-01-01T01:00:00.000Z',
        last_updated: '2026-01-01T01:00:00.000Z',
        agent: 'loop-planner',
        progress: { current_phase: 1, total_phases: 2, current_task: 'Write', tasks_completed: 1, tasks_total: 7 },
        output_files: ['plan.md'],
        notes: 'done',
        plan_version: 2,
        commit_sha: 'abc1234',
      },
      EVALUATE_PLAN: {
        status: 'PASSED',
        verdict: 'PASS',
        checks: {
          scope_alignment: true,
          overlap_detection: true,
          dependencies: false,
          task_quality: true,
          dag_validation: true,
          board_review: true,
        },
        failure_reasons: ['a'],
        cto_review: { status: 'PASS', reviewed_at: '2026-01-01T02:00:00.000Z' },
        dag_summary: {
          total_tasks: 7,
          parallel_groups: 2,
          max_concurrency: 3,
          conflict_free_groups: 1,
          coordinated_groups: 1,
        },
      },
      EXECUTE: {
        status: 'IN_PROGRESS',
        tasks_completed: 2,
        tasks_total: 7,
        last_task: 'Task 2.3',
        last_commit: 'abc',
        commits: [{ sha: 'abc', message: 'm', task: '2.3' }],
      },
      EVALUATE_EXECUTION: {
        status: 'FAILED',
        verdict: 'FAIL',
        evaluators_run: [{ evaluator: 'eval-code-quality', verdict: 'FAIL', issues: ['x'] }],
        failure_items: ['x'],
        business_sync_required: false,
      },
      FIX: {
        status: 'PASSED',
        cycle: 1,
        fixes_applied: [{ issue: 'x', fix: 'y', commit_sha: 'def' }],
        fixes_remaining: ['z'],
        issues_total: 2,
        issues_fixed: 1,
        current_issue: 'z',
      },
      BUSINESS_SYNC: { status: 'SKIPPED', required: false },
      COMPLETE: { status: 'NOT_STARTED' },
    },
    parallel_state: {
      total_workers_spawned: 3,
      completed_workers: 2,
      failed_workers: 1,
      parallel_groups_completed: ['pg-1'],
      failed_tasks: { '1.2': 'boom' },
      retries: { '1.2': 1 },
      outcome: 'PARTIAL_FAIL',
    },
  },
  board_sessions: [
    {
      session_id: 'board-20260101-123456',
      checkpoint: 'EVALUATE_PLAN',
      verdict: 'APPROVED',
      vote_summary: { CA: 'APPROVE', CPO: 'ABSTAIN' },
      conditions: ['Add cache (CA)'],
      dissent: ['CPO'],
      review_due: 'soon',
      timestamp: '2026-01-01T02:00:00.000Z',
    },
  ],
  board_conditions: ['Add cache (CA)'],
  lead_consultations: [
    {
      timestamp: '2026-01-01T02:00:00.000Z',
      lead: 'tech',
      question: 'which?',
      decision_made: true,
      decision: 'this',
      reasoning: 'small',
      authority_used: 'TECH_CHOICE',
      escalated_to: null,
      escalation_reason: null,
      precedent: 'p',
      spec_reference: 's',
      persona_test: 't',
      dependency_size: '2 KB',
      alternatives_considered: ['that'],
      implementation_note: 'n',
      coverage_impact: 'c',
      test_recommendation: 'r',
    },
  ],
  discovered_work: [
    {
      description: 'more',
      reason: 'found',
      recommendation: 'create new track',
      discovered_at: '2026-01-01T02:00:00.000Z',
      task: '1.1',
    },
  ],
  blockers: [
    {
      id: 'blocker-1',
      description: 'limit',
      blocked_at: '2026-01-01T02:00:00.000Z',
      blocked_step: 'FIX',
      status: 'RESOLVED',
      resolved_at: '2026-01-01T03:00:00.000Z',
    },
  ],
};

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

  it('keeps unknown keys and checkpoints, their order, and every untouched byte [FMT-21]', () => {
    const text =
      '{\r\n\t"zeta" : 1.0,\r\n\t"track_id":"a",\r\n\t"loop_state": {"checkpoints": {"ENRICH": {"x": [1 ,2]}, "FIX": {"mine": true, "cycle": 1}}, "odd": null},\r\n\t"version": 3,\r\n\t"blockers": [], "board_sessions": [], "lead_consultations": [], "discovered_work": [],\r\n\t"alpha": {"b": 1, "a": 2}\r\n}';
    const { metadata, findings } = parseMetadata(text);
    expect(findings).toEqual([]);
    expect(metadata?.extra).toEqual({ zeta: 1, alpha: { b: 1, a: 2 } });
    expect(writeMetadata(text, metadata ?? {})).toBe(text);
    const changed = writeMetadata(text, {
      loopState: { checkpoints: { FIX: { cycle: 2 }, EXECUTE: { tasksTotal: 4 } } },
    });
    expect(changed).toBe(
      text.replace('"cycle": 1}', '"cycle": 2}, "EXECUTE": {\r\n\t\t\t\t"tasks_total": 4\r\n\t\t\t}'),
    );
    expect(JSON.parse(writeMetadata(undefined, metadata ?? {}))).toMatchObject({
      version: 3,
      track_id: 'a',
      zeta: 1,
      alpha: { b: 1, a: 2 },
    });
  });

  it('keeps unknown keys of items that stay when a list becomes shorter', () => {
    const evaluators_run = [{ evaluator: 'a', who: 'Bob' }, { evaluator: 'b' }];
    const text = JSON.stringify({
      version: 3,
      loop_state: { checkpoints: { EVALUATE_EXECUTION: { evaluators_run } } },
    });
    const shorter: MetadataV3 = {
      loopState: { checkpoints: { EVALUATE_EXECUTION: { evaluatorsRun: [{ evaluator: 'a' }] } } },
    };
    expect(JSON.parse(writeMetadata(text, shorter))).toMatchObject({
      loop_state: { checkpoints: { EVALUATE_EXECUTION: { evaluators_run: [{ evaluator: 'a', who: 'Bob' }] } } },
    });
  });

  it('reads a version above 3 with a warning and does not lower it [FMT-24]', () => {
    const text = JSON.stringify({ ...published, version: 4, shape: 'new' });
    const { version, findings, metadata } = parseMetadata(text);
    expect([version, findings.map(({ item, severity }) => [item, severity])]).toEqual([4, [['version', 'warning']]]);
    expect(metadata?.loopState?.currentStep).toBe('EXECUTE');
    expect(writeMetadata(text, metadata ?? {})).toBe(text);
  });

  it('takes dates, times, offsets and milliseconds, and writes UTC [FMT-25]', () => {
    const at = (created_at: unknown) => read({ created_at }).metadata?.createdAt;
    expect(at('2026-02-01')).toBe('2026-02-01T00:00:00.000Z');
    expect(at('2026-02-01T10:00:00Z')).toBe('2026-02-01T10:00:00.000Z');
    expect(at('2026-02-01T10:00:00.5+02:00')).toBe('2026-02-01T08:00:00.500Z');
    expect(at('2026-02-01T10:00:00+0200')).toBe('2026-02-01T08:00:00.000Z');
    expect(at('2026-02-01T10:00:00.123456')).toBe('2026-02-01T10:00:00.123Z');
    expect(at('2026-02-01 10:00:00')).toBe('2026-02-01T10:00:00.000Z');
    for (const none of ['soon', '2026-13-01', 7, ''])
      expect(items({ created_at: none }), String(none)).toEqual(['created_at']);
    const text = '{"version": 3, "created_at": "2026-02-01", "updated_at": "2026-02-01T12:00:00+02:00"}';
    expect(
      JSON.parse(writeMetadata(text, { createdAt: '2026-02-01T00:00:00.000Z', updatedAt: '2026-02-02T00:00:00.000Z' })),
    ).toMatchObject({ created_at: '2026-02-01', updated_at: '2026-02-02T00:00:00.000Z' });
  });

  it('maps other words for the status and keeps them until the status changes [FMT-26]', () => {
    const cases = {
      completed: 'complete',
      done: 'complete',
      archived: 'complete',
      implemented: 'complete',
      active: 'in_progress',
      'in-progress': 'in_progress',
      planned: 'new',
      pending: 'new',
      blocked: 'blocked',
      cancelled: 'cancelled',
    };
    for (const [theirs, ours] of Object.entries(cases)) {
      const text = JSON.stringify({ version: 3, status: theirs });
      const { metadata, findings } = parseMetadata(text);
      expect([metadata?.status, findings]).toEqual([ours, []]);
      expect(writeMetadata(text, metadata ?? {})).toContain(`"status":"${theirs}"`);
      expect(JSON.parse(writeMetadata(text, { status: ours === 'new' ? 'complete' : 'new' }))).toMatchObject({
        status: ours === 'new' ? 'complete' : 'new',
      });
    }
    const free = '{"version":3,"status":"waiting for Bob"}';
    const { metadata, findings } = parseMetadata(free);
    expect([metadata?.status, findings.map(({ item }) => item)]).toEqual([undefined, ['status']]);
    expect(writeMetadata(free, metadata ?? {})).toContain('"status":"waiting for Bob"');
  });

  it('takes any type [FMT-27]', () => {
    for (const type of ['feature', 'bugfix', 'design-system', 'game'])
      expect(read({ type })).toMatchObject({ metadata: { type }, findings: [] });
  });

  it('reads v1, v2 and a file without a version', () => {
    expect(read({ track_id: 'a', type: 'feature', status: 'new', description: 'text' })).toMatchObject({
      version: 1,
      metadata: { trackId: 'a', extra: { description: 'text' } },
      findings: [],
    });
    expect(read({ version: 2, loop_state: { checkpoints: {} } })).toMatchObject({ version: 2, findings: [] });
    expect(read({ version: '2', loop_state: {} }).version).toBe(2);
    expect(read({ version: 'new', loop_state: {} })).toMatchObject({ version: 1, findings: [{ item: 'version' }] });
    expect(JSON.parse(writeMetadata('{"track_id": "a"}', {}))).toEqual({
      track_id: 'a',
      version: 3,
      board_sessions: [],
      lead_consultations: [],
      discovered_work: [],
      blockers: [],
    });
    expect(read({ depends_on: ['x'], max: '3', loop_state: { fix_cycle_count: '2' } })).toMatchObject({
      metadata: { dependencies: ['x'], loopState: { fixCycleCount: 2 } },
      findings: [{ item: 'loop_state.fix_cycle_count' }],
    });
  });

  it('reads UTF-8 and UTF-16 with and without a byte order mark', () => {
    const text = '{"track_id":"größe"}';
    const utf16 = (bigEndian: boolean, mark: boolean) => {
      const units = [...(mark ? '\ufeff' : ''), ...text].map((char) => char.charCodeAt(0));
      return Uint8Array.from(units.flatMap((unit) => (bigEndian ? [unit >> 8, unit & 255] : [unit & 255, unit >> 8])));
    };
    const encodings = [
      new TextEncoder().encode(text),
      new TextEncoder().encode(`\ufeff${text}`),
      utf16(false, true),
      utf16(true, true),
      utf16(false, false),
      utf16(true, false),
    ];
    for (const bytes of encodings)
      expect(parseMetadata(bytes)).toMatchObject({ metadata: { trackId: 'größe' }, findings: [] });
    expect(parseMetadata(`\ufeff${text}`).metadata?.trackId).toBe('größe');
  });

  it('reports duplicate keys and keeps prototype keys out', () => {
    const { metadata, findings } = parseMetadata(
      '{"track_id":"a","track_id":"b","__proto__":{"polluted":1},"loop_state":{"checkpoints":{"__proto__":{"status":"PASSED"}}}}',
    );
    expect(metadata?.trackId).toBe('b');
    expect(findings.map(({ item }) => item)).toEqual(['track_id', '__proto__', 'loop_state.checkpoints.__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(metadata?.loopState?.checkpoints)).toBe(Object.prototype);
  });

  it('says why a file cannot be read, with the line, and writes over it anew', () => {
    expect(parseMetadata('{\n"a": 1,\n}')).toMatchObject({
      metadata: undefined,
      findings: [{ severity: 'error', code: 'FILE_DAMAGED', line: 3 }],
    });
    expect(parseMetadata('[]')).toMatchObject({ metadata: undefined, findings: [{ severity: 'error' }] });
    expect(parseMetadata(Uint8Array.of(0xff, 0x00, 0x80)).metadata).toBeUndefined();
    expect(JSON.parse(writeMetadata('{"a":', { trackId: 'x' }))).toMatchObject({ version: 3, track_id: 'x' });
  });

  it('never throws, and reads back what it wrote over any object', () => {
    const keys = fc.constantFrom(
      'track_id',
      'status',
      'loop_state',
      'checkpoints',
      'FIX',
      'board_sessions',
      'blockers',
      'commits',
      'created_at',
      'version',
      'x',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue({ maxDepth: 1 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 3 }),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(keys, tree, { maxKeys: 5 }), (value) => {
        const text = JSON.stringify(value);
        const { metadata = {} } = parseMetadata(text);
        const written = writeMetadata(text, metadata);
        expect(parseMetadata(written).metadata).toMatchObject(metadata);
        expect(writeMetadata(written, metadata)).toBe(written);
      }),
      { numRuns: 150 },
    );
  });
});

it('writes a consultation whose time stands in another form once', () => {
  const text = '{"lead_consultations":[{"timestamp":"2026-01-01","question":"q","own":1}]}';
  const { metadata } = parseMetadata(text);
  expect(JSON.parse(writeMetadata(text, metadata ?? {}))).toMatchObject({
    lead_consultations: [{ timestamp: '2026-01-01', question: 'q', own: 1 }],
  });
});
