import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConductorError, priorities } from '@conductor/core';
import { complexityOf } from '@conductor/core/goal';
import type { CommandContext, CommandSpec } from '../command.js';
import { choiceOption, listOption, textOption } from '../flags.js';
import { usage } from '../output.js';
import { whereFlag } from '../where.js';
import { withProject } from '../with-project.js';

export const newCommand: CommandSpec = {
  name: 'new',
  aliases: ['new-track'],
  description: 'create a track from a goal, a spec or a plan',
  arguments: [{ usage: '[name]', description: 'what it is called' }],
  options: [
    ['--goal <text>', 'what shall be true afterwards'],
    ['--spec <file>', 'spec.md to start from, - for stdin'],
    ['--plan <file>', 'plan.md to start from, - for stdin'],
    ['--type <type>', 'feature, bugfix, refactor, infrastructure …'],
    ['--priority <priority>', 'P0 to P3'],
    ['--depends <id...>', 'tracks that must be complete first'],
    ['--limit <name=value...>', 'limits of this track'],
    ['--legacy', 'its agents are the loop-* family, not superpowers:*'],
    ['--brainstorm', 'begin with options and a recommendation, before the plan'],
  ],
  async run(context, [name], options) {
    const goal = textOption(options, 'goal') ?? name;
    const spec = await document(context, textOption(options, 'spec'));
    if (goal === undefined && spec === undefined)
      throw usage(
        'A track needs a name, a goal or a spec',
        'conductor new "Readable slugs" --goal "Crème gives creme"',
      );
    return withProject(context, async (project) => {
      const track = await project.api.tracks.create({
        name,
        goal,
        spec,
        plan: await document(context, textOption(options, 'plan')),
        type: textOption(options, 'type'),
        priority: choiceOption(options, 'priority', '--priority', priorities),
        dependencies: listOption(options, 'depends'),
        limits: limitsOf(listOption(options, 'limit')),
        superpower: options['legacy'] !== true,
        brainstorm: options['brainstorm'] === true,
      });
      const folder = `${project.folder}/tracks/${track.id}`;
      const files = ['spec.md', 'plan.md', 'metadata.json']
        .map((file) => `${folder}/${file}`)
        .filter((file) => existsSync(join(project.root, file)));
      const { type, priority, progress } = track;
      const text = [name, goal, spec].join('\n');
      const complexity = complexityOf({ text, type, priority, tasks: progress.total });
      context.out.result(
        { track, files, complexity },
        [
          `Track ${track.id} (${type}, ${complexity})`,
          ...files.map((file) => `  ${file}`),
          '',
          `Next: conductor run${whereFlag(context, project.root)} ${track.id}`,
        ].join('\n'),
      );
      return 0;
    });
  },
};

async function document({ cwd, stdin }: CommandContext, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  if (file === '-') return stdin();
  try {
    return await readFile(resolve(cwd, file), 'utf8');
  } catch (cause) {
    throw new ConductorError('FILE_NOT_FOUND', `${file} cannot be read`, { cause, details: { path: file } });
  }
}

function limitsOf(pairs: readonly string[]): Record<string, number> | undefined {
  if (pairs.length === 0) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', value = ''] = pair.split('=', 2);
      if (value === '' || Number.isNaN(Number(value)))
        throw usage(`--limit takes name=number, not ${JSON.stringify(pair)}`, '--limit maxFixCycles=5');
      return [key, Number(value)] as const;
    }),
  );
}
