import { ConductorError } from '@conductor/core';
import type { PlanState, TaskState, TrackState } from '@conductor/core';
import { editPlan, parsePlan } from '@conductor/core/plan';
import type { PlanEdit, PlanTask } from '@conductor/core/plan';
import type { EngineContext } from '../engine-context.js';
import { textOf } from '../load.js';

type Mark = Extract<PlanEdit, { do: 'mark' }>;

const states: Readonly<Record<TaskState['status'], Mark['state']>> = {
  pending: 'pending',
  running: 'inProgress',
  reported: 'inProgress',
  done: 'done',
  failed: 'blocked',
  blocked: 'blocked',
  skipped: 'skipped',
};

const noteCharacters = 200;

/** Texts of plans by their state, which is never changed in place: most events of a track leave its plan alone. */
const texts = new WeakMap<PlanState, string>();

/** The plan as people read it: the text in the log with the smallest edits for marks, commits and summaries (R21). */
export async function planText(engine: Pick<EngineContext, 'artifacts'>, state: TrackState): Promise<string> {
  const { plan } = state;
  if (!plan) return '';
  const known = texts.get(plan) ?? markedText(await textOf(engine, plan.text), state);
  texts.set(plan, known);
  return known;
}

const nobody: ReadonlySet<string> = new Set();

/**
 * Edits our marks into any text of the plan; tasks that the text does not have are left out, those of `except` are left as they are,
 * everything else stays.
 */
export function markedText(text: string, state: TrackState, except = nobody): string {
  const written = new Map<string, PlanTask>();
  for (const phase of parsePlan(text).plan.phases) collect(phase.tasks, written);
  const marks = [...(state.plan?.tasks.values() ?? [])].flatMap((task): readonly Mark[] => {
    const now = except.has(task.task.id) ? undefined : written.get(task.task.id);
    const mark = now && markOf(task, now);
    return mark ? [mark] : [];
  });
  if (marks.length === 0) return text;
  try {
    return editPlan(text, marks).text;
  } catch (error) {
    if (!ConductorError.is(error, ...uneditable)) throw error;
    return marks.reduce(markedAlone, text);
  }
}

const uneditable = ['EDIT_REFUSED', 'TASK_NOT_FOUND'] as const;

/** In a text that somebody has half broken, as many marks as go: the text counts more than a mark in it. */
function markedAlone(text: string, mark: Mark): string {
  try {
    return editPlan(text, [mark]).text;
  } catch (error) {
    if (!ConductorError.is(error, ...uneditable)) throw error;
    return text;
  }
}

/** The mark that a task has in our text. */
export function planMark({ status }: TaskState): Mark['state'] {
  return states[status];
}

function collect(tasks: readonly PlanTask[], into: Map<string, PlanTask>): void {
  for (const task of tasks) {
    into.set(task.id, task);
    collect(task.children, into);
  }
}

/** `undefined` when the line says already what the state says. */
function markOf({ task, status, commit, note }: TaskState, now: PlanTask): Mark | undefined {
  const state = states[status];
  // A task that was opened again has no commit that did it.
  const missing = state === 'done' && now.commit === undefined ? commit : undefined;
  if (now.state === state && missing === undefined) return undefined;
  // A blocked mark without a reason would be refused by the codec, and by people.
  const summary =
    state === 'blocked' ? (summaryOf(note) ?? 'No reason was given') : state === 'done' ? summaryOf(note) : undefined;
  const known = summary === undefined || now.notes.some(({ text }) => text === summary);
  return {
    do: 'mark',
    task: task.id,
    state,
    ...(missing !== undefined && { commit: missing.slice(0, 12) }),
    ...(!known && { note: summary }),
  };
}

/** One line of plain text: notes stand in a list of somebody's document. */
function summaryOf(note: string | undefined): string | undefined {
  const line = note?.replaceAll(/[\s\p{C}]+/gu, ' ').trim() ?? '';
  return line === '' ? undefined : line.slice(0, noteCharacters);
}
