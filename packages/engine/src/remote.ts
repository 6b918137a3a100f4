// Workers on other machines
export { runWorker } from './remote/run-worker.js';
export type {
  WorkerEvent,
  WorkerPorts,
  WorkerSettings,
  WorkerSummary,
  WorkFolder,
  WorkFolders,
} from './remote/worker-ports.js';
