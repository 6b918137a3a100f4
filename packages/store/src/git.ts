// Node only: the git of this machine.
export { gitRepository } from './git/repository.js';
export type { GitRepositoryOptions } from './git/repository.js';
export { gitExchange } from './git/exchange.js';
export type { GitExchangeOptions } from './git/exchange.js';
export { gitWorkFolders } from './git/work-folders.js';
export type { GitWorkFoldersOptions } from './git/work-folders.js';
