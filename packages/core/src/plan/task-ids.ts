import type { PhaseDraft, UnnamedTask } from './drafts.js';

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
  const keys = phaseKeys(phases);
  const recounted = recountedNumbers(phases);
  const nextFree = new Map<string, number>();

  for (const phase of phases) for (const task of phase.tasks) write(task, keys.get(phase) ?? '0', true);
  for (const phase of phases) number(phase.tasks, keys.get(phase) ?? '0');
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

function phaseKeys(phases: readonly PhaseDraft[]): ReadonlyMap<PhaseDraft, string> {
  const keys = new Map<PhaseDraft, string>();
  const taken = new Set<string>();
  for (const phase of phases) {
    const number = phase.heading?.number;
    if (number === undefined || taken.has(number)) continue;
    taken.add(number);
    keys.set(phase, number);
  }
  let ordinal = 0;
  for (const phase of phases) {
    if (phase.kind !== 'loose') ordinal += 1;
    if (keys.has(phase)) continue;
    const wanted =
      phase.kind === 'loose' ? '0' : phase.kind === 'fix' ? `fix${phase.heading?.cycle ?? ordinal}` : `${ordinal}`;
    const key = taken.has(wanted) ? `p${ordinal}` : wanted;
    taken.add(key);
    keys.set(phase, key);
  }
  return keys;
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
