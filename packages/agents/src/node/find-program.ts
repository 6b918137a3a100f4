import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { ConductorError } from '@conductor/core';

/**
 * The file that a shell would start: a name is looked up in PATH, a path is taken below `cwd`. Found before anything is
 * spawned, so that a missing program is not mistaken for a program that failed. Throws COMMAND_MISSING.
 */
export function findProgram(name: string, cwd: string, path: string | undefined): string {
  const found = candidates(name, cwd, path).find(isExecutable);
  if (found !== undefined) return found;
  throw new ConductorError('COMMAND_MISSING', `There is no program ${JSON.stringify(name.slice(0, 200))}`, {
    hint: name.includes('/')
      ? 'Check that the file exists and may be executed.'
      : 'Install it, or put its folder into PATH.',
    details: { command: name.slice(0, 200) },
  });
}

function candidates(name: string, cwd: string, path = ''): string[] {
  if (name === '' || name.includes('\0')) return [];
  if (name.includes('/')) return [resolve(cwd, name)];
  return path
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, name));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false; // not there, or not for us: the next place may have it
  }
}
