import { lifecycles } from '@conductor/core';
import type { Track } from '@conductor/core/api';
import type { Project } from '@conductor/node';
import type { CommandSpec } from '../command.js';
import { choiceOption, numberOption, textOption } from '../flags.js';
import { table } from '../table.js';
import { lookAtProject } from '../with-project.js';

const over: readonly Track['lifecycle'][] = ['archived', 'cancelled'];

export const listCommand: CommandSpec = {
  name: 'list',
  description: 'the tracks of the project, newest change first',
  options: [
    ['--lifecycle <name>', 'only these'],
    ['--type <type>', 'only of this type'],
    ['--all', 'cancelled and archived ones too'],
    ['--limit <n>', 'at most so many'],
    ['--cursor <cursor>', 'go on where a list before ended'],
  ],
  async run({ open, out }, _args, options) {
    const lifecycle = choiceOption(options, 'lifecycle', '--lifecycle', lifecycles);
    const wanted = lifecycle
      ? [lifecycle]
      : options['all'] === true
        ? undefined
        : lifecycles.filter((name) => !over.includes(name));
    const limit = numberOption(options, 'limit', '--limit', 1);
    return lookAtProject({ open, out }, async (project) => {
      const page = await project.api.tracks.list({
        lifecycle: wanted,
        type: textOption(options, 'type'),
        limit,
        cursor: textOption(options, 'cursor'),
      });
      out.result(
        { tracks: page.items, ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor }) },
        page.items.length > 0 ? listText(page.items, page.nextCursor) : await emptyText(project),
      );
      return 0;
    });
  },
};

async function emptyText({ api }: Project): Promise<string> {
  const { items } = await api.tracks.list({ limit: 1 });
  return items.length > 0
    ? 'No track fits. All of them: conductor list --all'
    : 'No tracks yet. Next: conductor go "<what shall be true afterwards>"';
}

function listText(tracks: readonly Track[], next: string | undefined): string {
  const rows = tracks.map(({ id, lifecycle, step, progress }) => [
    id,
    lifecycle,
    step,
    `${progress.done}/${progress.total}`,
  ]);
  return [
    table(['Track', 'Lifecycle', 'Step', 'Tasks'], rows),
    ...(next === undefined ? [] : [`More: --cursor ${next}`]),
  ].join('\n');
}
