import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { ConductorError } from '@conductor/core';
import type { CommandContext, CommandSpec } from '../command.js';
import { exitOfRun } from '../exits.js';
import { followRun } from '../follow-run.js';
import { git } from '../git.js';
import { runReport } from '../run-report.js';
import { withProject } from '../with-project.js';

export const demoCommand: CommandSpec = {
  name: 'demo',
  description: 'a whole track with scripted workers in a small project, no key needed',
  streaming: true,
  runner: true,
  arguments: [{ usage: '[dir]', description: 'an empty or new folder; default: a temporary one' }],
  options: [['--keep', 'keep the folder afterwards; it is always kept, so that you can look round']],
  async run(context, [wanted]) {
    const dir = await demoFolder(context, wanted);
    await copyTemplate(dir, context);
    return withProject(
      context,
      async (project) => {
        const spec = await readFile(join(dir, 'track', 'spec.md'), 'utf8');
        const { id } = await project.api.tracks.create({ name: 'Transliteration', type: 'feature', spec });
        context.out.note(`A small project in ${dir}, its track is ${id}.`);
        const end = await followRun(context, project, id, {});
        const commands = [
          `conductor status -C ${dir}`,
          `conductor log -C ${dir} --tail 20`,
          `conductor plan show ${join(dir, project.folder, 'tracks', id, 'plan.md')}`,
        ];
        const report = end.report === undefined ? undefined : join(dir, end.report);
        const text = [
          runReport({ ...end, ...(report !== undefined && { report }) }),
          '',
          `The project stays in ${dir}. Try next:`,
          ...commands.map((command) => `  ${command}`),
        ];
        context.out.end({ dir, ...(report !== undefined && { report }), track: end.track, commands }, text.join('\n'));
        return exitOfRun(end.track);
      },
      { create: true, at: dir },
    );
  },
};

/** The folder asked for, made if need be, or a fresh temporary one. Never one with files in it. */
async function demoFolder({ cwd }: CommandContext, wanted: string | undefined): Promise<string> {
  if (wanted === undefined) return realpath(await mkdtemp(join(tmpdir(), 'conductor-demo-')));
  const dir = resolve(cwd, wanted);
  await mkdir(dir, { recursive: true });
  if ((await readdir(dir)).length > 0) {
    throw new ConductorError('USAGE', `${wanted} is not empty, and the demo writes into no folder of yours`, {
      hint: `conductor demo ${relative(cwd, join(dir, 'demo')) || 'demo'}`,
      details: { path: dir },
    });
  }
  return realpath(dir);
}

/** The template as the first commit of a repository of its own. */
async function copyTemplate(dir: string, { environment, signal }: CommandContext): Promise<void> {
  const template = join(
    dirname(createRequire(import.meta.url).resolve('@conductor/cli/package.json')),
    'templates',
    'quickstart',
  );
  await cp(template, dir, { recursive: true });
  await rename(join(dir, 'gitignore'), join(dir, '.gitignore')); // npm packs no file of that name
  const identity = [
    '-c',
    'user.name=Conductor demo',
    '-c',
    'user.email=demo@conductor.invalid',
    '-c',
    'commit.gpgsign=false',
  ];
  const options = { cwd: dir, env: environment, signal };
  await git(['init', '-q', '-b', 'main'], options);
  await git(['add', '-A'], options);
  await git([...identity, 'commit', '-q', '--no-verify', '-m', 'feat: turn titles into slugs'], options);
}
