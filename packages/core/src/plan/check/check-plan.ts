import type { Finding } from '../../kernel/finding.js';
import { checkDag } from './check-dag.js';
import { checkDependencies } from './check-dependencies.js';
import { checkOverlap } from './check-overlap.js';
import type { OtherTrack } from './check-overlap.js';
import { checkQuality } from './check-quality.js';
import { checkScope } from './check-scope.js';
import { executionMode } from '../model/plan-model.js';
import type { PlanModel } from '../model/plan-model.js';
import type { Plan } from '../model/plan.js';
import type { SpecDocument } from '../parse/spec.js';

/** The five passes of the plan evaluation that need no agent, by their published names. */
export type PlanPass = 'scope_alignment' | 'overlap_detection' | 'dependencies' | 'task_quality' | 'dag_validation';

/** Everything the passes look at. What is not handed in is not checked. */
export interface PlanCheckInput {
  readonly plan: Plan;
  readonly model: PlanModel;
  readonly spec?: SpecDocument | undefined;
  /** Tracks that are not finished; overlap with a live one fails, with another it is advice. */
  readonly otherTracks?: readonly OtherTrack[] | undefined;
  readonly completedTracks?: readonly OtherTrack[] | undefined;
  /** Tracks that must be complete first. */
  readonly dependencies?: readonly { readonly id: string; readonly done: boolean }[] | undefined;
  /** Files of the project, when they are known: a task may use these without waiting for anybody. */
  readonly existingFiles?: ReadonlySet<string> | undefined;
  /** Default: what the plan itself allows, `executionMode`. */
  readonly mode?: 'PARALLEL' | 'SEQUENTIAL' | undefined;
}

/** Findings in the order of the passes, and the verdict of each pass. */
export interface PlanCheck {
  readonly findings: readonly Finding[];
  readonly passes: Readonly<Record<PlanPass, 'PASS' | 'FAIL' | 'SKIPPED'>>;
}

/** What one pass found; `skipped` when there was nothing to look at. */
export interface PassResult {
  readonly findings: readonly Finding[];
  readonly skipped?: boolean;
}

/**
 * Runs passes 1 to 5 as far as they can be computed. A pass fails on a finding of severity `error`; warnings and infos are for people,
 * planners and the critic. Pure; linear in the plan, except that the search for missing dependencies stops after a fixed number of steps.
 */
export function checkPlan(input: PlanCheckInput): PlanCheck {
  const mode = input.mode ?? executionMode(input.model);
  const results: Readonly<Record<PlanPass, PassResult>> = {
    scope_alignment: checkScope(input),
    overlap_detection: checkOverlap(input),
    dependencies: checkDependencies(input),
    task_quality: checkQuality(input),
    dag_validation: checkDag(input, mode),
  };
  const verdict = ({ findings, skipped }: PassResult): 'PASS' | 'FAIL' | 'SKIPPED' => {
    if (findings.some(({ severity }) => severity === 'error')) return 'FAIL';
    return skipped === true ? 'SKIPPED' : 'PASS';
  };
  return {
    findings: Object.values(results).flatMap(({ findings }) => findings),
    passes: {
      scope_alignment: verdict(results.scope_alignment),
      overlap_detection: verdict(results.overlap_detection),
      dependencies: verdict(results.dependencies),
      task_quality: verdict(results.task_quality),
      dag_validation: verdict(results.dag_validation),
    },
  };
}
