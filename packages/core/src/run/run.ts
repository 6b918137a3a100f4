import { ConductorError } from '../kernel/error.js';
import type { EventEnvelope, Json, NewEvent } from '../ports/values.js';
import type { Decider } from '../track/decider.js';
import type { RunEventData, RunEventType } from './run-events.js';

/** Where a run stands. One run is offered, claimed and ended once: who tries again is offered another run. */
export type RemoteRunStatus = 'none' | 'offered' | 'claimed' | 'reported' | 'released';

/** One dispatch to another machine. */
export interface RemoteRun {
  readonly id: string;
  readonly version: number;
  readonly status: RemoteRunStatus;
  readonly offer?: RunEventData<'run.offered'>;
  readonly claim?: RunEventData<'run.claimed'>;
  readonly report?: RunEventData<'run.reported'>;
  readonly release?: RunEventData<'run.released'>;
}

export type RemoteRunCommand =
  | { readonly name: 'run.offer'; readonly data: RunEventData<'run.offered'> }
  | { readonly name: 'run.claim'; readonly data: RunEventData<'run.claimed'> }
  | { readonly name: 'run.report'; readonly data: RunEventData<'run.reported'> & { readonly owner: string } }
  | { readonly name: 'run.release'; readonly data: RunEventData<'run.released'> };

function event<T extends RunEventType>(type: T, data: RunEventData<T>): NewEvent {
  return { type, v: 1, data: data as Json }; // the schemas describe plain JSON
}

function decide(state: RemoteRun, command: RemoteRunCommand): readonly NewEvent[] {
  switch (command.name) {
    case 'run.offer':
      if (state.status !== 'none') throw refused(state, 'offered');
      return [event('run.offered', command.data)];
    case 'run.claim':
      if (state.status === 'claimed' && state.claim?.owner === command.data.owner) return []; // its commit was in doubt
      if (state.status !== 'offered') throw refused(state, 'claimed');
      return [event('run.claimed', command.data)];
    case 'run.report':
      return report(state, command.data);
    case 'run.release':
      return release(state, command.data);
  }
}

/** A report whose commit was in doubt may be repeated by the same worker; one that comes too late is refused. */
function report(
  state: RemoteRun,
  { owner, ...data }: Extract<RemoteRunCommand, { name: 'run.report' }>['data'],
): readonly NewEvent[] {
  if (state.claim?.owner === owner) {
    if (state.status === 'reported') return [];
    if (state.status === 'claimed') return [event('run.reported', data)];
  }
  throw new ConductorError('FENCED', `Run ${state.id} is ${state.status}: a report of ${owner} counts no more`, {
    details: { run: state.id, status: state.status, owner },
  });
}

function release(state: RemoteRun, data: RunEventData<'run.released'>): readonly NewEvent[] {
  if (state.status === 'released') return [];
  if (state.status === 'none' || state.status === 'reported') throw refused(state, 'released');
  return [event('run.released', data)];
}

function refused({ id, status }: RemoteRun, wanted: RemoteRunStatus): ConductorError {
  return new ConductorError('INVALID_STATE', `Run ${id} is ${status} and cannot be ${wanted}`, {
    details: { run: id, status },
  });
}

function evolve(state: RemoteRun, { type, data, version }: EventEnvelope): RemoteRun {
  const next = { ...state, version };
  switch (type as RunEventType) {
    case 'run.offered':
      return { ...next, status: 'offered', offer: data as RunEventData<'run.offered'> };
    case 'run.claimed':
      return { ...next, status: 'claimed', claim: data as RunEventData<'run.claimed'> };
    case 'run.reported':
      return { ...next, status: 'reported', report: data as RunEventData<'run.reported'> };
    case 'run.released':
      return { ...next, status: 'released', release: data as RunEventData<'run.released'> };
    default:
      return next; // newer facts are kept in the log and ignored here
  }
}

/** The mailbox between the engine that holds a track and the worker on another machine that does one attempt of a task. */
export const remoteRun: Decider<RemoteRun, RemoteRunCommand> = Object.freeze({
  kind: 'run',
  foldVersion: 1,
  initial: (id: string): RemoteRun => ({ id, version: 0, status: 'none' }),
  decide,
  evolve,
});
