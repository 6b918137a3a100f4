import * as z from '@conductor/core/schema';
import type { Json } from '../ports/values.js';
import { stepStatuses, steps } from '../track/model.js';
import type { Step } from '../track/model.js';
import {
  dictionary,
  field,
  history,
  integer,
  isObject,
  leaf,
  list,
  nullable,
  ownOf,
  record,
  time,
  word,
} from './metadata-codec.js';
import type { Codec, Fields, ModelOf } from './metadata-codec.js';

const text = leaf(z.string());
const texts = list(text);
const flag = leaf(z.boolean());
const step = word(steps, { NOT_STARTED: 'PLAN', PARALLEL_EXECUTE: 'EXECUTE' });
const stepStatus = word(stepStatuses, { BOARD_REVIEW: 'IN_PROGRESS', PARTIAL_FAIL: 'FAILED', ESCALATE: 'BLOCKED' });
const verdict = word(['PASS', 'FAIL']);

/** Words that `status` of a track may have in a file we write. */
export const trackStatuses = ['new', 'in_progress', 'blocked', 'complete', 'cancelled'] as const;
export type TrackStatus = (typeof trackStatuses)[number];

/** Spellings met in real files (C-39). They stay in the file as long as they mean the same. */
export const statusSynonyms: Readonly<Record<string, TrackStatus>> = {
  planned: 'new',
  pending: 'new',
  not_started: 'new',
  ready: 'new',
  active: 'in_progress',
  'in-progress': 'in_progress',
  in_review: 'in_progress',
  completed: 'complete',
  done: 'complete',
  archived: 'complete',
  implemented: 'complete',
  canceled: 'cancelled',
};

/** A commit as an object or as a bare sha. */
const commitFields = record({ sha: field('sha', text), message: field('message', text), task: field('task', text) });
const commit = orText(commitFields, 'sha');
const discoveredFields = record({
  description: field('description', text),
  reason: field('reason', text),
  recommendation: field('recommendation', text),
  discoveredAt: field('discovered_at', time),
  task: field('task', text),
});
const discovered = orText(discoveredFields, 'description');

/** An object that other programs write as the bare text of one of its fields; such a text stays while it says the same. */
function orText<T extends object>(codec: Codec<T>, name: keyof T & string): Codec<T> {
  return {
    read: (value, path, report) => codec.read(typeof value === 'string' ? { [name]: value } : value, path, report),
    write(value, previous) {
      const written = codec.write(value, isObject(previous) ? previous : undefined);
      const alone = isObject(written) && Object.keys(written).length === 1;
      return alone && typeof previous === 'string' && previous === (value[name] as unknown) ? previous : written;
    },
  };
}

const common = {
  status: field('status', stepStatus),
  startedAt: field('started_at', nullable(time)),
  completedAt: field('completed_at', nullable(time)),
  lastUpdated: field('last_updated', nullable(time)),
  agent: field('agent', nullable(text)),
  progress: field(
    'progress',
    record({
      currentPhase: field('current_phase', integer),
      totalPhases: field('total_phases', integer),
      currentTask: field('current_task', text),
      tasksCompleted: field('tasks_completed', integer),
      tasksTotal: field('tasks_total', integer),
    }),
  ),
  outputFiles: field('output_files', texts),
  notes: field('notes', nullable(text)),
} satisfies Fields;

/** Checkpoints by step (2.3): the common fields, and those of the step. */
export const checkpointFields = {
  BRAINSTORM: common,
  PLAN: { ...common, planVersion: field('plan_version', integer), commitSha: field('commit_sha', nullable(text)) },
  EVALUATE_PLAN: {
    ...common,
    verdict: field('verdict', nullable(verdict)),
    checks: field(
      'checks',
      record({
        scopeAlignment: field('scope_alignment', nullable(flag)),
        overlapDetection: field('overlap_detection', nullable(flag)),
        dependencies: field('dependencies', nullable(flag)),
        taskQuality: field('task_quality', nullable(flag)),
        dagValidation: field('dag_validation', nullable(flag)),
        boardReview: field('board_review', nullable(flag)),
      }),
    ),
    failureReasons: field('failure_reasons', texts),
    ctoReview: field(
      'cto_review',
      nullable(record({ status: field('status', text), reviewedAt: field('reviewed_at', nullable(time)) })),
    ),
    dagSummary: field(
      'dag_summary',
      nullable(
        record({
          totalTasks: field('total_tasks', integer),
          parallelGroups: field('parallel_groups', integer),
          maxConcurrency: field('max_concurrency', integer),
          conflictFreeGroups: field('conflict_free_groups', integer),
          coordinatedGroups: field('coordinated_groups', integer),
        }),
      ),
    ),
  },
  EXECUTE: {
    ...common,
    tasksCompleted: field('tasks_completed', integer),
    tasksTotal: field('tasks_total', integer),
    lastTask: field('last_task', nullable(text)),
    lastCommit: field('last_commit', nullable(text)),
    commits: field('commits', history(commit, bySha)),
  },
  EVALUATE_EXECUTION: {
    ...common,
    verdict: field('verdict', nullable(verdict)),
    evaluatorsRun: field(
      'evaluators_run',
      list(
        record({
          evaluator: field('evaluator', text),
          verdict: field('verdict', text),
          issues: field('issues', texts),
        }),
      ),
    ),
    failureItems: field('failure_items', texts),
    businessSyncRequired: field('business_sync_required', flag),
  },
  FIX: {
    ...common,
    cycle: field('cycle', integer),
    fixesApplied: field(
      'fixes_applied',
      list(
        record({
          issue: field('issue', text),
          fix: field('fix', text),
          commitSha: field('commit_sha', nullable(text)),
        }),
      ),
    ),
    fixesRemaining: field('fixes_remaining', texts),
    issuesTotal: field('issues_total', integer),
    issuesFixed: field('issues_fixed', integer),
    currentIssue: field('current_issue', nullable(text)),
  },
  BUSINESS_SYNC: { ...common, required: field('required', flag) },
  COMPLETE: common,
} satisfies Readonly<Record<Step, Fields>>;

const checkpoints = record({
  BRAINSTORM: field('BRAINSTORM', record(checkpointFields.BRAINSTORM)),
  PLAN: field('PLAN', record(checkpointFields.PLAN)),
  EVALUATE_PLAN: field('EVALUATE_PLAN', record(checkpointFields.EVALUATE_PLAN)),
  EXECUTE: field('EXECUTE', record(checkpointFields.EXECUTE), 'PARALLEL_EXECUTE'),
  EVALUATE_EXECUTION: field('EVALUATE_EXECUTION', record(checkpointFields.EVALUATE_EXECUTION)),
  FIX: field('FIX', record(checkpointFields.FIX)),
  BUSINESS_SYNC: field('BUSINESS_SYNC', record(checkpointFields.BUSINESS_SYNC)),
  COMPLETE: field('COMPLETE', record(checkpointFields.COMPLETE)),
});

/** Workers and groups of a parallel execution (2.4). */
export const parallelState = record({
  totalWorkersSpawned: field('total_workers_spawned', integer),
  completedWorkers: field('completed_workers', integer),
  failedWorkers: field('failed_workers', integer),
  parallelGroupsCompleted: field('parallel_groups_completed', texts, 'parallel_groups_executed'),
  failedTasks: field('failed_tasks', dictionary(text)),
  retries: field('retries', dictionary(integer)),
  outcome: field('outcome', word(['PASSED', 'PARTIAL_FAIL'])),
});

const loopState = record({
  currentStep: field('current_step', step),
  stepStatus: field('step_status', stepStatus),
  stepStartedAt: field('step_started_at', nullable(time)),
  executionMode: field('execution_mode', nullable(word(['PARALLEL', 'SEQUENTIAL'] as const))),
  fixCycleCount: field('fix_cycle_count', integer),
  maxFixCycles: field('max_fix_cycles', integer),
  planRevisionCount: field('plan_revision_count', integer),
  maxPlanRevisions: field('max_plan_revisions', integer),
  checkpoints: field('checkpoints', checkpoints),
  parallelState: field('parallel_state', parallelState),
});

/** One meeting of the board (2.5). */
export const boardSession = record({
  sessionId: field('session_id', text),
  checkpoint: field('checkpoint', text),
  // Some write the verdict with spaces (C-12).
  verdict: field(
    'verdict',
    word(['APPROVED', 'APPROVED_WITH_REVIEW', 'REJECTED', 'ESCALATE'], {
      'APPROVED WITH REVIEW': 'APPROVED_WITH_REVIEW',
    }),
  ),
  voteSummary: field('vote_summary', dictionary(word(['APPROVE', 'REJECT', 'ABSTAIN']))),
  conditions: field('conditions', texts),
  dissent: field('dissent', texts),
  reviewDue: field('review_due', text),
  timestamp: field('timestamp', time),
});

/** One question to a lead (2.6), with what single leads add. */
export const leadConsultation = record({
  timestamp: field('timestamp', time),
  lead: field('lead', text),
  question: field('question', text),
  decisionMade: field('decision_made', flag),
  decision: field('decision', nullable(text)),
  reasoning: field('reasoning', nullable(text)),
  authorityUsed: field('authority_used', nullable(text)),
  escalatedTo: field('escalated_to', nullable(text), 'escalate_to'),
  escalationReason: field('escalation_reason', nullable(text)),
  precedent: field('precedent', nullable(text)),
  specReference: field('spec_reference', nullable(text)),
  personaTest: field('persona_test', nullable(text)),
  dependencySize: field('dependency_size', nullable(text)),
  alternativesConsidered: field('alternatives_considered', texts),
  implementationNote: field('implementation_note', nullable(text)),
  coverageImpact: field('coverage_impact', nullable(text)),
  testRecommendation: field('test_recommendation', nullable(text)),
});

const blocker = record({
  id: field('id', text),
  description: field('description', text),
  blockedAt: field('blocked_at', time),
  blockedStep: field('blocked_step', step),
  status: field('status', word(['ACTIVE', 'RESOLVED'])),
  resolvedAt: field('resolved_at', nullable(time)),
});

/** The fields of `metadata.json` (2.1) but `version`, which is ours to write. */
export const metadataFields = {
  trackId: field('track_id', text),
  name: field('name', text),
  type: field('type', text),
  status: field('status', word(trackStatuses, statusSynonyms, true)),
  priority: field('priority', text),
  superpowerEnhanced: field('superpower_enhanced', flag),
  createdAt: field('created_at', time),
  updatedAt: field('updated_at', time),
  completedAt: field('completed_at', nullable(time)),
  dependencies: field('dependencies', texts, 'depends_on'),
  loopState: field('loop_state', loopState),
  boardSessions: field('board_sessions', history(boardSession, named('session_id'))),
  boardConditions: field(
    'board_conditions',
    history(text, (published) => JSON.stringify(published)),
  ),
  leadConsultations: field('lead_consultations', history(leadConsultation, named('timestamp', 'question'))),
  discoveredWork: field('discovered_work', history(discovered, byFirst('description'))),
  blockers: field('blockers', history(orText(blocker, 'description'), byFirst('id', 'description'))),
} satisfies Fields;

export const metadataCodec = record(metadataFields);

/** A commit by the digits that every spelling of it has. */
function bySha(published: Json): string | undefined {
  const sha = isObject(published) ? ownOf(published, 'sha') : published;
  return typeof sha === 'string' && sha !== '' ? sha.slice(0, 7).toLowerCase() : undefined;
}

/** Items that these keys name together. */
function named(...keys: readonly string[]): (published: Json) => string | undefined {
  return (published) => {
    const values = isObject(published) ? keys.map((key) => ownOf(published, key) ?? null) : [];
    return values.some((value) => value !== null) ? JSON.stringify(values) : undefined;
  };
}

/** Items that the first of these keys names; a bare text is its own name. */
function byFirst(...keys: readonly string[]): (published: Json) => string | undefined {
  return (published) => {
    if (typeof published === 'string') return JSON.stringify(published);
    const key = isObject(published)
      ? keys.find((candidate) => typeof ownOf(published, candidate) === 'string')
      : undefined;
    return isObject(published) && key !== undefined ? JSON.stringify(ownOf(published, key)) : undefined;
  };
}

/** `metadata.json` inside: every field may be missing in a file of somebody else. */
export interface MetadataV3 extends ModelOf<typeof metadataFields> {
  /** Top-level keys that are not published, with their values. */
  readonly extra?: Readonly<Record<string, Json>>;
}
export type BoardSessionEntry = NonNullable<MetadataV3['boardSessions']>[number];
export type LeadConsultationEntry = NonNullable<MetadataV3['leadConsultations']>[number];
export type LoopStateEntry = NonNullable<MetadataV3['loopState']>;
export type CheckpointEntries = NonNullable<LoopStateEntry['checkpoints']>;
