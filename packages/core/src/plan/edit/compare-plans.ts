import { everyTask } from '../model/plan.js';
import type { Phase, Plan, PlanSection, PlanTask } from '../model/plan.js';

/**
 * Tells what two readings of a plan disagree in, as words: `task 1.2 marker`, `task + 3.1 plan`, `phase + fix`, `phase 2 checkpoint`,
 * `section + report`, `dag`, `title`, `context`. Places in the text are left out, as every edit moves them. Linear; on doubt it tells more
 * differences, never fewer.
 */
export function comparePlans(before: Plan, after: Plan): readonly string[] {
  const found: string[] = [];
  if (before.title !== after.title) found.push('title');
  if (!sameJson(labelsOf(before), labelsOf(after))) found.push('context');
  if (!sameJson(before.dag?.block, after.dag?.block)) found.push('dag');
  align(
    before.sections,
    after.sections,
    sectionKey,
    (section) => found.push(`section + ${section.kind}`),
    found,
    'section',
  );
  align(
    before.discovered,
    after.discovered,
    ({ text, reason, recommendation }) => JSON.stringify([text, reason, recommendation]),
    () => found.push('discovered +'),
    found,
    'discovered',
  );
  align(
    before.phases,
    after.phases,
    ({ kind }) => kind,
    (phase) => found.push(`phase + ${phase.kind}`),
    found,
    'phase',
    (a, b) => comparePhases(a, b, found),
  );
  align(
    placedTasks(before),
    placedTasks(after),
    ({ task, parent }) => `${parent}\n${task.id}`,
    ({ task }) => found.push(`task + ${task.id} ${task.scope}`),
    found,
    'task',
    (a, b) => compareTasks(a.task, b.task, found),
  );
  return found;
}

function labelsOf(plan: Plan): unknown {
  return plan.context.map(({ name, value }) => [name, value]);
}

function sectionKey({ kind, level, title }: PlanSection): string {
  return `${kind}\n${level}\n${title}`;
}

/** Pairs two lists of which the second may have more; what only the first has, or another order, counts as changed. */
function align<T>(
  before: readonly T[],
  after: readonly T[],
  key: (item: T) => string,
  added: (item: T) => void,
  found: string[],
  word: string,
  pair?: (a: T, b: T) => void,
): void {
  let at = 0;
  after.forEach((item, index) => {
    const other = before[at];
    if (other !== undefined && key(other) === key(item)) {
      pair?.(other, item);
      at += 1;
    } else if (after.length - index > before.length - at) added(item);
    else {
      found.push(`${word} changed`);
      at += 1;
    }
  });
  if (at < before.length) found.push(`${word} removed`);
}

function comparePhases(a: Phase, b: Phase, found: string[]): void {
  if (a.title !== b.title || a.number !== b.number || a.cycle !== b.cycle) found.push(`phase ${a.ordinal} title`);
  if (a.checkpoint !== b.checkpoint) found.push(`phase ${a.ordinal} checkpoint`);
  const hints = a.execution !== b.execution || a.dependenciesKnown !== b.dependenciesKnown;
  if (hints || !sameList(a.dependsOn, b.dependsOn)) found.push(`phase ${a.ordinal} hints`);
}

interface PlacedTask {
  readonly task: PlanTask;
  /** Id of the task above, or the kind and place of the phase. */
  readonly parent: string;
}

function placedTasks(plan: Plan): readonly PlacedTask[] {
  const parents = new Map<PlanTask, string>();
  plan.phases.forEach((phase, index) => {
    for (const task of phase.tasks) parents.set(task, phase.kind === 'loose' ? 'loose' : `phase ${index}`);
  });
  const placed: PlacedTask[] = [];
  for (const task of everyTask(plan)) {
    placed.push({ task, parent: parents.get(task) ?? '' });
    for (const child of task.children) parents.set(child, task.id);
  }
  return placed;
}

const plainFields = ['form', 'scope', 'text', 'acceptance', 'type', 'group', 'idWritten', 'dependenciesKnown'] as const;
const listFields = ['dependsOn', 'files', 'uses'] as const;

function compareTasks(a: PlanTask, b: PlanTask, found: string[]): void {
  if (a.marker !== b.marker || a.position.markerLength !== b.position.markerLength) found.push(`task ${a.id} marker`);
  if (a.commit !== b.commit || !sameList(a.commits ?? [], b.commits ?? [])) found.push(`task ${a.id} commit`);
  for (const field of plainFields) if (a[field] !== b[field]) found.push(`task ${a.id} ${field}`);
  for (const field of listFields) if (!sameList(a[field], b[field])) found.push(`task ${a.id} ${field}`);
  if (!sameNotes(a, b)) found.push(`task ${a.id} notes`);
  if (a.labels.length !== b.labels.length || a.labels.some((label, index) => !sameLabel(label, b.labels[index]))) {
    found.push(`task ${a.id} labels`);
  }
}

function sameLabel(a: PlanTask['labels'][number], b: PlanTask['labels'][number] | undefined): boolean {
  return a.name === b?.name && a.value === b.value;
}

function sameNotes(a: PlanTask, b: PlanTask): boolean {
  return a.notes.length === b.notes.length && a.notes.every((note, index) => note.text === b.notes[index]?.text);
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function sameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
