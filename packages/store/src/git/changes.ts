import type { Opt } from '@conductor/core/ports';
import { checkedCommit } from './commit.js';
import { nulSeparated, runGit } from './run-git.js';

export interface Change {
  readonly path: string;
  readonly change: 'added' | 'modified' | 'deleted';
}

const words: Readonly<Record<string, Change['change']>> = { A: 'added', D: 'deleted' };

/** What differs between a commit and the files below `folder`, untracked ones included, ignored ones not; sorted by path. */
export async function changesSince(from: string, folder: string, { signal }: Opt): Promise<readonly Change[]> {
  const plain = ['--no-renames', '--no-ext-diff', '--no-textconv', '--relative', '--ignore-submodules'];
  const diff = ['diff', '--name-status', '-z', ...plain, checkedCommit(from), '--'];
  const others = ['ls-files', '-z', '--others', '--exclude-standard'];
  const [tracked, untracked] = await Promise.all(
    [diff, others].map(async (args) => nulSeparated((await runGit({ folder, signal, args })).stdout)),
  );
  const changes = new Map<string, Change['change']>();
  for (const [index, status] of (tracked ?? []).entries()) {
    const path = tracked?.[index + 1];
    if (index % 2 === 0 && path !== undefined) changes.set(path, words[status.charAt(0)] ?? 'modified');
  }
  for (const path of untracked ?? []) {
    if (path.endsWith('/')) continue; // a repository within the repository
    // Known to the commit, taken out of the index, and still there.
    changes.set(path, changes.has(path) ? 'modified' : 'added');
  }
  return [...changes].map(([path, change]) => ({ path, change })).sort((a, b) => (a.path < b.path ? -1 : 1));
}
