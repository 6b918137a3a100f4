// What a worker of this machine is made of, in a file of its own: only who opens a worker loads it.
export { commandRunner } from '@conductor/agents/evaluators';
export { hostProcesses } from '@conductor/agents/node';
export { runWorker } from '@conductor/engine/remote';
export { leaseKeeper } from '@conductor/store';
export { gitWorkFolders } from '@conductor/store/git';
export { withExecutors } from './agents.js';
