export { everyTask, planJson, withChildren, workTasks } from './model/plan.js';
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
} from './model/plan.js';

export { parsePlan } from './parse/parse-plan.js';
export { maxParseFindings } from './parse/plan-findings.js';
export type { ParsedPlan } from './parse/parse-plan.js';

export { formatPlan, outlinePhases } from './write/format-plan.js';
export type { PlanOutline } from './write/format-plan.js';

export { addFixTasks, editPlan } from './edit/edit-plan.js';
export type { EditedPlan } from './edit/edit-plan.js';
export type { FixTask } from './edit/fix-tasks.js';
export { mergePlan } from './write/merge-plan.js';
export type { MergedPlan, PlanConflict } from './write/merge-plan.js';

export { formatDag } from './dag/format-dag.js';
export { maxDagLength } from './dag/yaml-dag.js';
export { parseDag } from './dag/parse-dag.js';
export type { DagBlock, DagGroup, DagNode, ParsedDag } from './dag/dag-block.js';
export { detectTaskType, generateDag } from './dag/generate-dag.js';
export type { DagTask } from './dag/generate-dag.js';

export { dagSummary, executionMode, PlanModel, planModel, PlanModelTask } from './model/plan-model.js';
export type { DagSummary } from './model/plan-model.js';
export { planDependencies } from './model/plan-dependencies.js';

export { checkPlan } from './check/check-plan.js';
export type { PlanCheck, PlanCheckInput, PlanPass } from './check/check-plan.js';
export type { OtherTrack } from './check/check-overlap.js';
export { checkMarks } from './check/check-quality.js';

export { formatSpec, parseSpec } from './parse/spec.js';
export type { SpecDocument, SpecItem, SpecOutline } from './parse/spec.js';
