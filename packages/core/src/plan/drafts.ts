import type { Heading } from './headings.js';
import type { PlanNote, PlanTask, SectionKind } from './plan.js';
import type { FoundCommit, TaskName } from './task-line.js';

/** A label as it is being read: its value may go on in wrapped lines and nested bullets. */
export interface LabelDraft {
  name: string;
  /** Its value line by line. */
  parts: string[];
  /** Offset of the first of them in the file. */
  start: number;
  line: number;
  /** Bullets below it. */
  items: string[];
}

/** What comments say about a task or a phase: `deps`, `depends`, `parallel`, `files`, `execution`. */
export interface Hints {
  dependsOn: string[];
  dependenciesKnown: boolean;
  files: string[];
  group?: string;
  execution?: 'parallel' | 'sequential';
}

/** A task as the reader collects it; `finishPlan` makes a {@link PlanTask} of it. */
export interface TaskDraft {
  form: PlanTask['form'];
  scope: PlanTask['scope'];
  marker: string;
  markerStart: number;
  markerLength: number;
  name: TaskName;
  /** Given by `assignIds`. */
  id?: string;
  idWritten: boolean;
  commit?: FoundCommit;
  /** Absent: the comments of the task say nothing. */
  hints?: Hints;
  // Lists that most tasks do not have are made when something comes into them: one array less each, ten thousand times.
  labels?: LabelDraft[];
  notes?: PlanNote[];
  children?: TaskDraft[];
  parent?: TaskDraft;
  depth: number;
  line: number;
  lineStart: number;
  lineEnd: number;
  textEnd: number;
  ownEnd: number;
  /** End of the line below a heading in the older style. */
  underlineEnd?: number;
  indent: string;
  bullet: string;
  noteIndent?: string;
  /** The first line of its text, from behind the brackets, … */
  firstLine: TextLine;
  /** … and those below it. */
  moreLines?: TextLine[];
}

/** A line of the text of a task. */
export interface TextLine {
  readonly text: string;
  readonly start: number;
  /** A comment may stand in it. */
  readonly commented: boolean;
}

export interface PhaseDraft {
  kind: 'phase' | 'fix' | 'loose';
  heading?: Heading;
  title: string;
  tasks: TaskDraft[];
  hints: Hints;
  line: number;
  lineStart: number;
  lineEnd: number;
  end: number;
  /** List items in it that have no checkbox, while it has no task. */
  plainItems: number;
}

export interface SectionDraft {
  kind: SectionKind;
  title: string;
  level: number;
  line: number;
  start: number;
  end: number;
}

/** A fenced block whose first line is `dag:`. */
export interface DagDraft {
  line: number;
  start: number;
  end: number;
}

/** A bullet of Discovered Work with the labels below it. */
export interface DiscoveredDraft {
  text: string;
  line: number;
  labels: LabelDraft[];
}

/** Everything one pass over the lines finds. */
export interface PlanDrafts {
  title?: string;
  context: LabelDraft[];
  phases: PhaseDraft[];
  sections: SectionDraft[];
  dags: DagDraft[];
  discovered: DiscoveredDraft[];
  /** Lines of tasks that nest deeper than the codec follows. */
  tooDeep: number[];
  /** What looks like a checkbox and is not read as one. */
  unread: UnreadBox[];
}

/** A line that a person may have meant as a task. */
export interface UnreadBox {
  readonly line: number;
  /** Its first characters. */
  readonly text: string;
  readonly where: 'text' | 'quote' | 'table';
}

/** Fresh hints: nothing known. */
export function noHints(): Hints {
  return { dependsOn: [], dependenciesKnown: false, files: [] };
}
