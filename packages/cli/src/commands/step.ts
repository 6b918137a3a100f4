import { ConductorError } from '@conductor/core';
import type { Step } from '@conductor/core';
import type { Track } from '@conductor/core/api';
import type { CommandContext, CommandSpec } from '../command.js';
import { exitOfRun } from '../exits.js';
import { findTrack } from '../find-track.js';
import { followRun } from '../follow-run.js';
import type { RunEnd } from '../follow-run.js';
import { numberOption } from '../flags.js';
import type { Options } from '../flags.js';
import { usage } from '../output.js';
import { plain } from '../plain-text.js';
import { questionLines } from '../run-report.js';
import { eventsOfRun, stepAnswer } from '../step-report.js';
import type { StepAnswer } from '../step-report.js';
import { whereFlag } from '../where.js';
import { withProject } from '../with-project.js';
import { limitOptions, runInput } from './run.js';

/** Steps that can be taken one by one, with the names that folders of this kind know them by. */
const names: readonly (readonly [name: string, step: Step, aliases: readonly string[]])[] = [
  ['brainstorm', 'BRAINSTORM', ['brainstorm']],
  ['plan', 'PLAN', ['loop-planner', 'write-plan']],
  ['evaluate-plan', 'EVALUATE_PLAN', ['loop-plan-evaluator']],
  ['execute', 'EXECUTE', ['loop-executor', 'parallel-dispatcher', 'execute-plan']],
  ['evaluate-execution', 'EVALUATE_EXECUTION', ['loop-execution-evaluator']],
  ['fix', 'FIX', ['loop-fixer']],
];

/** Those take the active track where none is named. */
const byHand = new Set(['brainstorm', 'write-plan', 'execute-plan']);

const stepNames = names.map(([name]) => name).join(', ');
const common = { streaming: true, runner: true, options: limitOptions } as const;

export const stepCommand: CommandSpec = {
  ...common,
  name: 'step',
  description: 'one step of the loop, where the track stands at it',
  note: `The same by other names:\n${names.map(([name, , aliases]) => `  step ${name}: ${aliases.join(', ')}`).join('\n')}`,
  arguments: [
    { usage: '<name>', description: stepNames },
    { usage: '<track>', description: 'its id, or the beginning of it' },
  ],
  async run(context, [name = '', wanted], options) {
    const step = names.find(([known]) => known === name)?.[1];
    if (step) return takeStep(context, step, wanted, options);
    throw usage(
      `${JSON.stringify(name)} is no step: ${stepNames}`,
      `conductor step evaluate-plan ${wanted ?? '<track>'}`,
    );
  },
};

/** `loop-planner <track>` and the others: the same by another name. */
export const stepAliases: readonly CommandSpec[] = names.flatMap(([name, step, aliases]) =>
  aliases.map((alias): CommandSpec => ({
    ...common,
    name: alias,
    hidden: true,
    description: `conductor step ${name}`,
    arguments: [
      byHand.has(alias)
        ? { usage: '[track]', description: 'default: the active one' }
        : { usage: '<track>', description: 'its id, or the beginning of it' },
    ],
    run: (context, [wanted], options) => takeStep(context, step, wanted, options),
  })),
);

async function takeStep(
  context: CommandContext,
  step: Step,
  wanted: string | undefined,
  options: Options,
): Promise<number> {
  const { budget } = runInput(options);
  const maxWorkers = numberOption(options, 'maxWorkers', '--max-workers', 1);
  return withProject(context, async (project) => {
    const track = await findTrack(project, wanted);
    requireAt(track, step, whereFlag(context, project.root));
    if (maxWorkers !== undefined) await project.api.tracks.update(track.id, { limits: { maxWorkers } });
    const end = await followRun(context, project, track.id, { until: step, budget });
    const answer = stepAnswer(step, end, await eventsOfRun(project, end.run));
    const { closed, ...fields } = answer;
    const { track: now, stop, approvals } = end;
    context.out.end({ ...fields, step, track: now, stop, approvals }, answerText(step, answer, end));
    if (closed) return answer.verdict === 'PASS' ? 0 : 1;
    return exitOfRun(now);
  });
}

const atWork: readonly Track['lifecycle'][] = ['draft', 'ready', 'active'];

/** A track that is over, paused or asking is refused by `run` in its own words. Throws `INVALID_STATE`. */
function requireAt({ id, step, lifecycle }: Track, wanted: Step, where: string): void {
  if (step === wanted || !atWork.includes(lifecycle)) return;
  const here = names.find(([, known]) => known === step)?.[0];
  throw new ConductorError('INVALID_STATE', `Track ${id} stands at ${step}, not at ${wanted}`, {
    hint: here === undefined ? `conductor run${where} ${id}` : `conductor step ${here}${where} ${id}`,
    details: { track: id, step, wanted, allowed: [step] },
  });
}

function answerText(step: Step, { verdict, summary, filesChanged, tasks }: StepAnswer, end: RunEnd): string {
  const { track, approvals, where } = end;
  const workers =
    tasks === undefined
      ? []
      : [
          `Workers started: ${tasks.started}, tasks completed: ${tasks.completed}, failed: ${tasks.failed}, files changed: ${filesChanged}`,
        ];
  const next = names.find(([, known]) => known === track.step)?.[0];
  return [
    `${step} ${verdict}: ${plain(summary)}`,
    ...workers,
    ...approvals.flatMap((approval) => questionLines(approval, where)),
    ...(approvals.length > 0
      ? []
      : [`Next: conductor ${next === undefined ? 'run' : `step ${next}`}${where} ${track.id}`]),
  ].join('\n');
}
