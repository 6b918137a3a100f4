// Workers on other machines
export { runWorker } from './remote/run-worker.js';
export type { RunRecords, WorkerEvent, WorkerPorts, WorkerSettings, WorkerSummary } from './remote/worker-ports.js';
