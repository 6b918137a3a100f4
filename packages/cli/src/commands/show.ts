import type { Track } from '@conductor/core/api';
import type { CommandSpec } from '../command.js';
import { findTrack } from '../find-track.js';
import { cut, fit, plain } from '../plain-text.js';
import { lookAtProject } from '../with-project.js';

const columns = 80;

export const showCommand: CommandSpec = {
  name: 'show',
  description: 'everything on record about one track',
  arguments: [{ usage: '<track>', description: 'its id, or the beginning of it' }],
  async run(context, [wanted]) {
    return lookAtProject(context, async (project) => {
      const track = await findTrack(project, wanted);
      context.out.result({ track }, trackText(track, `${project.folder}/tracks/${track.id}`));
      return 0;
    });
  },
};

function trackText(track: Track, folder: string): string {
  const { progress, dependencies, labels } = track;
  const rows: readonly (readonly [name: string, value: string | undefined])[] = [
    ['Track', track.id],
    ['Name', track.name],
    ['Type', `${track.type}, ${track.priority}`],
    ['Lifecycle', track.lifecycle],
    ['Step', `${track.step} ${track.stepStatus.toLowerCase().replaceAll('_', ' ')}`],
    ['Mode', track.mode?.toLowerCase()],
    ['Tasks', `${progress.done} of ${progress.total}`],
    ['Fix cycles', String(track.fixCycles)],
    [
      'Revised',
      track.planRevisions === 0 ? undefined : track.planRevisions === 1 ? 'once' : `${track.planRevisions} times`,
    ],
    ['Depends on', list(dependencies)],
    ['Labels', list(labels)],
    ['Conditions', count(track.conditions.length)],
    ['Blockers', count(track.blockers.filter(({ active }) => active).length)],
    ['Questions', count(track.approvals.length)],
    ['Last stop', track.lastStop],
    ['Created', track.createdAt],
    ['Changed', track.updatedAt],
    ['Completed', track.completedAt],
    ['Folder', folder],
    ['Next', `${track.next.do}: ${track.next.reason}`],
  ];
  return rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => cut(`${fit(name, 12)}${plain(value ?? '')}`, columns))
    .join('\n');
}

function list(items: readonly string[]): string | undefined {
  return items.length === 0 ? undefined : items.join(', ');
}

function count(items: number): string | undefined {
  return items === 0 ? undefined : String(items);
}
