import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConductorError } from '@conductor/core';
import type { PlanJson, PlanTaskJson } from '@conductor/core/plan';
import type { CommandContext } from './command.js';
import { findTrack } from './find-track.js';
import { lookAtProject } from './with-project.js';

const maxBytes = 10 * 1024 * 1024;

/** The text behind `<file|track>`. A file is read as it is and no configuration is executed; a track's plan comes from its store. */
export async function planSource(context: CommandContext, wanted: string): Promise<string> {
  const path = resolve(context.cwd, wanted);
  if (existsSync(path)) return readPlan(path);
  if (/[/\\]|\.md$/u.test(wanted))
    throw new ConductorError('FILE_NOT_FOUND', `There is no file ${wanted}`, { details: { path: wanted } });
  try {
    return await lookAtProject(context, async (project) => {
      return (await project.api.plans.get((await findTrack(project, wanted)).id)).text;
    });
  } catch (error) {
    if (!ConductorError.is(error, 'PROJECT_NOT_FOUND')) throw error;
    throw new ConductorError('FILE_NOT_FOUND', `There is no file ${wanted}, and no project whose track it could be`, {
      details: { path: wanted },
    });
  }
}

/** A plan's text in whatever encoding it was written. Throws `FILE_NOT_FOUND`, `TOO_LARGE`, `FILE_INVALID`. */
async function readPlan(path: string): Promise<string> {
  const { decodeText } = await import('@conductor/core/files');
  return decodeText(await planBytes(path));
}

/** The bytes of a plan. Throws as `readPlan`. */
export async function planBytes(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new ConductorError('FILE_NOT_FOUND', `There is no file ${path}`, { cause, details: { path } });
  });
  if (!found.isFile())
    throw new ConductorError('FILE_INVALID', `${path} is no file`, {
      hint: 'Give the plan.md itself, or the id of a track.',
      details: { path },
    });
  if (found.size > maxBytes)
    throw new ConductorError('TOO_LARGE', `${path} has ${found.size} bytes, more than ${maxBytes}`, {
      details: { maxBytes },
    });
  return readFile(path);
}

/** Every task of a plan with its sub-tasks, in the order of the file. */
export function everyPlanTask({ phases }: PlanJson): readonly PlanTaskJson[] {
  const flat = (tasks: readonly PlanTaskJson[]): PlanTaskJson[] =>
    tasks.flatMap((task) => [task, ...flat(task.children)]);
  return phases.flatMap(({ tasks }) => flat(tasks));
}
