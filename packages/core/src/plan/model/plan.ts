import type { DagBlock } from '../dag/dag-block.js';

/** What a task's marker says. `unknown` is a marker nobody defined: kept in the file as it is. */
export type PlanTaskState = 'pending' | 'inProgress' | 'done' | 'blocked' | 'skipped' | 'unknown';

/** `**Name**: value` below a task or in the Context section, the name in lower case. */
export interface PlanLabel {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

/** A free summary bullet below a task. */
export interface PlanNote {
  readonly text: string;
  readonly line: number;
}

/** How a commit is written, e.g. `<!-- commit: ` and ` -->` around the sha. */
export interface CommitStyle {
  readonly before: string;
  readonly after: string;
  /** In a line of its own below the task, as the label **Commit**. */
  readonly below?: boolean;
}

/** Where the commit of a task stands. */
export interface CommitPosition {
  /** The sha itself, without what surrounds it; of several the last one. */
  readonly start: number;
  readonly end: number;
  readonly style: CommitStyle;
  /** All that belongs to it: brackets, words, the shas before it and the full stop behind it. */
  readonly span: { readonly start: number; readonly end: number };
  /** The full stop of the sentence that it is the end of. */
  readonly stop?: string;
}

/** Where a task stands in the text, in UTF-16 offsets: what a smallest edit needs. */
export interface TaskPosition {
  readonly lineStart: number;
  /** End of the task's first line, without the line end. */
  readonly lineEnd: number;
  /** Offset of the marker between its brackets, for a heading also those of its label **Status**; without one, where `[x] ` would go. */
  readonly marker: number;
  /** 0 for `[]`, -1 where there are no brackets. */
  readonly markerLength: number;
  /** End of the task's own text, wrapped lines included. */
  readonly textEnd: number;
  /** End of its last label, note or code block, before the first sub-task. */
  readonly ownEnd: number;
  readonly indent: string;
  readonly bullet: string;
  /** Indentation of the labels and notes below it, when it has any. */
  readonly noteIndent?: string;
  readonly commit?: CommitPosition;
  /** End of the line of `===` or `---` below a heading. */
  readonly underlineEnd?: number;
}

/** One task: a checkbox item, or a heading `### Task 1.1: …` (C-40). */
export interface PlanTask {
  /** Unique in the plan: as written, else made from phase and position. */
  readonly id: string;
  readonly idWritten: boolean;
  readonly form: 'item' | 'heading';
  /** Items of Discovered Work and of reports are kept apart: they are not work to be done. */
  readonly scope: 'plan' | 'discovered' | 'report';
  /** From the marker; a heading without one takes it from the checkboxes below it. */
  readonly state: PlanTaskState;
  /** The character between the brackets, `''` without one. */
  readonly marker: string;
  readonly text: string;
  readonly commit?: string;
  /** All of them, where several stand together; `commit` is the last one. */
  readonly commits?: readonly string[];
  /** As written in labels and comments: ids of tasks, or `phase1`, `task2` of the other family. */
  readonly dependsOn: readonly string[];
  /** The task says itself what it depends on, be it nothing (`deps: none`). */
  readonly dependenciesKnown: boolean;
  readonly files: readonly string[];
  /** Files it reads and does not write: label **Uses**. */
  readonly uses: readonly string[];
  readonly acceptance?: string;
  readonly type?: string;
  /** `parallel: pg-1` of a dependency comment. */
  readonly group?: string;
  readonly labels: readonly PlanLabel[];
  readonly notes: readonly PlanNote[];
  readonly children: readonly PlanTask[];
  readonly line: number;
  readonly position: TaskPosition;
}

/** An ordered section of the plan. `loose` gathers the tasks that stand in no phase; its title is empty. */
export interface Phase {
  readonly kind: 'phase' | 'fix' | 'loose';
  /** The name without `Phase N:`; the whole heading where nothing else is there. */
  readonly title: string;
  /** As written: `1`, `3.5`, `5b`. */
  readonly number?: string;
  /** Of `## Fix Phase (Cycle n)`. */
  readonly cycle?: number;
  /** 1-based place among the phases, 0 for loose tasks. */
  readonly ordinal: number;
  readonly checkpoint?: string;
  /** From `<!-- execution: … -->` below the heading. */
  readonly execution?: 'parallel' | 'sequential';
  /** From `<!-- depends: phase1 -->` below the heading; empty but known is `<!-- depends: -->`. */
  readonly dependsOn: readonly string[];
  readonly dependenciesKnown: boolean;
  readonly tasks: readonly PlanTask[];
  readonly line: number;
  readonly position: PhasePosition;
}

export interface PhasePosition {
  readonly lineStart: number;
  /** End of the heading, without the line end. */
  readonly lineEnd: number;
  /** End of the last line of the phase that is not blank. */
  readonly end: number;
  /** Heading level, 0 for loose tasks. */
  readonly level: number;
  /** Range between the brackets of `[checkpoint: …]`, when there is one. */
  readonly checkpoint?: { readonly start: number; readonly end: number };
}

export type SectionKind = 'title' | 'context' | 'dag' | 'phase' | 'fix' | 'discovered' | 'report' | 'other';

/** A heading and what it opens, in file order. */
export interface PlanSection {
  readonly kind: SectionKind;
  readonly title: string;
  readonly level: number;
  readonly line: number;
  readonly start: number;
  /** End of its last line that is not blank, sections of a deeper level not included. */
  readonly end: number;
}

/** An item of Discovered Work: found in the course of the work, not planned and not done. */
export interface DiscoveredItem {
  readonly text: string;
  readonly reason?: string;
  readonly recommendation?: string;
  readonly line: number;
}

/** The fenced `dag:` block. `start` and `end` enclose the YAML between the fence lines. */
export interface PlanDag {
  readonly block: DagBlock;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** Everything the codec understands of one plan.md. The text itself stays the truth: nothing is written from this. */
export interface Plan {
  readonly title: string;
  readonly context: readonly PlanLabel[];
  readonly phases: readonly Phase[];
  readonly sections: readonly PlanSection[];
  /** Plain bullets below `## Discovered Work`; checkboxes there are tasks of the scope `discovered`. */
  readonly discovered: readonly DiscoveredItem[];
  readonly dag?: PlanDag;
  /** The line end of the first line; of a text without any, LF. */
  readonly lineEnd: '\n' | '\r\n' | '\r';
}

/** A task as people and planners hand it in; the formatter makes Markdown of it. */
export interface TaskOutline {
  text: string;
  id?: string | undefined;
  phase?: string | undefined;
  type?: string | undefined;
  files?: readonly string[] | undefined;
  dependsOn?: readonly string[] | undefined;
  acceptance?: string | undefined;
}

/** A smallest edit of a plan, see `editPlan`. `task` is an id or `line:N`; `phase` a title, a number or `line:N`. */
export type PlanEdit =
  | {
      do: 'mark';
      task: string;
      state: PlanTaskState;
      commit?: string | undefined;
      note?: string | undefined;
    }
  | { do: 'addTask'; phase: string; task: TaskOutline }
  | { do: 'addPhase'; title: string }
  | { do: 'setCheckpoint'; phase: string; sha: string }
  | { do: 'discover'; description: string; reason: string; recommendation: string }
  | { do: 'replaceDag'; yaml: string }
  | { do: 'appendReport'; markdown: string };

/** A plan as the API and `plan show --json` give it. */
export interface PlanJson {
  readonly title: string;
  readonly phases: readonly PlanPhaseJson[];
  readonly dag?: unknown;
}

export interface PlanPhaseJson {
  readonly title: string;
  readonly number?: string;
  readonly line: number;
  readonly checkpoint?: string;
  readonly tasks: readonly PlanTaskJson[];
}

export interface PlanTaskJson {
  readonly id: string;
  readonly text: string;
  readonly state: PlanTaskState;
  readonly marker: string;
  readonly line: number;
  readonly commit?: string;
  readonly dependsOn: readonly string[];
  readonly files: readonly string[];
  readonly acceptance?: string;
  readonly children: readonly PlanTaskJson[];
}

/** The plan as plain data for the API, without offsets. Tasks outside any phase stand in one with an empty title. */
export function planJson(plan: Plan): PlanJson {
  return {
    title: plan.title,
    phases: plan.phases.map((phase) => ({
      title: phase.title,
      ...(phase.number === undefined ? {} : { number: phase.number }),
      line: phase.line,
      ...(phase.checkpoint === undefined ? {} : { checkpoint: phase.checkpoint }),
      tasks: phase.tasks.map(taskJson),
    })),
    ...(plan.dag === undefined ? {} : { dag: plan.dag.block }),
  };
}

// Recursion is safe here and below: the parser nests no deeper than its own limit.
function taskJson(task: PlanTask): PlanTaskJson {
  return {
    id: task.id,
    text: task.text,
    state: task.state,
    marker: task.marker,
    line: task.line,
    ...(task.commit === undefined ? {} : { commit: task.commit }),
    dependsOn: task.dependsOn,
    files: task.files,
    ...(task.acceptance === undefined ? {} : { acceptance: task.acceptance }),
    children: task.children.map(taskJson),
  };
}

/** Every task of the plan in file order, sub-tasks after their parent. */
export function* everyTask(plan: Plan): Generator<PlanTask> {
  for (const phase of plan.phases) for (const task of phase.tasks) yield* withChildren(task);
}

/** A task and all its sub-tasks, in file order. */
export function* withChildren(task: PlanTask): Generator<PlanTask> {
  yield task;
  for (const child of task.children) yield* withChildren(child);
}

/** The units of work: tasks at the top level of the plan itself, not of Discovered Work or of reports. */
export function workTasks(plan: Plan): readonly { readonly phase: Phase; readonly task: PlanTask }[] {
  return plan.phases.flatMap((phase) =>
    phase.tasks.filter((task) => task.scope === 'plan').map((task) => ({ phase, task })),
  );
}
