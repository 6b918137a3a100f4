import type { Assignment, Executor, ExecutorCapabilities, Outcome, RunContext } from '../ports/executor.js';
import { makePlugin } from './plugin.js';
import type { DefinedPlugin, Out, Plugin, PluginContext, Schema } from './plugin.js';

export interface ExecutorContext<O> extends RunContext {
  readonly options: O;
  /** In the assignment's folder; writes only to the files of the task. `PATH_UNSAFE`, `FILE_NOT_FOUND`. */
  readonly workspace: { read(path: string): Promise<string>; write(path: string, text: string): Promise<void> };
}

export interface ExecutorDefinition<S extends Schema = undefined> {
  id: string;
  options?: S;
  capabilities?: Partial<ExecutorCapabilities>;
  /** For `doctor`; costs no turn. */
  check?(context: PluginContext<Out<S>>): Promise<{ ok: boolean; version?: string; message: string; hint?: string }>;
  /** A string counts as done with that summary; a thrown error as failed. */
  run(assignment: Assignment, context: ExecutorContext<Out<S>>): Promise<Outcome | string>;
}

export type ExecutorPlugin<S extends Schema = Schema> = DefinedPlugin<'executor', S, ExecutorDefinition<S>>;

/** Somebody who does work: a model, a command, a service. */
export function defineExecutor<S extends Schema = undefined>(definition: ExecutorDefinition<S>): ExecutorPlugin<S> {
  return makePlugin<'executor', S, ExecutorDefinition<S>>('executor', definition);
}

/** A program that is run once per assignment; plain data, so that a JSON configuration can name it. */
export interface CommandAgent {
  /** Program and arguments; `{assignment}` stands for the path of the assignment's JSON file, `{agent}` for the agent's name. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Also render the assignment as a Markdown prompt, at the path in CONDUCTOR_PROMPT. */
  readonly prompt?: boolean;
  /** Take exit 0 as done, with the last line of output as its summary. */
  readonly plain?: boolean;
  /**
   * `superpower`: the program speaks the published command line. It is called with `--name=value` for each parameter of the
   * track's family of agents, `{agent}` in an argument becomes its name, and exit codes 0 to 4 mean what they say.
   */
  readonly protocol?: 'superpower' | undefined;
}

/** A function does as an executor, and so does a driver of the port; a string names a plugin by id. */
export type AgentFunction = (assignment: Assignment, context: ExecutorContext<undefined>) => Promise<Outcome | string>;
export type Agent = Plugin<'executor'> | Executor | AgentFunction | CommandAgent | string;
