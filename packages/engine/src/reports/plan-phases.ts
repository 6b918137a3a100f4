import type { TaskState, TrackState } from '@conductor/core';
import { parsePlan } from '@conductor/core/plan';
import type { Content } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { textOf } from '../load.js';

/** A phase of a plan as reports name it, with its tasks. */
export interface PlanPhase {
  /** 1-based place in the plan: what tasks and events say. */
  readonly ordinal: number;
  /** Its own number where all phases have different ones, else its place: what people say, and part of file names. */
  readonly label: string;
  readonly title: string;
  readonly tasks: readonly TaskState[];
}

/** The phases of the plan in their order, those without tasks left out. Empty without a plan. O(plan). */
export async function planPhases(
  engine: Pick<EngineContext, 'artifacts'>,
  { plan }: TrackState,
): Promise<readonly PlanPhase[]> {
  if (!plan) return [];
  const tasks = new Map<number, TaskState[]>();
  for (const each of plan.tasks.values()) {
    const own = tasks.get(each.task.phase);
    if (own) own.push(each);
    else tasks.set(each.task.phase, [each]);
  }
  const headings = await headingsOf(engine, plan.text);
  return [...tasks]
    .sort(([a], [b]) => a - b)
    .map(([ordinal, own]) => ({
      ordinal,
      label: headings[ordinal - 1]?.label ?? String(ordinal),
      title: headings[ordinal - 1]?.title ?? plan.title,
      tasks: own,
    }));
}

type Headings = readonly { readonly label: string; readonly title: string }[];

/** By the content of a plan, which is one object for as long as the plan's text is the same. */
const known = new WeakMap<Content, Headings>();

async function headingsOf(engine: Pick<EngineContext, 'artifacts'>, content: Content): Promise<Headings> {
  const before = known.get(content);
  if (before) return before;
  const phases = parsePlan(await textOf(engine, content)).plan.phases.filter(({ kind }) => kind !== 'loose');
  const numbers = phases.map(({ number }, index) =>
    number !== undefined && /^[\w.]{1,12}$/u.test(number) ? number : String(index + 1),
  );
  const distinct = new Set(numbers).size === numbers.length;
  const headings = phases.map(({ title }, index) => ({
    label: (distinct ? numbers[index] : undefined) ?? String(index + 1),
    title,
  }));
  known.set(content, headings);
  return headings;
}

/** Nothing of it is left to do. */
export function isComplete({ tasks }: Pick<PlanPhase, 'tasks'>): boolean {
  return tasks.every(({ status }) => status === 'done' || status === 'skipped');
}

/** A glob or a folder names no single file. */
export const isFile = (path: string) => !/[*?[\]{}]|\/$/u.test(path);
