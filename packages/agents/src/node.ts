// Node only: programs of this machine.
export { commandExecutor } from './node/command-executor.js';
export type { CommandExecutorOptions, CommandLimits } from './node/command-executor.js';
export { superpowerExecutor } from './node/superpower-executor.js';
export type { SuperpowerExecutorOptions } from './node/superpower-executor.js';
export { endGroup, hostProcesses, processRecord } from './node/process-group.js';
export type { EndGroupOptions } from './node/process-group.js';
export { hostFacts } from './node/host-facts.js';
export type { HostFacts } from './node/host-facts.js';
