import { raceAbort } from '@conductor/core';
import type { Assignment, Executor, ExecutorCapabilities, Outcome, RunContext } from '@conductor/core/ports';
import { checkedOutcome, failedWith } from './answer.js';

/** Work done by a function of this process: a text is done with that summary, a throw is a failure. */
export type ExecutorFunction = (
  assignment: Assignment,
  context: RunContext,
) => Outcome | string | Promise<Outcome | string>;

export interface FunctionExecutorOptions {
  readonly name?: string | undefined;
  readonly capabilities?: Partial<ExecutorCapabilities> | undefined;
  /** How long a function may take to end after an abort before it is left behind; default 5 s. */
  readonly graceMs?: number | undefined;
}

const defaults: ExecutorCapabilities = {
  resume: false,
  structured: true,
  usage: false,
  cancel: true,
  edits: true,
  process: false,
};

/** A function as an executor. It answers exactly once, also when the function throws, answers nonsense, or ignores an abort. */
export function functionExecutor(run: ExecutorFunction, options: FunctionExecutorOptions = {}): Executor {
  const name = options.name ?? (run.name === '' ? 'function' : run.name);
  const capabilities = Object.freeze({ ...defaults, ...options.capabilities });
  return Object.freeze<Executor>({
    driver: Object.freeze({ port: 'executor', name, version: '1', api: 1, capabilities }),
    async run(assignment, context) {
      if (context.signal.aborted) return cancelled();
      const work = settle(run, assignment, context);
      try {
        return await raceAbort(work, context.signal);
      } catch {
        // Aborted: `work` itself never rejects. A function that ends by itself ends before its answer is given.
        return await endOf(work, context, options.graceMs ?? 5000);
      }
    },
  });
}

async function settle(run: ExecutorFunction, assignment: Assignment, context: RunContext): Promise<Outcome> {
  try {
    const outcome = checkedOutcome(await run(assignment, context), assignment.role);
    return context.signal.aborted ? cancelled() : outcome;
  } catch (error) {
    return context.signal.aborted ? cancelled() : failedWith(error);
  }
}

async function endOf(work: Promise<Outcome>, { clock }: RunContext, graceMs: number): Promise<Outcome> {
  const timer = new AbortController();
  const late = clock.sleep(graceMs, { signal: timer.signal }).catch(() => {}); // called off below
  try {
    await Promise.race([work, late]);
    return cancelled();
  } finally {
    timer.abort();
  }
}

function cancelled(): Outcome {
  return { status: 'cancelled', summary: 'Cancelled' };
}
