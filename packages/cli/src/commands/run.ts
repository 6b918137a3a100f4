import { steps } from '@conductor/core';
import type { Step } from '@conductor/core';
import type { RunInput } from '@conductor/core/api';
import type { Project } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { exitOfRun } from '../exits.js';
import { findTrack } from '../find-track.js';
import { amountOption, numberOption, textOption } from '../flags.js';
import type { Options } from '../flags.js';
import { followRun } from '../follow-run.js';
import { usage } from '../output.js';
import { runReport } from '../run-report.js';
import { withProject } from '../with-project.js';

/** Flags of every command that runs a track, or a part of it. */
export const limitOptions = [
  ['--max-workers <n>', 'workers at one time, from now on'],
  ['--budget-tokens <n>', 'stop after so many tokens'],
  ['--budget-usd <amount>', 'stop after so much money'],
  ['--budget-minutes <n>', 'stop after so many minutes'],
] as const;

/** Flags of every command that runs a track. */
export const runOptions = [
  ['--until <step>', 'stop after this step'],
  ['--task <id>', 'only this task'],
  ...limitOptions,
] as const;

export const runCommand: CommandSpec = {
  name: 'run',
  aliases: ['implement'],
  description: 'run a track through the loop, and watch it',
  streaming: true,
  runner: true,
  arguments: [{ usage: '[track]', description: 'default: the active one' }],
  options: runOptions,
  async run(context, [wanted], options) {
    const input = runInput(options);
    const maxWorkers = numberOption(options, 'maxWorkers', '--max-workers', 1);
    return withProject(context, async (project) => {
      const { id } = await findTrack(project, wanted);
      return runAndTell(context, project, id, { input, maxWorkers });
    });
  },
};

export interface RunPlan {
  readonly input: RunInput;
  readonly maxWorkers?: number | undefined;
}

/** Runs, shows, prints the result; resolves with the exit code. */
export async function runAndTell(
  context: CommandContext,
  project: Project,
  id: string,
  { input, maxWorkers }: RunPlan,
): Promise<number> {
  // A track keeps its own rules, so this is one of them now, on record.
  if (maxWorkers !== undefined) await project.api.tracks.update(id, { limits: { maxWorkers } });
  const end = await followRun(context, project, id, input);
  const { where: _, ...fields } = end;
  context.out.end(fields, runReport(end));
  return exitOfRun(end.track);
}

export function runInput(options: Options): RunInput {
  const tokens = numberOption(options, 'budgetTokens', '--budget-tokens', 1);
  const usd = amountOption(options, 'budgetUsd', '--budget-usd');
  const minutes = amountOption(options, 'budgetMinutes', '--budget-minutes');
  const budget = {
    ...(tokens !== undefined && { tokens }),
    ...(usd !== undefined && { usd }),
    ...(minutes !== undefined && { wallMs: minutes * 60_000 }),
  };
  return {
    until: stepOption(options),
    task: textOption(options, 'task'),
    ...(Object.keys(budget).length > 0 && { budget }),
  };
}

/** `evaluate-plan`, `EVALUATE_PLAN`. Throws `USAGE`. */
function stepOption(options: Options): Step | undefined {
  const text = textOption(options, 'until');
  if (text === undefined) return undefined;
  const wanted = text.toUpperCase().replaceAll('-', '_');
  const step = steps.find((known) => known === wanted);
  if (step) return step;
  throw usage(
    `--until takes a step (${steps.join(', ')}), not ${JSON.stringify(text)}`,
    'conductor run --until EVALUATE_PLAN',
  );
}
