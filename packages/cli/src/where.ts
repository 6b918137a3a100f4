import { findRoot } from '@conductor/node';
import type { CommandContext } from './command.js';

/** ` -C <dir>` for commands to type next, where the project is not the one of the current folder. */
export function whereFlag({ cwd, environment }: Pick<CommandContext, 'cwd' | 'environment'>, root: string): string {
  return findRoot(cwd, environment) === root ? '' : ` -C ${root}`;
}
