import type { Track } from '@conductor/core/api';
import type { Project } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { findTrack } from '../find-track.js';
import { textOption } from '../flags.js';

async function act(context: CommandContext, wanted: string | undefined, done: string, change: (project: Project, id: string) => Promise<Track>): Promise<number> {
  const project = await context.open();
  try {
    const { id } = await findTrack(project, wanted);
    const track = await change(project, id);
    context.out.result({ track }, `Track ${id} is ${track.lifecycle} (${done})`);
    return 0;
  } finally {
    await project.close();
  }
}

const target = [{ usage: '[track]', description: 'default: the active one' }] as const;
const why = ['--reason <text>', 'why'] as const;

export const pauseCommand: CommandSpec = {
  name: 'pause',
  description: 'pause a track, also one that runs in another process',
  arguments: target,
  options: [why, ['--now', 'interrupt running tasks instead of letting them end']],
  run: (context, [wanted], options) =>
    act(context, wanted, 'conductor resume', ({ api }, id) =>
      api.tracks.pause(id, { reason: textOption(options, 'reason'), mode: options['now'] === true ? 'now' : 'drain' }),
    ),
};

export const resumeCommand: CommandSpec = {
  name: 'resume',
  description: 'lift a pause; conductor run goes on',
  arguments: target,
  options: [why],
  run: (context, [wanted], options) => act(context, wanted, 'conductor run', ({ api }, id) => api.tracks.resume(id, { reason: textOption(options, 'reason') })),
};

export const cancelCommand: CommandSpec = {
  name: 'cancel',
  description: 'end a track for good',
  arguments: [{ usage: '<track>', description: 'its id' }],
  options: [why],
  run: (context, [wanted], options) => act(context, wanted, 'for good', ({ api }, id) => api.tracks.cancel(id, { reason: textOption(options, 'reason') })),
};
