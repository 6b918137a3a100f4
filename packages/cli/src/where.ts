import { resolve } from 'node:path';
import { findRoot } from '@conductor/node';
import type { CommandContext } from './command.js';

/** ` -C <dir>` for commands to type next, where the project is not the one of the current folder. */
export function whereFlag({ cwd, environment }: Pick<CommandContext, 'cwd' | 'environment'>, root: string): string {
  return findRoot(cwd, environment) === root ? '' : ` -C ${root}`;
}

type Place = Pick<CommandContext, 'cwd' | 'environment' | 'flags'>;

/** The folder of the project that a command is about: `at`, else `-C`, else the one that the current folder belongs to. */
export function folderOf({ cwd, environment, flags }: Place, at?: string): string {
  const folder = at ?? flags.directory;
  return folder === undefined ? (findRoot(cwd, environment) ?? cwd) : resolve(cwd, folder);
}

/** What `--config` says to opening a project. */
export function configOf({ cwd, flags }: Place): string | false | undefined {
  if (flags.config === undefined) return undefined;
  return flags.config === 'none' ? false : resolve(cwd, flags.config);
}
