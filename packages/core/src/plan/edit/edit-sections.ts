import { parseDag } from '../dag/parse-dag.js';
import { safeNote } from './edit-marks.js';
import type { FileStyle } from './edit-marks.js';
import { findPhase, refuse } from './edit-target.js';
import type { EditOf, PlannedEdit } from './edit-target.js';
import { oneLine } from '../text/one-line.js';
import { phaseHeading } from '../write/format-plan.js';
import { readHeading } from '../read/headings.js';
import type { Plan } from '../model/plan.js';
import { isSha } from '../read/commits.js';
import { afterContext, atEnd, beforeAppendix, below } from './place.js';

/** A phase behind the last one, at the level of its heading. */
export function planAddPhase(text: string, plan: Plan, edit: EditOf<'addPhase'>): PlannedEdit {
  const phases = plan.phases.filter(({ kind }) => kind !== 'loose');
  const last = phases.at(-1);
  const highest = phases.reduce((most, { number }) => Math.max(most, Number.parseInt(number ?? '0', 10) || 0), 0);
  const level = Math.max(2, last?.position.level ?? 2);
  const heading = `${'#'.repeat(last?.position.level === 1 ? 1 : level)} ${phaseHeading(highest + 1, edit.title)}`;
  const wanted = readHeading(heading);
  const at = last?.position.end ?? beforeAppendix(text, plan);
  return {
    splices: [below(plan.lineEnd, at, [heading], true)],
    allowed: ['phase + phase', 'section + phase'],
    achieved: (after) => after.phases.some(({ title, number }) => title === wanted.title && number === wanted.number),
    name: `addPhase ${edit.title}`,
  };
}

/** `[checkpoint: sha]` at the end of the phase's heading, in place of one that is there. */
export function planCheckpoint(text: string, plan: Plan, edit: EditOf<'setCheckpoint'>): PlannedEdit {
  const phase = findPhase(plan, edit.phase);
  if (phase.kind === 'loose') refuse('Tasks without a phase have no checkpoint', 'Name a phase.');
  if (!isSha(edit.sha))
    refuse(`${JSON.stringify(edit.sha)} is no commit`, 'Give 7 to 12 or all 40 hexadecimal characters.');
  const { checkpoint, lineStart, lineEnd } = phase.position;
  const end = lineStart + text.slice(lineStart, lineEnd).trimEnd().length;
  const splice =
    checkpoint === undefined
      ? { start: end, end, insert: ` [checkpoint: ${edit.sha}]` }
      : { ...checkpoint, insert: `: ${edit.sha}` };
  return {
    splices: [splice],
    allowed: [`phase ${phase.ordinal} checkpoint`],
    achieved: (after) =>
      after.phases.some(({ ordinal, checkpoint: sha }) => ordinal === phase.ordinal && sha === edit.sha),
    name: `setCheckpoint ${edit.phase}`,
  };
}

/** An item in Discovered Work: written down, not planned, so it gets no checkbox. */
export function planDiscover(text: string, plan: Plan, edit: EditOf<'discover'>, style: FileStyle): PlannedEdit {
  const step = style.step();
  const lines = [
    `- ${safeNote(edit.description)}`,
    `${step}- **Reason**: ${oneLine(edit.reason)}`,
    `${step}- **Recommendation**: ${oneLine(edit.recommendation)}`,
  ];
  const section = plan.sections.find(({ kind }) => kind === 'discovered');
  const last = plan.phases.findLast(({ kind }) => kind === 'phase');
  const splice =
    section === undefined
      ? below(
          plan.lineEnd,
          last?.position.end ?? beforeAppendix(text, plan),
          ['## Discovered Work', '', ...lines],
          true,
        )
      : below(plan.lineEnd, section.end, lines, isHeadingOnly(text, section));
  return {
    splices: [splice],
    allowed: ['discovered +', ...(section === undefined ? ['section + discovered'] : [])],
    achieved: (after) => after.discovered.length === plan.discovered.length + 1,
    name: 'discover',
  };
}

function isHeadingOnly(text: string, section: Plan['sections'][number]): boolean {
  return !/[\r\n]/.test(text.slice(section.start, section.end));
}

/** The YAML between the fence lines, as handed in; a `## Dependency Graph` section where there is no block yet. */
export function planReplaceDag(text: string, plan: Plan, edit: EditOf<'replaceDag'>): PlannedEdit {
  const yaml = lineEnded(edit.yaml.trimEnd(), plan.lineEnd) + plan.lineEnd;
  const wanted = parseDag(yaml);
  const wrong = wanted.findings.find(({ severity }) => severity === 'error');
  if (wrong !== undefined)
    refuse(`The new dag block is not valid: ${wrong.message}`, 'Hand in YAML with the root key `dag`.');
  const { dag } = plan;
  const lines = ['## Dependency Graph', '', '```yaml', yaml.trimEnd(), '```'];
  return {
    splices: [
      dag === undefined
        ? below(plan.lineEnd, afterContext(plan), lines, true)
        : { start: dag.start, end: dag.end, insert: yaml },
    ],
    allowed: ['dag', ...(dag === undefined ? ['section + dag'] : [])],
    achieved: (after) => JSON.stringify(after.dag?.block) === JSON.stringify(wanted.block),
    name: 'replaceDag',
  };
}

/** A report at the end of the file, below its own heading. Checkboxes in it are not tasks of the plan. */
export function planAppendReport(text: string, plan: Plan, edit: EditOf<'appendReport'>): PlannedEdit {
  const report = lineEnded(edit.markdown.trim(), plan.lineEnd);
  const first = report.split(/[\r\n]/, 1)[0] ?? '';
  if (!/^#{1,6}[ \t]/.test(first))
    refuse('The report has no heading', 'Begin it with a heading such as `## Plan Evaluation Report`.');
  const heading = readHeading(first);
  const kinds = ['title', 'context', 'dag', 'discovered', 'report', 'other'];
  return {
    splices: [atEnd(text, plan, report)],
    allowed: [
      ...kinds.map((kind) => `section + ${kind}`),
      'phase + loose',
      'task + * report',
      'discovered +',
      'task + * discovered',
    ],
    achieved: (after) => after.sections.some(({ title }) => title === heading.title),
    name: `appendReport ${heading.title}`,
  };
}

function lineEnded(text: string, lineEnd: string): string {
  return text.replaceAll(/\r\n|\n|\r/g, lineEnd);
}
