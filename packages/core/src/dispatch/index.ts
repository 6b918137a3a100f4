// The two families of agents as one table
export { brainstormTypes } from './brainstorm-types.js';
export { agentNameOf, dispatchRowOf, dispatchTable } from './dispatch-table.js';
export type { DispatchParameter, DispatchRow, ParameterKind } from './dispatch-table.js';

// The published command line
export { agentArguments, resumeFrom } from './agent-arguments.js';
export type { AgentValues } from './agent-arguments.js';
