import { commandExecutor } from '@conductor/agents/node';
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
  return commandExecutor({
    id: agent.command[0] === undefined ? role : `${role}: ${agent.command.join(' ')}`.slice(0, 120),
    command: agent.command,
    root,
    temporary,
    env: agent.env,
    prompt: agent.prompt,
    plain: agent.plain,
    limits: { killGraceMs },
  });
}

function isCommand(agent: unknown): agent is CommandAgent {
  return typeof agent === 'object' && agent !== null && 'command' in agent && Array.isArray(agent.command);
}
