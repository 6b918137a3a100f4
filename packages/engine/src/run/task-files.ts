import type { Task } from '@conductor/core';

/** What the engine writes itself: no work of a task. */
export function isOurs(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`) || path.startsWith('.conductor/');
}

/** The files that a task names one by one; globs and folders name no single file. */
export function namedFiles({ files }: Pick<Task, 'files'>): readonly string[] {
  return files.filter((path) => !/[*?[\]{}]|\/$/u.test(path));
}

/** Of what changed, what is the task's own: its files, and what lies below its folders and globs. Everything for a task that names none. */
export function ownFiles({ files }: Pick<Task, 'files'>, changed: readonly string[]): readonly string[] {
  if (files.length === 0) return changed;
  const own = files.map((file) => file.split(/[*?[{]/u, 1)[0] ?? file);
  return changed.filter(
    (path) => files.includes(path) || own.some((prefix, index) => prefix !== files[index] && path.startsWith(prefix)),
  );
}

/** The message of the commit of a task. */
export function commitMessage(trackId: string, step: 'EXECUTE' | 'FIX', task: Pick<Task, 'id' | 'title'>): string {
  const title = task.title
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, 120);
  return step === 'FIX' ? `fix(${trackId}): ${task.id} - ${title}` : `feat(${trackId}): Task ${task.id} - ${title}`;
}
