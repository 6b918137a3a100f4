import { ConductorError, instant } from '@conductor/core';
import type { Assignment, Executor, Outcome, RunContext } from '@conductor/core/ports';
import { failedWith } from '../answer.js';
import { agentCallOf } from '../superpower/agent-call.js';
import type { AgentCall } from '../superpower/agent-call.js';
import { agentOutcome, refusedCall } from '../superpower/agent-outcome.js';
import { verdictWords } from '../superpower/spoken-verdict.js';
import { executorOf, runOnce } from './command-executor.js';
import type { CommandExecutorOptions } from './command-executor.js';
import { logSuperpowerError, readCheckpoint, requireFile } from './track-files.js';

export type SuperpowerExecutorOptions = Omit<CommandExecutorOptions, 'plain'>;

/**
 * A program that speaks the published command line of the loop's agents, as an executor: `superpowers:*` or `loop-*`, as the
 * track has chosen. It is called with `--name=value` for each parameter; `{agent}` in an argument becomes the agent's name. Its
 * input file must exist before the call (else as exit code 3). Exit codes 0 to 4 are passed through; 0 counts by its verdict,
 * and its checkpoint in `metadata.json` should then read PASSED: if not, that is a warning. What a superpower fails at is also
 * appended to `superpower-errors.log` of the track.
 */
export function superpowerExecutor(options: SuperpowerExecutorOptions): Executor {
  if (options.command.length === 0)
    throw new ConductorError('CONFIG_INVALID', `The command of ${options.id} is empty`, { hint: 'Give a program.' });
  return executorOf(options, async (assignment, context) => {
    const root = options.root ?? assignment.folder;
    let call: AgentCall;
    try {
      call = agentCallOf(assignment);
    } catch (error) {
      return refusedCall(error);
    }
    const outcome = await callAgent(call, root, assignment, context, options);
    await afterwards(call, root, assignment, context, outcome);
    return outcome;
  });
}

async function callAgent(
  call: AgentCall,
  root: string,
  assignment: Assignment,
  context: RunContext,
  options: SuperpowerExecutorOptions,
): Promise<Outcome> {
  try {
    if (call.input !== undefined) await requireFile(root, call.input);
  } catch (error) {
    return refusedCall(error);
  }
  const words = verdictWords();
  const { agent, trackFolder } = call;
  return runOnce(assignment, context, options, {
    command: [...options.command.map((part) => part.replaceAll('{agent}', agent)), ...call.arguments],
    env: { CONDUCTOR_AGENT: agent },
    heard: (line) => words.add(line),
    async outcome({ exitCode, signal }, { answer, tail }, { role, step }) {
      const checkpoint = exitCode === 0 ? (await readCheckpoint(root, trackFolder, step))?.status : undefined;
      return agentOutcome({ agent, exitCode, signal, answer, spoken: words.verdict(), checkpoint, tail }, role);
    },
  });
}

/** After a success the checkpoint is looked at, after a failure the track's log gets its line. Neither changes the outcome. */
async function afterwards(
  { agent, trackFolder }: AgentCall,
  root: string,
  assignment: Assignment,
  context: RunContext,
  outcome: Outcome,
): Promise<void> {
  const { logger, clock } = context;
  try {
    if (outcome.status === 'done') {
      const status = (await readCheckpoint(root, trackFolder, assignment.step))?.status;
      if (status === 'PASSED' || goesOn(assignment, status)) return;
      const note = `${agent} reported success, but its checkpoint ${assignment.step} reads ${status ?? 'nothing'}, not PASSED`;
      logger.warn(note, { code: 'CHECKPOINT_NOT_PASSED', agent, step: assignment.step });
    } else if (outcome.status !== 'cancelled' && agent.startsWith('superpowers:')) {
      await logSuperpowerError(root, trackFolder, {
        at: instant(clock.now()),
        superpower: agent,
        ...(outcome.exitCode !== undefined && { exitCode: outcome.exitCode }),
        message: outcome.summary,
      });
    }
  } catch (error) {
    logger.warn(`What ${agent} left behind could not be looked after`, { error: failedWith(error).summary });
  }
}

/** One task of several: the step is not over, and its checkpoint says so. */
function goesOn({ input }: Assignment, status: string | undefined): boolean {
  const open =
    typeof input === 'object' && input !== null && 'openTasks' in input
      ? (input as { openTasks: unknown }).openTasks
      : 0;
  return status === 'IN_PROGRESS' && typeof open === 'number' && open > 1;
}
