// Executors without a process; run anywhere
export { functionExecutor } from './function-executor.js';
export type { ExecutorFunction, FunctionExecutorOptions } from './function-executor.js';
export { scriptedExecutor } from './scripted-executor.js';
export type { ScriptedExecutor, ScriptLine } from './scripted-executor.js';

// What an agent is told, and what it answers
export { promptOf } from './prompt/prompt-of.js';
export type { PromptOptions } from './prompt/prompt-of.js';
export { checkedOutcome, outcomeOf, parseAnswer } from './answer.js';

// Agents of the published families: their calls, their words, their exit codes
export { agentCallOf } from './superpower/agent-call.js';
export type { AgentCall } from './superpower/agent-call.js';
export { agentOutcome } from './superpower/agent-outcome.js';
export type { AgentEnd } from './superpower/agent-outcome.js';
export { verdictWords } from './superpower/spoken-verdict.js';
export type { SpokenVerdict, VerdictWords } from './superpower/spoken-verdict.js';
