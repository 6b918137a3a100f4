import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { instant } from '@conductor/core';
import type { Project } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { documentsElsewhere } from '../documents-elsewhere.js';
import { git } from '../git.js';
import { statusText } from '../status-text.js';
import { statusOf } from './status.js';
import { whereFlag } from '../where.js';
import { withProject } from '../with-project.js';

export const initCommand: CommandSpec = {
  name: 'init',
  aliases: ['setup'],
  description: 'make the folders and documents of a project; where they are, show its status',
  arguments: [{ usage: '[dir]', description: 'the folder, default: here' }],
  options: [['--git-init', 'make it a git repository first, where it is in none']],
  async run(context, [dir], options) {
    const { out, cwd, flags, environment: env, signal } = context;
    const at = resolve(cwd, dir ?? flags.directory ?? '.');
    const store = existsSync(join(at, '.conductor', 'conductor.db'));
    if (options['gitInit'] === true && !existsSync(join(at, '.git'))) {
      await mkdir(at, { recursive: true });
      await git(['init', '-q'], { cwd: at, env, signal });
    }
    const config = flags.config === undefined ? await adopt(at) : [];
    const work = async (project: Project) => {
      const present = await documents(project);
      const found = present.length > 0;
      const { created, kept } = found
        ? { created: [] as string[], kept: present }
        : await writeDocuments(context, project);
      created.unshift(...config);
      const status = found || store ? await statusOf(project, undefined) : undefined;
      const state = '.conductor/';
      const lines = [
        ...[...(store ? [] : [state]), ...created].map((path) => `  made  ${path}`),
        ...[...(store ? [state] : []), ...kept].map((path) => `  kept  ${path}`),
      ];
      const end = status
        ? statusText(status)
        : `Next: conductor go${whereFlag(context, project.root)} "<what shall be true afterwards>"`;
      out.result(
        {
          root: project.root,
          created: [...(store ? [] : [state]), ...created],
          kept: [...(store ? [state] : []), ...kept],
          ...(status && { status }),
        },
        [`Project in ${project.root}`, ...lines, '', end].join('\n'),
      );
      return 0;
    };
    return withProject(context, work, { create: true, at });
  },
};

const configName = 'conductor.config.json';

/** Documents that lie under another name are taken where they are: a configuration says so. Its name, where one was made. */
async function adopt(at: string): Promise<string[]> {
  const dir = documentsElsewhere(at);
  if (dir === undefined) return [];
  await writeFile(join(at, configName), `${JSON.stringify({ dir }, undefined, 2)}\n`, { flag: 'wx' });
  return [configName];
}

/** What lies in the folder of documents, whoever made it; opening the project has made no more than an empty `tracks/`. */
async function documents({ root, folder }: Project): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const tracks = await readdir(join(root, folder, 'tracks'));
  return entries
    .filter(({ name }) => name !== 'tracks' || tracks.length > 0)
    .map((entry) => `${folder}/${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .toSorted();
}

async function writeDocuments({ clock }: CommandContext, { root, folder }: Project) {
  const created: string[] = [];
  const kept: string[] = [];
  const { projectDocuments } = await import('../project-documents.js');
  for (const [name, text] of projectDocuments({ name: basename(root), at: instant(clock.now()) })) {
    const path = join(root, folder, name);
    await mkdir(dirname(path), { recursive: true });
    ((await writeNew(path, text)) ? created : kept).push(relative(root, path));
  }
  return { created, kept };
}

async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false; // what the file system rejects with
    throw error;
  }
}
