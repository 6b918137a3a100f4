export { defineEvaluator, verdictOf } from './define-evaluator.js';
export type {
  AppliesTo,
  CommandEvidence,
  Evaluation,
  EvaluationPass,
  EvaluatorContext,
  EvaluatorDefinition,
  EvaluatorPlugin,
  Evidence,
  FileHandle,
} from './define-evaluator.js';
export { defineDirector } from './define-director.js';
export type { DirectorContext, DirectorDefinition, DirectorPlugin, Heard } from './define-director.js';
export { defineExecutor } from './define-executor.js';
export type {
  Agent,
  AgentFunction,
  CommandAgent,
  ExecutorContext,
  ExecutorDefinition,
  ExecutorPlugin,
} from './define-executor.js';
export { definePlugin } from './define-plugin.js';
export type { BundleDefinition, BundlePlugin } from './define-plugin.js';
export { defineConfig } from './config.js';
export type { Agents, ConductorConfig, ConfigFunction, EngineOptions, Role } from './config.js';
export { openPlugins } from './open-plugins.js';
export type { Opened, OpenedPlugins, OpenPluginsOptions } from './open-plugins.js';
export { isPlugin } from './plugin.js';
export type { DefinedPlugin, In, Maybe, Out, Plugin, PluginContext, PluginKind, Schema } from './plugin.js';
// What the signatures above speak of, so that an author imports from one place.
export type { Assignment, Outcome, Progress } from '../ports/executor.js';
export type { Assessment, BoardForm, Condition, Facts, Proposal, Remark, Vote } from '../track/board-model.js';
export type { Finding } from '../kernel/finding.js';
export type { Task } from '../track/task-model.js';
