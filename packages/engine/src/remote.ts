// Workers on other machines
export { runWorker } from './remote/run-worker.js';
export type { WorkerEvent, WorkerPorts, WorkerSettings, WorkerSummary } from './remote/worker-ports.js';
