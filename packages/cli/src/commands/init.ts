import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Project } from '@conductor/node';
import type { CommandSpec } from '../command.js';
import { git } from '../git.js';
import { statusText } from '../status-text.js';
import { statusOf } from './status.js';
import { withProject } from '../with-project.js';

const documents: Readonly<Record<string, string>> = {
  'tracks.md': `# Tracks

## Active Tracks

| Track ID | Name | Type | Status | Step | Created |
| --- | --- | --- | --- | --- | --- |

## Completed Tracks

| Track ID | Name | Completed | Summary |
| --- | --- | --- | --- |
`,
  'index.md': '# Project\n\nWhat runs now: `conductor status`. All tracks: [tracks.md](tracks.md).\n',
  'decision-log.md':
    '# Decision Log\n\n| Date | Track | Decision | Category | Impact | Logged By |\n| --- | --- | --- | --- | --- | --- |\n',
  'workflow.md': `# Workflow

1. \`plan.md\` is updated after every task.
2. Every track goes through the loop: PLAN, EVALUATE_PLAN, EXECUTE, EVALUATE_EXECUTION, FIX.
3. No track is complete without an evaluation in which everything passed.
4. Business documents are synchronised before completion when a product decision was taken.
5. The tests run after every change; nothing is complete with failing tests.
`,
  'knowledge/patterns.md': '# Patterns\n\n## Architecture Patterns\n\n## Code Conventions\n\n## Common Pitfalls\n',
  'knowledge/errors.json': `${JSON.stringify({ version: 1, errors: [] }, null, 2)}\n`,
};

export const initCommand: CommandSpec = {
  name: 'init',
  aliases: ['setup'],
  description: 'make the folders and documents of a project; overwrites nothing',
  arguments: [{ usage: '[dir]', description: 'the folder, default: here' }],
  options: [['--git-init', 'make it a git repository first, where it is in none']],
  async run(context, [dir], options) {
    const { out, cwd, flags, environment: env, signal } = context;
    const at = resolve(cwd, dir ?? flags.directory ?? '.');
    const existed = existsSync(join(at, '.conductor', 'conductor.db'));
    if (options['gitInit'] === true && !existsSync(join(at, '.git'))) {
      await mkdir(at, { recursive: true });
      await git(['init', '-q'], { cwd: at, env, signal });
    }
    const work = async (project: Project) => {
      const { created, kept } = await writeDocuments(project, existed);
      const status = existed ? await statusOf(project, undefined) : undefined;
      const lines = [...created.map((path) => `  made  ${path}`), ...kept.map((path) => `  kept  ${path}`)];
      const end = status ? statusText(status) : 'Next: conductor new "<what shall be true afterwards>"';
      out.result(
        { root: project.root, created, kept, ...(status && { status }) },
        [`Project in ${project.root}`, ...lines, '', end].join('\n'),
      );
      return 0;
    };
    return withProject(context, work, { create: true, at });
  },
};

async function writeDocuments({ root, folder }: Project, existed: boolean) {
  const created: string[] = existed ? [] : ['.conductor/'];
  const kept: string[] = existed ? ['.conductor/'] : [];
  for (const [name, text] of Object.entries(documents)) {
    const path = join(root, folder, name);
    await mkdir(dirname(path), { recursive: true });
    const fresh = await writeNew(path, text);
    (fresh ? created : kept).push(relative(root, path));
  }
  return { created, kept };
}

async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
