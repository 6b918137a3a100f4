import { anySignal, ConductorError } from '@conductor/core';
import type { RemoteRun } from '@conductor/core/run';
import type { Grant } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { loadRun, runLease } from './run-log.js';

/** How a run ended, as far as the engine was told. */
export interface RunEnd {
  readonly run: RemoteRun;
  /** Held by the engine now. With a run that is still claimed it proves that its worker is gone and can report no more. */
  readonly grant?: Grant;
}

type Waiting = Pick<EngineContext, 'store' | 'owner' | 'limits'>;

/**
 * Resolves when a worker has ended the run, or when the one that had claimed it is gone. Needs no message: the end is
 * read from the log, and a death shows in the lease of the run, which comes to whoever waits for it.
 */
export async function endOfRun(engine: Waiting, runId: string, signal: AbortSignal): Promise<RunEnd> {
  const claimed = await runWhen(engine, runId, ({ status }) => status !== 'offered', signal);
  if (claimed.status !== 'claimed') return { run: claimed };
  const over = new AbortController();
  const either = anySignal([signal, over.signal]);
  let wanted = true;
  const left = inheritedLease(engine, runId, either.signal).then(async (grant) => {
    if (wanted) return { run: await loadRun(engine.store, runId, claimed), grant };
    await engine.store.leases.release(grant.set, grant.token); // it came in the moment of the end
    return { run: claimed };
  });
  const ended = runWhen(engine, runId, ({ status }) => status !== 'claimed', either.signal).then((run) => ({ run }));
  try {
    return await Promise.race([ended, left]);
  } finally {
    wanted = false;
    over.abort();
    either.dispose();
    for (const other of [ended, left]) other.catch(() => {}); // whoever lost the race was called off
  }
}

/** Follows a run until its state is what is waited for. */
async function runWhen(
  { store }: Waiting,
  runId: string,
  until: (run: RemoteRun) => boolean,
  signal: AbortSignal,
): Promise<RemoteRun> {
  const after = await store.head({ signal });
  let run = await loadRun(store, runId, undefined, { signal });
  if (until(run)) return run;
  for await (const page of store.follow({ after, kinds: ['run'], signal })) {
    if (!page.some(({ stream }) => stream === `run/${runId}`)) continue;
    run = await loadRun(store, runId, run, { signal });
    if (until(run)) return run;
  }
  signal.throwIfAborted();
  throw new ConductorError('CLOSED', `The log ended before run ${runId}`);
}

/**
 * The lease of a run once its worker holds it no more: given back, or expired. Asked for anew from time to time: the place in
 * the line of an engine that died would else be kept for as long as it was willing to wait.
 */
async function inheritedLease({ store, owner, limits }: Waiting, runId: string, signal: AbortSignal): Promise<Grant> {
  const request = runLease(runId, owner, limits.leaseMs);
  for (;;) {
    try {
      return await store.leases.acquire(request, { waitMs: limits.claimLeaseMs, signal });
    } catch (error) {
      if (!ConductorError.is(error, 'LEASE_HELD')) throw error; // a run may take longer than any one wait
    }
  }
}
