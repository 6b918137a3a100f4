// Work for other machines
export { remoteRun } from './run.js';
export type { RemoteRun, RemoteRunCommand, RemoteRunStatus } from './run.js';
export { outcomeSchema, runEvents } from './run-events.js';
export type { RunEventData, RunEventType } from './run-events.js';
