// Node only: the disk of this machine.
export { fileArtifacts } from './file/artifacts.js';
export type { FileArtifactsOptions } from './file/artifacts.js';
export { fileStore } from './file/log/file-store.js';
export type { FileStore, FileStoreOptions, ProcessLock } from './file/log/file-store.js';
export type { FileUpkeep } from './file/log/upkeep.js';
export { nodeLogFiles } from './file/log/log-files.js';
export type { LogFiles } from './file/log/log-files.js';
export { fileWorkspace } from './file/workspace.js';
export type { FileWorkspaceOptions } from './file/workspace.js';
export { safeGlob, safePath } from './safe-path.js';
export type { SafePathOptions } from './safe-path.js';
