import type { DagNode } from '../dag/dag-block.js';
import { parseDag } from '../dag/dag-block.js';
import { nodeSplice } from '../write/dag-splice.js';
import { safeNote } from './edit-marks.js';
import type { FileStyle } from './edit-marks.js';
import { endOfTask, findPhase, refuse } from './edit-target.js';
import type { PlannedEdit } from './edit-target.js';
import { oneLine } from '../text/one-line.js';
import { checkTask, dagTask, formatTask, phaseHeading } from '../write/format-plan.js';
import type { NamedTask } from '../write/format-plan.js';
import { generateDag } from '../dag/generate-dag.js';
import { readHeading } from '../read/headings.js';
import { everyTask } from '../model/plan.js';
import type { Phase, Plan, PlanEdit, PlanTask, TaskOutline } from '../model/plan.js';
import { normalPath, unique } from '../text/references.js';
import type { Splice } from '../write/splices.js';
import { isSha } from '../read/commits.js';

/** An edit of one kind. */
export type EditOf<K extends PlanEdit['do']> = Extract<PlanEdit, { do: K }>;

/** A task at the end of its phase, in the form of its neighbours, and its node behind the last one of the dag. */
export function planAddTask(text: string, plan: Plan, edit: EditOf<'addTask'>, style: FileStyle): PlannedEdit {
  const phase = findPhase(plan, edit.phase);
  const task: NamedTask = { ...edit.task, id: edit.task.id ?? nextId(plan, phase) };
  checkTask(task);
  const dag = dagSplices(text, plan, phase, task);
  return {
    splices: [taskSplice(text, phase, task, style), ...dag],
    allowed: [`task + ${task.id} plan`, 'section + other', ...(dag.length === 0 ? [] : ['dag'])],
    achieved: (after) =>
      [...everyTask(after)].some((read) => saysTask(read, task)) &&
      (dag.length === 0 || isOneNodeMore(plan, after, task.id)),
    name: `addTask ${task.id}`,
  };
}

/** The dag has the node of this task behind the others, which are what they were. */
function isOneNodeMore(before: Plan, after: Plan, id: string): boolean {
  const { nodes = [], parallel_groups: groups = [] } = after.dag?.block ?? {};
  const others = { nodes: nodes.slice(0, -1), parallel_groups: groups };
  return nodes.at(-1)?.id === id && JSON.stringify(others) === JSON.stringify(before.dag?.block);
}

function saysTask(read: PlanTask, task: NamedTask): boolean {
  const same = read.id === task.id && read.text === oneLine(task.text);
  return (
    same && sameList(read.dependsOn, task.dependsOn ?? []) && sameList(read.files, (task.files ?? []).map(normalPath))
  );
}

function sameList(read: readonly string[], meant: readonly string[]): boolean {
  return unique(meant).join('\n') === read.join('\n');
}

function nextId(plan: Plan, phase: Phase): string {
  const key = phase.number ?? String(phase.ordinal);
  const taken = new Set([...everyTask(plan)].map(({ id }) => id));
  let number = 1;
  for (const { id } of phase.tasks) {
    const last = id.startsWith(`${key}.`) ? /^\d{1,9}/.exec(id.slice(key.length + 1))?.[0] : undefined;
    if (last !== undefined) number = Math.max(number, Number(last) + 1);
  }
  while (taken.has(`${key}.${number}`)) number += 1;
  return `${key}.${number}`;
}

function taskSplice(text: string, phase: Phase, task: NamedTask, style: FileStyle): Splice {
  const last = phase.tasks.findLast(({ scope }) => scope === 'plan');
  const end = style.lineEnd();
  if (last?.form === 'heading') {
    const { lineStart, lineEnd, underlineEnd } = last.position;
    // A title with a line below it has the level 1 or 2; of a task always 2.
    const level = underlineEnd === undefined ? '#'.repeat(readHeading(text.slice(lineStart, lineEnd)).level) : '##';
    const [head = '', ...labels] = formatTask(task, '', '-', '');
    const lines = [head.replace('- [ ] ', `${level} `), ...(labels.length === 0 ? [] : ['', ...labels])];
    return below(end, phase.position.end, lines, true);
  }
  if (last === undefined) return below(end, phase.position.end, formatTask(task, '', '-', style.step()), true);
  const bullet = /^[*+]$/.test(last.position.bullet) ? last.position.bullet : '-';
  return below(end, endOfTask(last), formatTask(task, last.position.indent, bullet, style.step()), false);
}

function below(end: string, at: number, lines: readonly string[], gap: boolean): Splice {
  const first = at === 0 ? '' : gap ? end + end : end;
  return { start: at, end: at, insert: first + lines.join(end) };
}

function dagSplices(text: string, plan: Plan, phase: Phase, task: NamedTask): readonly Splice[] {
  const { dag } = plan;
  if (dag === undefined) return [];
  const number = /^\d{1,9}$/.test(phase.number ?? '') ? Number(phase.number) : phase.ordinal;
  const node: DagNode | undefined = generateDag([dagTask(task, number)]).nodes[0];
  const splice = node === undefined ? undefined : nodeSplice(text.slice(dag.start, dag.end), node, plan.lineEnd);
  if (splice === undefined) {
    refuse(
      `The dag block on line ${dag.line} has no place for task ${task.id}`,
      'Hand in the whole block with `replaceDag`.',
    );
  }
  return [{ ...splice, start: splice.start + dag.start, end: splice.end + dag.start }];
}

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

/** Where new phases and Discovered Work go: before what is appended in the course of the work. */
function beforeAppendix(text: string, plan: Plan): number {
  const appendix = plan.sections.findIndex(({ kind }) => kind === 'discovered' || kind === 'report' || kind === 'fix');
  const before = appendix > 0 ? plan.sections[appendix - 1] : undefined;
  return before?.end ?? text.trimEnd().length;
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

/** Behind Context, else behind the title, else at the very beginning. */
function afterContext(plan: Plan): number {
  const context =
    plan.sections.findLast(({ kind }) => kind === 'context') ?? plan.sections.find(({ kind }) => kind === 'title');
  return context?.end ?? 0;
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

/** At the end of the file, one blank line below; a file without a final line end stays without one. */
export function atEnd(text: string, plan: Plan, section: string): Splice {
  const written = text.trimEnd().length;
  const tail = text.slice(written);
  const hasEnd = /[\r\n]$/.test(tail);
  const ends = tail.match(/\r\n|\n|\r/g)?.length ?? 0;
  const gap = written === 0 ? '' : plan.lineEnd.repeat(Math.max(0, 2 - ends));
  return {
    start: text.length,
    end: text.length,
    insert: `${gap}${section}${hasEnd || text === '' ? plan.lineEnd : ''}`,
  };
}

function lineEnded(text: string, lineEnd: string): string {
  return text.replaceAll(/\r\n|\n|\r/g, lineEnd);
}

/** A task of the fix phase: what to do, and the finding that it answers. */
export interface FixTask {
  /** Default: the next free `Fix n`. */
  readonly id?: string | undefined;
  readonly text: string;
  readonly issue?: string | undefined;
  readonly files?: readonly string[] | undefined;
  readonly acceptance?: string | undefined;
}

/** Ids for fix tasks: those given, else numbers that go on over all cycles, since an id stands once in a plan. */
export function fixIds(plan: Plan, tasks: readonly FixTask[]): readonly string[] {
  const taken = new Set([...everyTask(plan)].map(({ id }) => id));
  for (const { id } of tasks) if (id !== undefined) taken.add(id);
  let next = 1;
  return tasks.map(({ id }) => {
    if (id !== undefined) return id;
    while (taken.has(`Fix ${next}`)) next += 1;
    taken.add(`Fix ${next}`);
    return `Fix ${next}`;
  });
}

/** Fix tasks in the section of their cycle, which is begun at the end of the file where it is not there yet. */
export function planFixTasks(
  text: string,
  plan: Plan,
  cycle: number,
  tasks: readonly (FixTask & { readonly id: string })[],
  style: FileStyle,
): PlannedEdit {
  tasks.forEach((task) => {
    checkTask(fixOutline(task));
  });
  const phase = plan.phases.find((entry) => entry.kind === 'fix' && entry.cycle === cycle);
  const lines = tasks.flatMap((task) => fixLines(task, style.step()));
  const last = phase?.tasks.at(-1);
  const splice =
    phase === undefined
      ? atEnd(text, plan, [`## Fix Phase (Cycle ${cycle})`, '', ...lines].join(plan.lineEnd))
      : below(plan.lineEnd, last === undefined ? phase.position.end : endOfTask(last), lines, last === undefined);
  return {
    splices: [splice],
    allowed: [
      ...tasks.map(({ id }) => `task + ${id} plan`),
      ...(phase === undefined ? ['phase + fix', 'section + fix'] : []),
    ],
    achieved: (after) => {
      const ids = new Set(
        after.phases.filter((entry) => entry.cycle === cycle).flatMap((entry) => entry.tasks.map(({ id }) => id)),
      );
      return tasks.every(({ id }) => ids.has(id));
    },
    name: `addFixTasks of cycle ${cycle}`,
  };
}

function fixOutline(task: FixTask & { readonly id: string }): TaskOutline & { readonly id: string } {
  return { id: task.id, text: task.text, files: task.files, acceptance: task.acceptance };
}

function fixLines(task: FixTask & { readonly id: string }, step: string): readonly string[] {
  const [head = '', ...labels] = formatTask(fixOutline(task), '', '-', step);
  const issue = oneLine(task.issue ?? '');
  return [head, ...(issue === '' ? [] : [`${step}- **Issue**: ${issue}`]), ...labels];
}
