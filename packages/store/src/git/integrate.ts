import { ConductorError } from '@conductor/core';
import type { Clock, Opt } from '@conductor/core/ports';
import { marked } from './abandoned-lock.js';
import { commitWithKey, headOf, identityArgs, messageWith, readyStatus, waitForIndex } from './commit.js';
import { nulSeparated, runGit } from './run-git.js';

export interface Conflict {
  readonly path: string;
  readonly hunk: string;
}

const maxHunkCharacters = 4000;

/**
 * Brings a branch in as one commit with the key. The merge is made beside the work tree (`git merge-tree`, git 2.38), so a
 * conflict changes nothing at all; the result comes in as a fast-forward, which leaves a person's changes alone. A key that
 * is in already is answered with its commit. Throws REPO_BUSY, WORKTREE_DIRTY, UNSUPPORTED.
 */
export async function integrateBranch(
  root: string,
  o: Opt & { readonly branch: string; readonly key: string },
  clock: Clock,
): Promise<{ readonly sha: string } | { readonly conflicts: readonly Conflict[] }> {
  const { signal } = o;
  const branch = await branchCommit(root, o);
  const place = await waitForIndex(root, clock, { signal });
  await readyStatus(root, { signal });
  const present = await commitWithKey(root, o.key, { signal }, clock);
  if (present !== undefined) return { sha: present };
  const head = await headOf(root, { signal });
  const merged = await mergeTree(root, head, branch, { signal });
  if ('conflicts' in merged) return merged;
  if (merged.tree === (await treeOf(root, head, { signal }))) return { sha: head };
  const message = messageWith(await messageOf(root, branch, { signal }), o.key);
  const identity = await identityArgs(root, { signal });
  const made = ['commit-tree', merged.tree, '-p', head, '-m', message.trimEnd()];
  const sha = (await runGit({ folder: root, signal, args: [...identity, ...made] })).stdout.trim();
  const forwarded = () => forward(root, sha, { signal });
  await (place ? marked(place, forwarded) : forwarded());
  return { sha };
}

async function branchCommit(root: string, { branch, signal }: Opt & { readonly branch: string }): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `refs/heads/${branch}^{commit}`];
  const { code, stdout } = await runGit({ folder: root, signal, args, answers: [0, 1, 128] });
  if (code === 0) return stdout.trim();
  throw new ConductorError('FILE_NOT_FOUND', `There is no branch ${JSON.stringify(branch.slice(0, 100))}`);
}

async function mergeTree(
  root: string,
  ours: string,
  theirs: string,
  { signal }: Opt,
): Promise<{ readonly tree: string } | { readonly conflicts: readonly Conflict[] }> {
  const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', ours, theirs];
  const { code, stdout } = await runGit({ folder: root, signal, args, answers: [0, 1, 129] });
  if (code === 129)
    throw new ConductorError('UNSUPPORTED', 'This git cannot merge beside the work tree', {
      hint: 'Use git 2.38 or newer.',
    });
  const [tree = '', ...paths] = nulSeparated(stdout);
  if (code === 0) return { tree };
  const conflicts: Conflict[] = [];
  for (const path of paths.filter((name) => name !== ''))
    conflicts.push({ path, hunk: await firstHunk(root, tree, path, { signal }) });
  return { conflicts };
}

/** The first conflict of a file between its markers; '' when one side has no such file. */
async function firstHunk(root: string, tree: string, path: string, { signal }: Opt): Promise<string> {
  const args = ['cat-file', 'blob', `${tree}:${path}`];
  const { stdout } = await runGit({ folder: root, signal, args, answers: [0, 128] });
  const start = stdout.indexOf('<<<<<<< ');
  const end = stdout.indexOf('\n>>>>>>> ', start);
  if (start < 0 || end < 0) return '';
  const lineEnd = stdout.indexOf('\n', end + 1);
  return stdout.slice(start, lineEnd < 0 ? undefined : lineEnd).slice(0, maxHunkCharacters);
}

async function treeOf(root: string, commit: string, { signal }: Opt): Promise<string> {
  return (await runGit({ folder: root, signal, args: ['rev-parse', '--verify', `${commit}^{tree}`] })).stdout.trim();
}

async function messageOf(root: string, commit: string, { signal }: Opt): Promise<string> {
  return (await runGit({ folder: root, signal, args: ['log', '-1', '--format=%B', commit] })).stdout;
}

async function forward(root: string, sha: string, { signal }: Opt): Promise<void> {
  try {
    await runGit({ folder: root, signal, args: ['merge', '--ff-only', '--quiet', sha] });
  } catch (error) {
    if (!ConductorError.is(error, 'COMMAND_FAILED')) throw error;
    const { tail } = error.details;
    if (typeof tail !== 'string' || !/would be overwritten/.test(tail)) throw error;
    throw new ConductorError('WORKTREE_DIRTY', 'Changes that nobody has committed are in the way of the merged work', {
      details: { tail },
      cause: error,
    });
  }
}
