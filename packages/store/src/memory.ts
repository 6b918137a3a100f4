export { memoryStore } from './memory/store.js';
export type { MemoryStoreOptions } from './memory/store.js';
export { memoryArtifacts } from './memory/artifacts.js';
export type { MemoryArtifactsOptions } from './memory/artifacts.js';
export type { StoreLimits } from './rules/limits.js';
export { memoryWorkspace } from './memory/workspace.js';
export type { MemoryWorkspaceOptions } from './memory/workspace.js';
