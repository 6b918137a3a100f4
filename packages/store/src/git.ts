// Node only: the git of this machine.
export { gitRepository } from './git/repository.js';
export type { GitRepositoryOptions } from './git/repository.js';
