import { ConductorError } from '@conductor/core';
import { isPlugin } from '@conductor/core/plugin';
import type { Agent, Agents as AgentsOption, CommandAgent, ExecutorDefinition, Opened } from '@conductor/core/plugin';
import type { Assignment, Executor, Outcome, RunContext, Workspace } from '@conductor/core/ports';
import type { Agents } from './engine-context.js';
import { remoteAgent, remoteExecutor } from './remote/remote-executor.js';

const fallbacks = new Map([['fixer', ['fixer', 'worker', 'default']]]);
/** Second opinions are asked only where a host named somebody for them. */
const optional: readonly string[] = ['critic', 'cto', 'judge'];

/** What a function as agent needs of the project to do its task. */
export type TaskFiles = Pick<Workspace, 'key' | 'read' | 'replace'>;

/** Where the files of an assignment lie: the project's folder, or the copy in which one run works. */
type FilesOf = (assignment: Assignment) => TaskFiles;

/** Resolves the agents a host handed in: by role, for workers also by task type. Throws `PLUGIN_INVALID` for an unknown id. */
export function resolveAgents(
  option: AgentsOption | undefined,
  executors: readonly Opened<ExecutorDefinition>[],
  filesOf: FilesOf,
): Agents {
  const named = new Map<string, Executor>();
  const add = (role: string, agent: Agent) => named.set(role, executorOf(agent, executors, filesOf));
  if (option !== undefined && isAgent(option)) add('default', option);
  else {
    for (const [role, agent] of Object.entries(option ?? {})) {
      if (agent === undefined) continue;
      if (isAgent(agent)) add(role, agent);
      else
        for (const [type, worker] of Object.entries(agent))
          add(type === 'default' ? 'worker' : `worker:${type}`, worker);
    }
  }
  return {
    names: (role) => named.has(role),
    for: (role, taskType) => {
      const typed = taskType === undefined ? undefined : named.get(`worker:${taskType}`);
      if (typed && role === 'worker') return typed;
      const order = fallbacks.get(role) ?? (optional.includes(role) ? [role] : [role, 'default']);
      return order.map((name) => named.get(name)).find((executor) => executor !== undefined);
    },
  };
}

/** Commands need an operating system: the composition root turns them into executors before the engine opens. */
export function isCommand(agent: unknown): agent is CommandAgent {
  return typeof agent === 'object' && agent !== null && 'command' in agent && Array.isArray(agent.command);
}

function isAgent(value: AgentsOption | Readonly<Record<string, Agent>>): value is Agent {
  return (
    typeof value === 'function' || typeof value === 'string' || isPlugin(value) || isExecutor(value) || isCommand(value)
  );
}

function isExecutor(value: unknown): value is Executor {
  return (
    typeof value === 'object' &&
    value !== null &&
    'driver' in value &&
    'run' in value &&
    typeof value.run === 'function'
  );
}

function executorOf(agent: Agent, executors: readonly Opened<ExecutorDefinition>[], filesOf: FilesOf): Executor {
  if (typeof agent === 'function')
    return adapt({ id: agent.name === '' ? 'function' : agent.name, run: agent }, undefined, filesOf);
  if (isExecutor(agent)) return agent;
  if (isCommand(agent))
    throw new ConductorError('CAPABILITY_MISSING', `This host runs no commands: ${agent.command.join(' ')}`, {
      details: { port: 'executor' },
    });
  if (agent === remoteAgent) return remoteExecutor;
  const id = typeof agent === 'string' ? agent : agent.id;
  const opened = executors.find((executor) => executor.id === id);
  if (opened) return adapt(opened.definition, opened.options, filesOf);
  throw new ConductorError('PLUGIN_INVALID', `There is no executor ${id}`, {
    hint: 'List the plugin in `plugins`, or hand the agent in itself.',
    details: { plugin: id, reason: 'unknown' },
  });
}

/** A definition with friendly edges as the port: a string is an outcome, `workspace` reads and writes the task's files. */
function adapt(definition: ExecutorDefinition, options: unknown, filesOf: FilesOf): Executor {
  const capabilities = {
    resume: false,
    structured: false,
    usage: false,
    cancel: true,
    edits: true,
    process: false,
    ...definition.capabilities,
  };
  return {
    driver: { port: 'executor', name: definition.id, version: '1', api: 1, capabilities },
    async run(assignment, context) {
      const outcome = await definition.run(assignment, {
        ...context,
        options: options as undefined, // parsed by the definition's own schema when the plugin was opened
        workspace: taskWorkspace(filesOf(assignment), assignment, context),
      });
      return typeof outcome === 'string' ? ({ status: 'done', summary: outcome } satisfies Outcome) : outcome;
    },
  };
}

function taskWorkspace(workspace: TaskFiles, assignment: Assignment, { signal }: RunContext) {
  const own = 'task' in assignment ? assignment.task.files : [];
  return {
    async read(path: string): Promise<string> {
      const bytes = await workspace.read(path, { signal });
      if (bytes) return new TextDecoder().decode(bytes);
      throw new ConductorError('FILE_NOT_FOUND', `There is no file ${path}`, { details: { path } });
    },
    async write(path: string, text: string): Promise<void> {
      if (assignment.readOnly === true) {
        throw new ConductorError('FORBIDDEN', `${path} cannot be written: this assignment asks for advice only`, {
          details: { path, rule: 'read-only' },
        });
      }
      if (own.length > 0 && !own.some((file) => workspace.key(file) === workspace.key(path))) {
        throw new ConductorError('PATH_UNSAFE', `${path} is not a file of this task`, {
          hint: `It may write: ${own.join(', ')}. Ask for more with extend().`,
          details: { path, files: own },
        });
      }
      await workspace.replace(path, new TextEncoder().encode(text), { signal });
    },
  };
}
