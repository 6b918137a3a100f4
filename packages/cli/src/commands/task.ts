import { ConductorError } from '@conductor/core';
import type { PlanTaskJson } from '@conductor/core/api';
import type { EventEnvelope } from '@conductor/core/ports';
import type { Project } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { eventData } from '../event-data.js';
import { exitOfRun } from '../exits.js';
import { findTrack } from '../find-track.js';
import { followRun } from '../follow-run.js';
import type { RunEnd } from '../follow-run.js';
import type { Options } from '../flags.js';
import { plain } from '../plain-text.js';
import { everyPlanTask } from '../plan-source.js';
import { questionLines } from '../run-report.js';
import { eventsOfRun, filesOf } from '../step-report.js';
import { whereFlag } from '../where.js';
import { withProject } from '../with-project.js';
import { limitOptions, runInput } from './run.js';

const common = {
  streaming: true,
  runner: true,
  description: 'work off one task of a track, and leave the others',
  arguments: [
    { usage: '<track>', description: 'its id, or the beginning of it' },
    { usage: '<task>', description: 'its id in the plan: 1.2' },
  ],
  options: limitOptions.filter(([flag]) => !flag.startsWith('--max-workers')),
  run: (context: CommandContext, [wanted, taskId = '']: readonly (string | undefined)[], options: Options) =>
    runTask(context, wanted, taskId, options),
} as const;

export const taskRunCommand: CommandSpec = { ...common, name: 'task run' };
export const taskWorkerCommand: CommandSpec = { ...common, name: 'task-worker', hidden: true };

async function runTask(
  context: CommandContext,
  wanted: string | undefined,
  taskId: string,
  options: Options,
): Promise<number> {
  const { budget } = runInput(options);
  return withProject(context, async (project) => {
    const track = await findTrack(project, wanted);
    const task = await taskOf(project, track.id, taskId);
    const where = whereFlag(context, project.root);
    if (task.state === 'done' || task.state === 'skipped') {
      const already = { verdict: 'PASS', task: taskId, summary: `Task ${taskId} is already ${task.state}` };
      context.out.end(
        { ...already, filesChanged: 0, ...(task.commit !== undefined && { commit: task.commit }), track },
        `${already.summary}${track.next.do === 'none' ? '' : `\nNext: conductor run${where} ${track.id}`}`,
      );
      return 0;
    }
    await requireFirst(project, track.id, taskId, where);
    const end = await followRun(context, project, track.id, { task: taskId, budget });
    return tell(context, end, taskId, await eventsOfRun(project, end.run));
  });
}

/** Throws `PLAN_NOT_FOUND`, `TASK_NOT_FOUND`. */
async function taskOf({ api }: Project, trackId: string, taskId: string): Promise<PlanTaskJson> {
  const { plan } = await api.plans.get(trackId);
  const found = everyPlanTask(plan).find(({ id }) => id === taskId);
  if (found) return found;
  throw new ConductorError('TASK_NOT_FOUND', `The plan of ${trackId} has no task ${taskId}`, {
    hint: `conductor plan show ${trackId}`,
    details: { track: trackId, task: taskId },
  });
}

/** What comes before it in the plan must be over, also where only its place says so. Throws `PREREQUISITES_UNMET`. */
async function requireFirst({ api }: Project, trackId: string, taskId: string, where: string): Promise<void> {
  const { nodes, edges } = await api.plans.graph(trackId);
  const over = new Set(nodes.filter(({ state }) => state === 'done' || state === 'skipped').map(({ id }) => id));
  const first = edges.filter(([before, after]) => after === taskId && !over.has(before)).map(([before]) => before);
  if (first.length === 0) return;
  throw new ConductorError('PREREQUISITES_UNMET', `Task ${taskId} waits for ${first.join(', ')}`, {
    hint: `conductor task run${where} ${trackId} ${first[0] ?? ''}`,
    details: { track: trackId, task: taskId, tasks: first },
  });
}

function tell(context: CommandContext, end: RunEnd, task: string, events: readonly EventEnvelope[]): number {
  const last = events.findLast(
    ({ type, data }) => /^task\.(?:completed|failed|blocked)$/u.test(type) && eventData(data).text('taskId') === task,
  );
  const fact = eventData(last?.data);
  const done = last?.type === 'task.completed';
  const commit = fact.text('commit');
  const { track, stop, approvals, where } = end;
  const summary = done
    ? fact.text('summary')
    : last
      ? fact.text('message') || fact.text('reason')
      : `It was not begun; the track stands at ${track.step}`;
  context.out.end(
    {
      verdict: done ? 'PASS' : 'FAIL',
      task,
      summary,
      filesChanged: filesOf(events).size,
      ...(done && commit !== '' && { commit }),
      track,
      stop,
      approvals,
    },
    [
      `Task ${task} ${done ? 'PASS' : 'FAIL'}: ${plain(summary)}${done && commit !== '' ? ` (${commit.slice(0, 10)})` : ''}`,
      ...approvals.flatMap((approval) => questionLines(approval, where)),
      ...(approvals.length === 0 ? [`Next: conductor run${where} ${track.id}`] : []),
    ].join('\n'),
  );
  return done ? 0 : Math.max(1, exitOfRun(track));
}
