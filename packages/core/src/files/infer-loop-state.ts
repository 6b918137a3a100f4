import { parsePlan } from '../plan/parse/parse-plan.js';
import { workTasks } from '../plan/model/plan.js';
import type { Finding } from '../kernel/finding.js';
import type { Step, StepStatus } from '../track/model.js';
import { readVerdicts } from './evaluation-verdict.js';
import type { Verdict } from './evaluation-verdict.js';

/** What the files of a track's folder say, without its `metadata.json`. */
export interface FolderFacts {
  /** Name of the folder. */
  readonly trackId?: string | undefined;
  /** Tasks of plan.md; undefined when there is no such file. */
  readonly tasks?: TaskCounts | undefined;
  readonly planVerdict?: Verdict | undefined;
  readonly executionVerdict?: Verdict | undefined;
  /** Fix phases that the plan has. */
  readonly fixCycles?: number | undefined;
}

/** Top-level tasks by mark. `done` counts skipped ones too, `started` those marked `[~]`. */
export interface TaskCounts {
  readonly total: number;
  readonly done: number;
  readonly started: number;
}

/** Texts of a track's folder; undefined for a file that is not there. */
export interface FolderTexts {
  readonly plan?: string | undefined;
  /** `evaluation-report.md` and the like, in the order of their age. Of each kind the last verdict counts, behind the plan's. */
  readonly reports?: readonly string[] | undefined;
}

/** Reads the facts from the files' texts. Total: never throws. */
export function folderFacts(trackId: string, { plan, reports = [] }: FolderTexts): FolderFacts {
  const verdicts = [plan ?? '', ...reports].map(readVerdicts);
  return {
    trackId,
    planVerdict: verdicts.findLast((found) => found.plan !== undefined)?.plan,
    executionVerdict: verdicts.findLast((found) => found.execution !== undefined)?.execution,
    ...(plan !== undefined && countsOf(plan)),
  };
}

function countsOf(text: string): Pick<FolderFacts, 'tasks' | 'fixCycles'> {
  const { plan } = parsePlan(text);
  const states = workTasks(plan).map(({ task }) => task.state);
  return {
    fixCycles: plan.phases.filter((phase) => phase.kind === 'fix').length,
    tasks: {
      total: states.length,
      done: states.filter((state) => state === 'done' || state === 'skipped').length,
      started: states.filter((state) => state === 'inProgress').length,
    },
  };
}

/** Where a track stands, as far as its folder tells. */
export interface InferredLoopState {
  readonly step: Step;
  readonly status: StepStatus;
  /** Warnings about what the folder does not prove or contradicts. */
  readonly findings: readonly Finding[];
}

/**
 * The step of a track from the facts of its folder: the published table, also for a state that no transition allows.
 * `finished` is true when the metadata call the track finished, which counts more than any file. An open task counts more
 * than a report that the execution passed: the report is older than the task.
 */
export function inferLoopState(facts: FolderFacts, { finished = false } = {}): InferredLoopState {
  const { total, done, started } = facts.tasks ?? { total: 0, done: 0, started: 0 };
  const open = total > done;
  const begun = done > 0 || started > 0;
  if (finished) {
    const left = open ? [warning(`The track is called finished, but ${total - done} of ${total} tasks are open`)] : [];
    return { step: 'COMPLETE', status: 'PASSED', findings: left };
  }
  if (total === 0) return { step: 'PLAN', status: 'NOT_STARTED', findings: [] };
  if (facts.executionVerdict === 'FAIL') return { step: 'FIX', status: 'NOT_STARTED', findings: unevaluated(facts) };
  if (facts.executionVerdict === 'PASS' && !open)
    return { step: 'COMPLETE', status: 'NOT_STARTED', findings: unevaluated(facts) };
  const findings = [
    ...(begun ? unevaluated(facts) : []),
    ...(facts.executionVerdict === 'PASS'
      ? [warning('Tasks are open although a report says that the execution passed')]
      : []),
  ];
  if (!open) return { step: 'EVALUATE_EXECUTION', status: 'NOT_STARTED', findings };
  if (facts.planVerdict === 'FAIL') return { step: 'PLAN', status: 'NOT_STARTED', findings };
  if (begun) return { step: 'EXECUTE', status: 'IN_PROGRESS', findings };
  return { step: facts.planVerdict === 'PASS' ? 'EXECUTE' : 'EVALUATE_PLAN', status: 'NOT_STARTED', findings };
}

function unevaluated({ planVerdict }: FolderFacts): readonly Finding[] {
  if (planVerdict === 'PASS') return [];
  return [
    warning(
      planVerdict === 'FAIL'
        ? 'Work has begun on a plan whose evaluation failed'
        : 'Work has begun, but no report says that the plan was evaluated',
    ),
  ];
}

function warning(message: string): Finding {
  return { severity: 'warning', code: 'STATE_INFERRED', message, path: 'metadata.json' };
}
