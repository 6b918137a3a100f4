import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { CommandSpec } from '../command.js';

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
  async run({ open, out, cwd, flags }, [dir]) {
    const at = resolve(cwd, dir ?? flags.directory ?? '.');
    const existed = existsSync(join(at, '.conductor', 'conductor.db'));
    const project = await open({ create: true, at });
    const created: string[] = existed ? [] : ['.conductor/'];
    const kept: string[] = existed ? ['.conductor/'] : [];
    try {
      for (const [name, text] of Object.entries(documents)) {
        const path = join(project.root, project.folder, name);
        await mkdir(dirname(path), { recursive: true });
        const fresh = await writeNew(path, text);
        (fresh ? created : kept).push(relative(project.root, path));
      }
      const lines = [...created.map((path) => `  made  ${path}`), ...kept.map((path) => `  kept  ${path}`)];
      out.result(
        { root: project.root, created, kept },
        [`Project in ${project.root}`, ...lines, '', 'Next: conductor new "<what shall be true afterwards>"'].join(
          '\n',
        ),
      );
      return 0;
    } finally {
      await project.close();
    }
  },
};

async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
