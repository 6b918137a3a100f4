import { readCheckbox } from '../read/checkbox.js';
import { dagFences } from '../read/dag-fences.js';
import { phasesOf } from './finish-phases.js';
import type { ScannedLine } from '../text/line-reader.js';
import { firstLineEnd } from './parse-plan.js';
import type { Plan } from '../model/plan.js';
import { readHeadingLine, readUnderline } from '../read/read-headings.js';
import { beginReading, extend, homePhase } from '../read/reading.js';
import type { Reading } from '../read/reading.js';
import { scanLines } from '../text/scan-lines.js';

/** What the headings of a plan tell. */
export interface PlanSkeleton {
  /** Phases and sections as `parsePlan` gives them, but for what stands in them: no tasks, hints, labels, items or dag. */
  readonly plan: Plan;
  readonly hasDag: boolean;
  /** Every fence and every comment is closed. */
  readonly closed: boolean;
}

/**
 * Reads the headings of a plan and no more, with the same code that reads all of it: sections and phases with their places. Of the lines
 * between them only the first checkbox is read that stands in no phase, as it begins the phase of such tasks.
 */
export function readSkeleton(text: string): PlanSkeleton {
  const reading = beginReading(text);
  const { drafts } = reading;
  const fences = dagFences(text, drafts.dags);
  const slips = scanLines(text, (line) => {
    if (line.kind === 'blank' || line.kind === 'frontMatter') return;
    if (line.kind === 'heading') readHeadingLine(reading, line);
    else if (line.kind === 'underline') readUnderline(reading, line);
    else if (line.kind === 'item') beginPhase(reading, line);
    else if (line.kind === 'fenceOpen' || line.kind === 'fenceClose') fences(line);
    extend(reading, line);
  });
  const phases = phasesOf(drafts.phases).map((phase) => ({ ...phase, tasks: [] }));
  const { sections } = drafts;
  const plan = {
    title: drafts.title ?? '',
    context: [],
    phases,
    sections,
    discovered: [],
    lineEnd: firstLineEnd(text),
  };
  return { plan, hasDag: drafts.dags.length > 0, closed: slips.length === 0 };
}

/** A checkbox below a heading that is no task: its phase begins with it when it has none before. */
function beginPhase(reading: Reading, line: ScannedLine): void {
  const home = reading.phase !== undefined && reading.scope === 'plan' ? reading.phase : reading.loose;
  if (home?.begun === true || reading.headingTask !== undefined) return;
  if (readCheckbox(reading.text, line.content, line.visibleEnd) !== undefined) homePhase(reading, line).begun = true;
}
