import type { MoveInput, Track } from '@conductor/core/api';
import type { Project } from '@conductor/node';
import type { CommandSpec } from '../command.js';
import { findTrack } from '../find-track.js';
import { textOption } from '../flags.js';
import { whereFlag } from '../where.js';
import { withProject } from '../with-project.js';

interface Move {
  readonly name: string;
  readonly description: string;
  readonly to: MoveInput['to'];
  readonly switch?: boolean;
  /** What to type next, where there is something. */
  readonly next?: string;
}

/** A command that changes the lifecycle of a track, and nothing else of it. */
function mover({ name, description, to, switch: suspends = false, next }: Move): CommandSpec {
  return {
    name,
    description,
    arguments: [{ usage: '<track>', description: 'its id, or the beginning of it' }],
    options: [['--reason <text>', 'why']],
    async run(context, [wanted], options) {
      return withProject(context, async (project) => {
        const before = await findTrack(project, wanted);
        const already = before.lifecycle === to;
        const reason = textOption(options, 'reason');
        const active = suspends && !already ? await activeTrack(project) : undefined;
        const track = already ? before : await moved(project, before, { to, switch: suspends, reason });
        const lines = [
          `Track ${track.id} is ${already ? 'already ' : ''}${track.lifecycle}`,
          ...(active === undefined ? [] : [`Track ${active} is paused`]),
          ...(next === undefined ? [] : [`Next: ${next}${whereFlag(context, project.root)} ${track.id}`]),
        ];
        context.out.result({ track, ...(active !== undefined && { suspended: active }) }, lines.join('\n'));
        return 0;
      });
    },
  };
}

/** A draft is readied on the way to being active, as `run` does it. */
async function moved({ api }: Project, { id, lifecycle }: Track, input: MoveInput): Promise<Track> {
  if (input.to === 'active' && lifecycle === 'draft') await api.tracks.move(id, { to: 'ready', reason: input.reason });
  return api.tracks.move(id, input);
}

async function activeTrack({ api }: Project): Promise<string | undefined> {
  const { items } = await api.tracks.list({ lifecycle: ['active'] });
  return items.find(({ background }) => !background)?.id;
}

const run = 'conductor run';

export const readyCommand = mover({
  name: 'ready',
  description: 'say that a draft may be run',
  to: 'ready',
  next: run,
});

export const activateCommand = mover({
  name: 'activate',
  description: 'make a track the active one, where none is',
  to: 'active',
  next: run,
});

export const switchCommand = mover({
  name: 'switch',
  description: 'make a track the active one, and pause the one that is',
  to: 'active',
  switch: true,
  next: run,
});

export const retryCommand = mover({
  name: 'retry',
  description: 'make a failed track a draft again',
  to: 'draft',
  next: run,
});

export const archiveCommand = mover({
  name: 'archive',
  description: 'put away a track that is complete or cancelled',
  to: 'archived',
});
