// Node only: checks that run the project's own commands.
export { commandRunner } from './evaluators/run-command.js';
export type { CommandRunnerOptions } from './evaluators/run-command.js';
export { CodeQualityOptions, evalCodeQuality, evaluateCodeQuality } from './evaluators/code-quality.js';
