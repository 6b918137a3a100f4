import type { Track } from '@conductor/core/api';
import type { Project } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { findTrack } from '../find-track.js';
import { numberOption, textOption } from '../flags.js';
import { whereFlag } from '../where.js';
import { withProject } from '../with-project.js';
import { runAndTell, runInput, runOptions } from './run.js';

const target = [{ usage: '[track]', description: 'default: the active one' }] as const;
const why = ['--reason <text>', 'why'] as const;

interface Change {
  /** The lifecycle asked for: when it already holds, nothing is written. */
  readonly holds: Track['lifecycle'];
  readonly next: string;
  readonly make: (project: Project, id: string) => Promise<Track>;
}

/** Asks for a state; where it holds already, that is said, and it is no error. */
async function change(
  context: CommandContext,
  wanted: string | undefined,
  { holds, next, make }: Change,
): Promise<number> {
  return withProject(context, async (project) => {
    const before = await findTrack(project, wanted);
    const already = before.lifecycle === holds;
    const track = already ? before : await make(project, before.id);
    const where = whereFlag(context, project.root);
    context.out.result(
      { track },
      `Track ${track.id} is ${already ? 'already ' : ''}${track.lifecycle}${next === '' ? '' : `\nNext: ${next}${where} ${track.id}`}`,
    );
    return 0;
  });
}

export const pauseCommand: CommandSpec = {
  name: 'pause',
  description: 'pause a track, also one that runs in another process',
  arguments: target,
  options: [why, ['--now', 'interrupt running tasks instead of letting them end']],
  run: (context, [wanted], options) =>
    change(context, wanted, {
      holds: 'paused',
      next: 'conductor resume',
      make: ({ api }, id) =>
        api.tracks.pause(id, {
          reason: textOption(options, 'reason'),
          mode: options['now'] === true ? 'now' : 'drain',
        }),
    }),
};

export const cancelCommand: CommandSpec = {
  name: 'cancel',
  description: 'end a track for good, also one that runs in another process',
  arguments: target,
  options: [why],
  run: (context, [wanted], options) =>
    change(context, wanted, {
      holds: 'cancelled',
      next: '',
      make: ({ api }, id) => api.tracks.cancel(id, { reason: textOption(options, 'reason') }),
    }),
};

export const resumeCommand: CommandSpec = {
  name: 'resume',
  description: 'lift a pause, then run the track',
  streaming: true,
  runner: true,
  arguments: target,
  options: [why, ...runOptions, ['--no-run', 'only lift the pause']],
  async run(context, [wanted], options) {
    const input = runInput(options);
    const maxWorkers = numberOption(options, 'maxWorkers', '--max-workers', 1);
    return withProject(context, async (project) => {
      const before = await findTrack(project, wanted);
      const { id } = before;
      const track =
        before.lifecycle === 'paused'
          ? await project.api.tracks.resume(id, { reason: textOption(options, 'reason') })
          : before;
      if (options['run'] !== false) return runAndTell(context, project, id, { input, maxWorkers });
      context.out.end(
        { track },
        `Track ${id} is ${before.lifecycle === 'paused' ? '' : 'already '}${track.lifecycle}\nNext: conductor run ${id}`,
      );
      return 0;
    });
  },
};
