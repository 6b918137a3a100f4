import { commandExecutor, superpowerExecutor } from '@conductor/agents/node';
import { ConductorError } from '@conductor/core';
import type { Agent, Agents, CommandAgent } from '@conductor/core/plugin';

interface Surroundings {
  readonly root: string;
  /** For the private files of a run: what a kill leaves there is removed by the next process. */
  readonly temporary: string;
  readonly killGraceMs: number;
}

/** Turns the commands among the agents of a configuration into executors; everything else stays as it is. */
export function withExecutors(agents: Agents | undefined, o: Surroundings): Agents | undefined {
  if (agents === undefined) return undefined;
  if (typeof agents !== 'object' || isCommand(agents) || 'kind' in agents || 'driver' in agents)
    return executorOf('default', agents as Agent, o);
  const entries = Object.entries(agents).map(
    ([role, agent]) => [role, agent === undefined ? undefined : byType(role, agent as Agent, o)] as const,
  );
  return Object.fromEntries(entries.filter(([, agent]) => agent !== undefined)) as Agents; // the same keys as before
}

function byType(role: string, agent: Agent | Readonly<Record<string, Agent>>, o: Surroundings): unknown {
  const single = typeof agent !== 'object' || isCommand(agent) || 'kind' in agent || 'driver' in agent;
  if (single) return executorOf(role, agent as Agent, o); // told apart above
  return Object.fromEntries(
    Object.entries(agent).map(([type, one]) => [type, executorOf(`${role}-${type}`, one as Agent, o)]),
  );
}

function executorOf(role: string, agent: Agent, { root, temporary, killGraceMs }: Surroundings): Agent {
  if (!isCommand(agent)) return agent;
  const { command, env, prompt, plain } = agent;
  const id = command[0] === undefined ? role : `${role}: ${command.join(' ')}`.slice(0, 120);
  const common = { id, command, root, temporary, env, prompt, limits: { killGraceMs } };
  if (agent.protocol === undefined) return commandExecutor({ ...common, plain });
  requireProtocol(role, agent);
  return superpowerExecutor(common);
}

/** A configuration is only data: its words are checked where they are used. */
function requireProtocol(role: string, { protocol, plain }: CommandAgent): void {
  if (protocol !== 'superpower') {
    throw new ConductorError('CONFIG_INVALID', `agents.${role} has the protocol ${JSON.stringify(protocol)}`, {
      hint: 'Leave `protocol` out, or set it to "superpower".',
    });
  }
  if (plain === true) {
    throw new ConductorError('CONFIG_INVALID', `agents.${role} is both \`plain\` and of a protocol`, {
      hint: 'Leave `plain` out: exit codes and verdicts count.',
    });
  }
}

function isCommand(agent: unknown): agent is CommandAgent {
  return typeof agent === 'object' && agent !== null && 'command' in agent && Array.isArray(agent.command);
}
