import { ConductorError } from '@conductor/core';
import type { Assignment, Executor, Outcome } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { limitedRun } from './run-executor.js';

/**
 * Asks an agent outside any run: only its answer counts. Whatever else it leaves behind belongs to no run, so that nobody has to find it
 * after a crash. `about` stands in its log lines. Throws the reason of the signal.
 */
export async function askOutside(
  engine: EngineContext,
  executor: Executor,
  assignment: Assignment,
  { signal, about }: { readonly signal: AbortSignal; readonly about: Readonly<Record<string, string>> },
): Promise<Outcome> {
  const outcome = await limitedRun(engine, executor, assignment, {
    signal,
    contextOf: (own, heard) => ({
      signal: own,
      clock: engine.clock,
      logger: engine.logger.with(about),
      report: async () => heard(),
      spawned: async () => heard(),
      extend: async () => {
        throw new ConductorError('UNSUPPORTED', 'Only tasks hold files');
      },
    }),
  });
  signal.throwIfAborted();
  return outcome;
}
