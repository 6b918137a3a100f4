import { ConductorError } from '../../kernel/error.js';
import { formatDag } from '../dag/format-dag.js';
import type { DagBlock } from '../dag/dag-block.js';
import { detectTaskType, generateDag } from '../dag/generate-dag.js';
import type { DagTask } from '../dag/generate-dag.js';
import type { PlanLabel, TaskOutline } from '../model/plan.js';
import { oneLine } from '../text/one-line.js';
import { normalPath, unique } from '../text/references.js';

/** A plan as data. Tasks without an id get `<phase>.<position>`. */
export interface PlanOutline {
  title: string;
  /** Lines of the Context section: Track, Spec, Dependencies, Overlap Check, Execution Mode. */
  context?: readonly Pick<PlanLabel, 'name' | 'value'>[] | undefined;
  phases: readonly { title: string; tasks: readonly TaskOutline[] }[];
  /** Default: generated from the tasks. `false`: no block. */
  dag?: DagBlock | false | undefined;
}

/** A task that has its id. */
export type NamedTask = TaskOutline & { readonly id: string };

const idForm = /^(?:Fix \d{1,9}|[A-Za-z0-9][\w.-]{0,63})$/;

/**
 * Writes a plan in the canonical form, LF line ends. The inverse of `parsePlan`: reading it gives the same titles, ids,
 * texts, types, files, dependencies and acceptance. Line breaks inside a text become spaces. Throws `VALIDATION_FAILED` on an id that no
 * task line can carry or that stands twice, and on a file name that cannot stand in backticks.
 */
export function formatPlan(outline: PlanOutline): string {
  const phases = nameTasks(outline.phases);
  const parts = [`# ${oneLine(outline.title)} — Execution Plan`];
  const context = (outline.context ?? []).map(({ name, value }) => `- **${titleCase(name)}**: ${oneLine(value)}`);
  if (context.length > 0) parts.push('## Context', context.join('\n'));
  const dag =
    outline.dag ?? generateDag(phases.flatMap(({ tasks }, index) => tasks.map((task) => dagTask(task, index + 1))));
  if (dag !== false) parts.push('## Dependency Graph', `\`\`\`yaml\n${formatDag(dag)}\`\`\``);
  for (const [index, { title, tasks }] of phases.entries()) {
    parts.push(`## ${phaseHeading(index + 1, title)}`);
    if (tasks.length > 0) parts.push(tasks.map((task) => formatTask(task).join('\n')).join('\n'));
  }
  parts.push('## Discovered Work');
  return `${parts.join('\n\n')}\n`;
}

/** Groups a flat list of tasks by their `phase`, in first order; tasks without one stand in `Implementation`. */
export function outlinePhases(tasks: readonly TaskOutline[]): PlanOutline['phases'] {
  const phases = new Map<string, TaskOutline[]>();
  for (const task of tasks) {
    const title = oneLine(task.phase ?? '') || 'Implementation';
    const list = phases.get(title);
    if (list === undefined) phases.set(title, [task]);
    else list.push(task);
  }
  return [...phases].map(([title, list]) => ({ title, tasks: list }));
}

function nameTasks(phases: PlanOutline['phases']): readonly { title: string; tasks: readonly NamedTask[] }[] {
  const taken = new Set(phases.flatMap(({ tasks }) => tasks.flatMap(({ id }) => id ?? [])));
  const seen = new Set<string>();
  return phases.map(({ title, tasks }, phase) => ({
    title,
    tasks: tasks.map((task, index) => {
      const id = task.id ?? freeId(`${phase + 1}.${index + 1}`, taken);
      taken.add(id);
      const named = { ...task, id };
      checkTask(named);
      checkUnused(id, seen);
      seen.add(id);
      return named;
    }),
  }));
}

function freeId(wanted: string, taken: ReadonlySet<string>): string {
  let id = wanted;
  // `1.2.1` is an id as well, so a collision with a written one stays readable.
  for (let count = 1; taken.has(id); count += 1) id = `${wanted}.${count}`;
  return id;
}

/** Throws `VALIDATION_FAILED` for ids and files that a task line cannot carry. */
export function checkTask(task: NamedTask): void {
  const id = [task.id, ...(task.dependsOn ?? [])].find((value) => !idForm.test(value));
  if (id !== undefined) {
    throw new ConductorError('VALIDATION_FAILED', `A task cannot have the id ${JSON.stringify(id)}`, {
      hint: 'Use letters, digits, `.`, `_` and `-`, such as `2.3` or `setup`.',
      details: { issues: [{ path: id === task.id ? 'id' : 'dependsOn', value: id }] },
    });
  }
  const file = task.files?.find((name) => !isWritable(name));
  if (file === undefined) return;
  throw new ConductorError('VALIDATION_FAILED', `Task ${task.id} names the file ${JSON.stringify(file)}`, {
    hint: 'Give relative paths without white space, backticks and quotes.',
    details: { issues: [{ path: 'files', value: file }] },
  });
}

function checkUnused(id: string, seen: ReadonlySet<string>): void {
  if (!seen.has(id)) return;
  throw new ConductorError('VALIDATION_FAILED', `Two tasks have the id ${id}`, {
    hint: 'Give each task its own id, or none.',
    details: { issues: [{ path: 'id', value: id }] },
  });
}

function isWritable(file: string): boolean {
  return file.length <= 1024 && /^[^\s`<>|"]+$/.test(file) && !/^[a-z]+:/i.test(file) && !/:\d+(?:-\d+)?$/.test(file);
}

/** The node of a task, with the type that the text and the files tell when none is given. */
export function dagTask(task: NamedTask, phase: number): DagTask {
  const files = (task.files ?? []).map(normalPath);
  return {
    id: task.id,
    name: oneLine(task.text),
    type: task.type ?? detectTaskType(task.text, files),
    files,
    dependsOn: task.dependsOn ?? [],
    phase,
  };
}

/** The lines of one task: `- [ ] Task 1.1: …` with its labels and its dependency comment. */
export function formatTask(task: NamedTask, indent = '', bullet = '-', step = '    '): readonly string[] {
  const name = task.id.startsWith('Fix ') ? task.id : `Task ${task.id}`;
  const dependencies = unique(task.dependsOn ?? []);
  const comment = ` <!-- deps: ${dependencies.length === 0 ? 'none' : dependencies.join(', ')} -->`;
  const files = unique((task.files ?? []).map(normalPath)).map((file) => `\`${file}\``);
  const labels: readonly (readonly [string, string])[] = [
    ['Type', oneLine(task.type ?? '')],
    ['Acceptance', oneLine(task.acceptance ?? '')],
    ['Files', files.join(', ')],
  ];
  const text = oneLine(task.text);
  return [
    `${indent}${bullet} [ ] ${name}:${text === '' ? '' : ` ${text}`}${task.dependsOn === undefined ? '' : comment}`,
    ...labels.flatMap(([label, value]) => (value === '' ? [] : [`${indent}${step}- **${label}**: ${value}`])),
  ];
}

/** `Phase 2: <title>`, or the title itself when it is a phase heading already. */
export function phaseHeading(number: number, title: string): string {
  const text = oneLine(title).replace(/^#+[ \t]*/, '');
  return /^Phase \d+(?:\.\d+)*(?::|$)/.test(text) ? text : `Phase ${number}: ${text === '' ? 'Untitled' : text}`;
}

function titleCase(name: string): string {
  return name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
