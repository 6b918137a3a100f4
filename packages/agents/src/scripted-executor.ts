import type { Assignment, Executor, Outcome, Progress } from '@conductor/core/ports';
import { failedOutcome } from './answer.js';
import { functionExecutor } from './function-executor.js';
import type { ExecutorFunction } from './function-executor.js';

/** One line of a script: whom it is for, and what is answered. A field that is absent fits all. */
export interface ScriptLine {
  readonly role?: Assignment['role'] | undefined;
  /** Id of the task; for workers and fixers. */
  readonly task?: string | undefined;
  readonly step?: Assignment['step'] | undefined;
  readonly attempt?: number | undefined;
  /** How often the line may be used; default: always. */
  readonly times?: number | undefined;
  /** Told before the answer, in this order. */
  readonly progress?: readonly Progress[] | undefined;
  /** A text is done with that summary; a function may work first. */
  readonly answer: Outcome | string | ExecutorFunction;
}

/** An executor that also tells what it was asked. */
export interface ScriptedExecutor extends Executor {
  /** Every assignment it was handed, in order. */
  readonly assignments: readonly Assignment[];
}

/**
 * Answers from a script: the first line that fits and is not used up. For tests and demos: nothing is left to chance, and
 * what nobody has written down is `failed EXECUTOR_NO_OUTCOME`, not retried.
 */
export function scriptedExecutor(
  script: readonly ScriptLine[],
  options: { readonly name?: string } = {},
): ScriptedExecutor {
  const assignments: Assignment[] = [];
  const used = new Map<ScriptLine, number>();
  const pick = (assignment: Assignment) => {
    const line = script.find((one) => fits(one, assignment) && (used.get(one) ?? 0) < (one.times ?? Infinity));
    if (line !== undefined) used.set(line, (used.get(line) ?? 0) + 1);
    return line;
  };
  const run: ExecutorFunction = async (assignment, context) => {
    assignments.push(assignment);
    const line = pick(assignment);
    if (line === undefined) return unwritten(assignment);
    for (const progress of line.progress ?? []) await context.report(progress);
    return typeof line.answer === 'function' ? line.answer(assignment, context) : line.answer;
  };
  return Object.freeze({ ...functionExecutor(run, { name: options.name ?? 'scripted' }), assignments });
}

function fits(line: ScriptLine, assignment: Assignment): boolean {
  return (
    (line.role === undefined || line.role === assignment.role) &&
    (line.step === undefined || line.step === assignment.step) &&
    (line.attempt === undefined || line.attempt === assignment.attempt) &&
    (line.task === undefined || ('task' in assignment && line.task === assignment.task.id))
  );
}

function unwritten(assignment: Assignment): Outcome {
  const task = 'task' in assignment ? ` of task ${assignment.task.id}` : '';
  const who = `the ${assignment.role}${task}, step ${assignment.step}, attempt ${assignment.attempt}`;
  return failedOutcome('EXECUTOR_NO_OUTCOME', `The script has no line for ${who}`, { retryable: false });
}
