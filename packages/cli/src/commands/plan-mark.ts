import { existsSync } from 'node:fs';
import { chmod, lstat, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { ConductorError } from '@conductor/core';
import type { PlanEdit, PlanJson, PlanTaskJson } from '@conductor/core/plan';
import { findRoot } from '@conductor/node';
import type { Project } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { textOption } from '../flags.js';
import { usage } from '../output.js';
import { everyPlanTask, planBytes } from '../plan-source.js';
import { withProject } from '../with-project.js';

const states = ['pending', 'inProgress', 'done', 'blocked', 'skipped'] as const;

export const planMarkCommand: CommandSpec = {
  name: 'plan mark',
  description: "set a task's mark: the smallest edit of the file",
  arguments: [
    { usage: '<file>', description: 'plan.md' },
    { usage: '<task>', description: 'its id, or line:N' },
    { usage: '<state>', description: states.join(', ') },
  ],
  options: [
    ['--commit <sha>', 'the commit that did it'],
    ['--note <text>', 'a line of summary'],
  ],
  async run(context, [file = '', wanted = '', to = ''], options) {
    const state = states.find((name) => name === to);
    if (!state)
      throw usage(
        `${JSON.stringify(to)} is no state of a task: ${states.join(', ')}`,
        `conductor plan mark ${file} ${wanted} done`,
      );
    const path = resolve(context.cwd, file);
    const { editPlan, parsePlan, planJson } = await import('@conductor/core/plan');
    const text = await editableText(path);
    const before = taskAt(planJson(parsePlan(text).plan), wanted, file);
    const edit: PlanEdit = {
      do: 'mark',
      task: before.id,
      state,
      commit: textOption(options, 'commit'),
      note: textOption(options, 'note'),
    };
    if (!(await markInStore(context, path, edit))) await replaceFile(path, text, editPlan(text, [edit]).text);
    const after = taskAt(planJson(parsePlan(await editableText(path)).plan), before.id, file);
    context.out.result(
      { file, line: after.line, before: before.state, after: after.state },
      `${before.id}: ${before.state} → ${after.state} (${file}:${after.line})`,
    );
    return 0;
  },
};

/** The text of a file that can be written again byte for byte where nothing changes, its byte order mark included. */
async function editableText(path: string): Promise<string> {
  const bytes = await planBytes(path);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ConductorError('FILE_INVALID', `${path} is not UTF-8, so an edit would change more than the mark`, {
      hint: 'Save it as UTF-8 first.',
      cause,
      details: { path },
    });
  }
}

function taskAt(plan: PlanJson, wanted: string, file: string): PlanTaskJson {
  const line = /^line:(\d+)$/u.exec(wanted)?.[1];
  const found = everyPlanTask(plan).find((task) =>
    line === undefined ? task.id === wanted : task.line === Number(line),
  );
  if (found) return found;
  throw new ConductorError(
    'TASK_NOT_FOUND',
    line === undefined ? `The plan has no task ${wanted}` : `No task begins on line ${line}`,
    { hint: `conductor plan show ${file}`, details: { task: wanted } },
  );
}

/** A track's own plan.md goes through its store, as a person's command. False: no store knows this file. */
async function markInStore({ open, out, environment }: CommandContext, path: string, edit: PlanEdit): Promise<boolean> {
  const parts = path.split(sep);
  const trackId = parts.at(-2);
  if (basename(path) !== 'plan.md' || parts.at(-3) !== 'tracks' || trackId === undefined) return false;
  const root = findRoot(dirname(path), { ...environment, CONDUCTOR_ROOT: undefined });
  if (root === undefined || !existsSync(join(root, '.conductor', 'conductor.db'))) return false;
  const mark = async ({ api }: Project): Promise<boolean> => {
    try {
      await api.tracks.get(trackId);
    } catch (error) {
      // A folder that another tool made: its plan is a file like any other.
      if (ConductorError.is(error, 'TRACK_NOT_FOUND', 'ID_INVALID')) return false;
      throw error;
    }
    await api.plans.edit(trackId, [edit]);
    return true;
  };
  return withProject({ open, out }, mark, { at: root });
}

/** Beside the file and renamed over it, unless somebody wrote it meanwhile; a link is left alone. Throws `FILE_CHANGED`, `PATH_UNSAFE`. */
async function replaceFile(path: string, read: string, text: string): Promise<void> {
  if ((await lstat(path)).isSymbolicLink())
    throw new ConductorError('PATH_UNSAFE', `${path} is a link`, {
      hint: 'Give the file that it leads to.',
      details: { path },
    });
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await chmod(temporary, (await stat(path)).mode & 0o777);
    if ((await readFile(path, 'utf8')) !== read)
      throw new ConductorError('FILE_CHANGED', `${path} was changed meanwhile`, { details: { path } });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
