import { remoteRun } from '@conductor/core/run';
import type { RemoteRun, RemoteRunCommand } from '@conductor/core/run';
import type { Json, LeaseRequest, Opt, RecordOp, Store } from '@conductor/core/ports';
import type { Unit } from '../commit-units.js';

/** Folds what a run has gained since `from`. O(new events), and a run has at most three. */
export async function loadRun(store: Store, id: string, from?: RemoteRun, o: Opt = {}): Promise<RemoteRun> {
  let run = from ?? remoteRun.initial(id);
  for await (const page of store.read(`run/${id}`, { after: run.version, ...o }))
    for (const event of page) run = remoteRun.evolve(run, event);
  return run;
}

/** A command of a run as a share of a commit. The version is checked, so that of two who speak at once one is refused. */
export function runUnit(store: Store, id: string, command: RemoteRunCommand): Unit {
  return {
    stream: `run/${id}`,
    async decide(context) {
      const run = await loadRun(store, id);
      return { version: run.version, events: remoteRun.decide(run, command, context) };
    },
  };
}

/** The lease under which a worker does a run. Whoever holds it alone can say how the run ended, or that its worker is gone. */
export function runLease(id: string, owner: string, ttlMs: number): LeaseRequest {
  const set = `run:${id}`;
  return { set, owner, keys: [{ key: set, mode: 'exclusive' }], ttlMs };
}

/** Rows of the runs that nobody has claimed yet: a worker finds them without reading what was. */
export const openRuns = 'run';

/** What a worker has to know of an open run to tell whether it can do it. */
export interface OpenRun {
  readonly runId: string;
  readonly trackId: string;
  readonly role: 'worker' | 'fixer';
  readonly taskType: string;
}

/** The row of a run: there as long as it is open. */
export function openRow(runId: string, value: Json | undefined): RecordOp {
  return { collection: openRuns, key: runId, expectedRevision: 'any', value };
}

/** Where the runs of a project are announced. An announcement is a wake-up: the row is what counts. */
export function runQueue(projectId: string): string {
  return `runs/${projectId}`;
}
