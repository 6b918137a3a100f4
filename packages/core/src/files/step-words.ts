import type { Step } from '../track/model.js';

/** Words of the steps that are told to other processes (7.4). */
export const stepWords = [
  'PLAN_COMPLETE',
  'PLAN_EVAL_COMPLETE',
  'EXECUTE_COMPLETE',
  'EXEC_EVAL_COMPLETE',
  'FIX_COMPLETE',
  'PARALLEL_COMPLETE',
] as const;
export type StepWord = (typeof stepWords)[number];

/** The word for the end of a step; the other steps have none. PARALLEL_COMPLETE comes beside EXECUTE_COMPLETE. */
export const wordOfStep: Readonly<Partial<Record<Step, StepWord>>> = {
  PLAN: 'PLAN_COMPLETE',
  EVALUATE_PLAN: 'PLAN_EVAL_COMPLETE',
  EXECUTE: 'EXECUTE_COMPLETE',
  EVALUATE_EXECUTION: 'EXEC_EVAL_COMPLETE',
  FIX: 'FIX_COMPLETE',
};
