import type { PhaseDraft, UnnamedTask } from '../read/drafts.js';
import type { Phase } from '../model/plan.js';

/** What giving ids came upon. */
export interface AssignedIds {
  /** Written ids that another task has already, with the id that is used instead. */
  readonly repeats: readonly { readonly id: string; readonly instead: string; readonly line: number }[];
}

/** Of more of them nobody reads the rest. */
const maxRepeats = 1000;

/**
 * Gives every task a unique id, in its `id` and `idWritten`. Written ids win; a bare number that several phases count from 1 again is
 * read as `<phase>.<n>`; `words` are ids when the dag has such nodes, and belong to the text otherwise; a task without one gets `<phase>.<position>`, a sub-task `<task>.<position>`. Marks never change an id.
 */
export function assignIds(
  phases: readonly PhaseDraft[],
  nodes: ReadonlySet<string>,
  words: ReadonlyMap<UnnamedTask, string>,
): AssignedIds {
  const taken = new Set<string>();
  const repeats: { id: string; instead: string; line: number }[] = [];
  const keys = phaseKeys(phases.map(({ kind, heading }) => ({ kind, number: heading?.number, cycle: heading?.cycle })));
  const recounted = recountedNumbers(phases);
  const nextFree = new Map<string, number>();

  phases.forEach((phase, index) => {
    for (const task of phase.tasks) write(task, keys[index] ?? '0', true);
  });
  phases.forEach((phase, index) => {
    number(phase.tasks, keys[index] ?? '0');
  });
  return { repeats };

  function write(task: UnnamedTask, key: string, top: boolean): void {
    const id = writtenId(task);
    if (id !== undefined) {
      const wanted = top && recounted.has(id) ? `${key}.${id}` : id;
      const got = free(wanted);
      if (got !== wanted && repeats.length <= maxRepeats) repeats.push({ id: wanted, instead: got, line: task.line });
      task.id = got;
      task.idWritten = true;
    }
    if (task.children.length > 0) for (const child of task.children) write(child, key, false);
  }

  function writtenId(task: UnnamedTask): string | undefined {
    if (task.idWritten) return task.id;
    const word = words.get(task);
    if (word === undefined || nodes.has(word)) return word;
    task.text = `${word}: ${task.text}`.trim();
    return undefined;
  }

  function number(tasks: readonly UnnamedTask[], key: string): void {
    tasks.forEach((task, index) => {
      if (!task.idWritten) task.id = free(`${key}.${index + 1}`);
      if (task.children.length > 0) number(task.children, task.id);
    });
  }

  function free(wanted: string): string {
    // Most ids are free, which adding them tells.
    const before = taken.size;
    if (taken.add(wanted).size > before) return wanted;
    // Remembers where it stopped, or 100,000 tasks of one id would take 5e9 steps.
    let count = nextFree.get(wanted) ?? 2;
    while (taken.has(`${wanted}~${count}`)) count += 1;
    nextFree.set(wanted, count + 1);
    taken.add(`${wanted}~${count}`);
    return `${wanted}~${count}`;
  }
}

/** What the key of a phase is made of. */
interface KeyedPhase {
  readonly kind: Phase['kind'];
  readonly number?: string | undefined;
  readonly cycle?: number | undefined;
}

/** What the ids of tasks without a written one begin with, for each phase: its number, where no phase before it has the same. */
export function phaseKeys(phases: readonly KeyedPhase[]): readonly string[] {
  const taken = new Set<string>();
  const numbers = phases.map(({ number }) => {
    if (number === undefined || taken.has(number)) return undefined;
    taken.add(number);
    return number;
  });
  let ordinal = 0;
  return phases.map(({ kind, cycle }, index) => {
    if (kind !== 'loose') ordinal += 1;
    const number = numbers[index];
    if (number !== undefined) return number;
    const wanted = kind === 'loose' ? '0' : kind === 'fix' ? `fix${cycle ?? ordinal}` : `${ordinal}`;
    const key = taken.has(wanted) ? `p${ordinal}` : wanted;
    taken.add(key);
    return key;
  });
}

/** Bare numbers that stand for more than one task at the top level. */
function recountedNumbers(phases: readonly PhaseDraft[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const phase of phases) {
    for (const { id, idWritten } of phase.tasks) {
      if (!idWritten || !/^\d+$/.test(id)) continue;
      if (seen.has(id)) repeated.add(id);
      seen.add(id);
    }
  }
  return repeated;
}
