import type { FoundCommit } from './commits.js';
import type { Heading } from './headings.js';
import type { PlanNote, PlanTask, SectionKind } from '../model/plan.js';

/** A label as it is being read: its value may go on in wrapped lines and nested bullets. */
export interface LabelDraft {
  name: string;
  /** The first line of its value. */
  value: string;
  /** Offset of it in the file. */
  start: number;
  line: number;
  /** The lines that its value goes on in. */
  more?: string[];
  /** Bullets below it. */
  items?: string[];
}

/** What comments say about a task or a phase: `deps`, `depends`, `parallel`, `files`, `execution`. */
export interface Hints {
  dependsOn: string[];
  dependenciesKnown: boolean;
  files: string[];
  group?: string;
  execution?: 'parallel' | 'sequential';
}

/** A task as the reader collects it; `finishTask` makes a {@link PlanTask} of it. */
export interface TaskDraft {
  form: PlanTask['form'];
  scope: PlanTask['scope'];
  marker: string;
  markerStart: number;
  markerLength: number;
  /** Absent: the comments of the task say nothing. */
  hints: Hints | undefined;
  // Lists are made when something comes into them: one array less each, ten thousand times. The fields are there from the beginning,
  // so that all drafts have one shape and nothing is moved when they are filled.
  labels: LabelDraft[] | undefined;
  notes: PlanNote[] | undefined;
  children: TaskDraft[] | undefined;
  parent: TaskDraft | undefined;
  depth: number;
  line: number;
  lineStart: number;
  lineEnd: number;
  textEnd: number;
  ownEnd: number;
  /** End of the line below a heading in the older style. */
  underlineEnd: number | undefined;
  indent: string;
  bullet: string;
  noteIndent: string | undefined;
  /** Where its text begins, behind the brackets. */
  textStart: number;
  firstEnd: number;
  /** A comment may stand in its first line. */
  commented: boolean;
  /** The lines of its text below the first one. */
  moreLines: TextLine[] | undefined;
  /** Found when it is finished. */
  commit: FoundCommit | undefined;
}

/** A line of the text of a task. */
export interface TextLine {
  readonly text: string;
  readonly start: number;
  /** A comment may stand in it. */
  readonly commented: boolean;
}

/** A task that is read and has its written id at most; `assignIds` gives the others. */
export type UnnamedTask = Omit<PlanTask, 'id' | 'idWritten' | 'text' | 'children'> & {
  id: string;
  idWritten: boolean;
  text: string;
  readonly children: readonly UnnamedTask[];
};

export interface PhaseDraft {
  kind: 'phase' | 'fix' | 'loose';
  /** None of the phase of loose tasks. */
  heading: Heading | undefined;
  title: string;
  /** Those that nothing more comes to. */
  readonly tasks: UnnamedTask[];
  /** It has a task, which may still be growing. */
  begun: boolean;
  /** Absent: the comments of the phase say nothing. */
  hints: Hints | undefined;
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
  /** Words in the place of an id, which are ids when the dag has them. */
  words: Map<UnnamedTask, string>;
}

/** Before the first line. */
export function noDrafts(): PlanDrafts {
  return {
    context: [],
    phases: [],
    sections: [],
    dags: [],
    discovered: [],
    tooDeep: [],
    unread: [],
    words: new Map(),
  };
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
