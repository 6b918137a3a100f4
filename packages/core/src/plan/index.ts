export { everyTask, planJson, withChildren, workTasks } from './plan.js';
export type {
  CommitPosition,
  CommitStyle,
  DiscoveredItem,
  Phase,
  PhasePosition,
  Plan,
  PlanDag,
  PlanEdit,
  PlanJson,
  PlanLabel,
  PlanNote,
  PlanPhaseJson,
  PlanSection,
  PlanTask,
  PlanTaskJson,
  PlanTaskState,
  SectionKind,
  TaskOutline,
  TaskPosition,
} from './plan.js';

export { parsePlan } from './parse-plan.js';
export { maxParseFindings } from './plan-findings.js';
export type { ParsedPlan } from './parse-plan.js';

export { formatPlan, outlinePhases } from './format-plan.js';
export type { PlanOutline } from './format-plan.js';

export { addFixTasks, editPlan } from './edit-plan.js';
export type { EditedPlan } from './edit-plan.js';
export type { FixTask } from './edit-sections.js';
export { mergePlan } from './merge-plan.js';
export type { MergedPlan, PlanConflict } from './merge-plan.js';

export { formatDag, maxDagLength, parseDag } from './dag-block.js';
export type { DagBlock, DagGroup, DagNode, ParsedDag } from './dag-block.js';
export { detectTaskType, generateDag } from './generate-dag.js';
export type { DagTask } from './generate-dag.js';

export { dagSummary, executionMode, PlanModel, planModel, PlanModelTask } from './plan-model.js';
export type { DagSummary } from './plan-model.js';
export { planDependencies } from './plan-dependencies.js';

export { checkPlan } from './check-plan.js';
export type { PlanCheck, PlanCheckInput, PlanPass } from './check-plan.js';
export type { OtherTrack } from './check-overlap.js';
export { checkMarks } from './check-quality.js';

export { formatSpec, parseSpec } from './spec.js';
export type { SpecDocument, SpecItem, SpecOutline } from './spec.js';
