import { readHints } from './annotations.js';
import type { PhaseDraft, SectionDraft } from './drafts.js';
import { readHeading } from './headings.js';
import type { Heading } from './headings.js';
import { newTask, placeTask } from './read-items.js';
import { newPhase } from './reading.js';
import type { Reading } from './reading.js';
import type { ScannedLine } from '../text/line-reader.js';

/** Reads a heading: it ends what is open and begins a section, maybe a phase or a task. False when the line is text after all. */
export function readHeadingLine(reading: Reading, line: ScannedLine): boolean {
  const heading = readHeading(reading.text.slice(line.start, line.visibleEnd), line.underline);
  // Three hyphens right below a text are mostly meant as a rule: only a title that says something makes a heading of them.
  reading.ruled = line.underline === -3 && heading.kind === 'other';
  if (reading.ruled) return false;
  reading.frames.length = 0;
  reading.paragraph = undefined;
  reading.openLabel = undefined;
  const kind = sectionKind(reading, heading);
  closeSections(reading, heading, kind);
  openSection(reading, heading, kind, line);
  if (kind === 'title') reading.drafts.title = heading.title;
  if (heading.kind === 'phase' || heading.kind === 'fix') openPhase(reading, heading, heading.kind, line);
  else if (heading.kind === 'task') openHeadingTask(reading, heading, line);
  else if (kind === 'discovered' || kind === 'report') {
    reading.scope = kind;
    reading.scopeLevel = heading.level;
  }
  return true;
}

/** Reads the line below a heading in the older style. */
export function readUnderline(reading: Reading, line: ScannedLine): void {
  reading.paragraph = undefined;
  const task = reading.underlined;
  if (task === undefined) return;
  task.underlineEnd = line.end;
  task.ownEnd = line.end;
  reading.underlined = undefined;
}

function sectionKind({ drafts }: Reading, heading: Heading): SectionDraft['kind'] {
  if (heading.kind === 'task') return 'other';
  const first = heading.level === 1 && heading.kind !== 'phase' && drafts.title === undefined;
  return first && drafts.phases.length === 0 ? 'title' : heading.kind;
}

function closeSections(reading: Reading, heading: Heading, kind: SectionDraft['kind']): void {
  const { level } = heading;
  const isPhase = kind === 'phase' || kind === 'fix';
  if (reading.scope !== 'plan' && (level <= reading.scopeLevel || isPhase)) reading.scope = 'plan';
  if (level <= reading.headingTaskLevel || isPhase) reading.headingTask = undefined;
  // Task headings and `Tasks` belong to the phase they follow, whatever their level.
  const stays = heading.kind === 'task' || /^tasks$/i.test(heading.title);
  if (reading.phase !== undefined && !stays && level <= (reading.phase.heading?.level ?? 0)) reading.phase = undefined;
}

function openSection(reading: Reading, heading: Heading, kind: SectionDraft['kind'], line: ScannedLine): void {
  const { title, level } = heading;
  reading.section = { kind, title, level, line: line.number, start: line.start, end: line.end };
  reading.drafts.sections.push(reading.section);
}

function openPhase(reading: Reading, heading: Heading, kind: 'phase' | 'fix', line: ScannedLine): void {
  const phase: PhaseDraft = newPhase(kind, line);
  phase.heading = heading;
  phase.title = heading.title;
  readHints(heading.comments, phase);
  reading.phase = phase;
  reading.drafts.phases.push(phase);
}

function openHeadingTask(reading: Reading, heading: Heading, line: ScannedLine): void {
  const { marker, textStart } = heading;
  const task = newTask(reading, line, 'heading', {
    marker: marker?.text ?? '',
    markerStart: line.start + (marker?.start ?? textStart),
    textStart: line.start + textStart,
  });
  if (marker === undefined) task.markerLength = -1;
  readHints(heading.comments, task);
  reading.headingTask = task;
  reading.headingTaskLevel = heading.level;
  if (line.underline !== 0) reading.underlined = task;
  placeTask(reading, task, undefined, line);
}
