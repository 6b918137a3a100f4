import { createHash } from 'node:crypto';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConductorError } from '@conductor/core';
import type { Opt } from '@conductor/core/ports';
import { ifExists } from '../file/file-error.js';
import { checkedCommit, messageWith } from './commit.js';
import { nulSeparated, runGit } from './run-git.js';
import { placeOf } from './status.js';

export interface Worktree {
  /** The project's folder in it: below its top when the project is only a part of the repository. */
  readonly folder: string;
  readonly branch: string;
  readonly key: string;
}

interface FoundWorktree extends Worktree {
  readonly top: string;
}

const keySetting = 'conductor-key';

/** The work trees that Conductor made, by the key that their branch carries in the settings of the repository. */
export async function listWorktrees(root: string, o: Opt): Promise<readonly FoundWorktree[]> {
  const place = await placeOf(root, o);
  if (place === undefined) return [];
  const keys = await branchKeys(root, o);
  const { stdout } = await runGit({ folder: root, signal: o.signal, args: ['worktree', 'list', '--porcelain', '-z'] });
  const found: FoundWorktree[] = [];
  let top = '';
  for (const line of nulSeparated(stdout)) {
    if (line.startsWith('worktree ')) top = line.slice(9);
    const branch = line.startsWith('branch refs/heads/') ? line.slice(18) : '';
    const key = keys.get(branch);
    if (key !== undefined) found.push({ folder: resolve(top, place.prefix), branch, key, top });
  }
  return found;
}

/** Makes the work tree of a key anew, from the commit `base`; an older one of the same key is removed with its branch. */
export async function makeWorktree(
  root: string,
  directory: string | undefined,
  { key, base, signal }: Opt & { readonly key: string; readonly base: string },
): Promise<{ readonly folder: string; readonly branch: string }> {
  if (directory === undefined)
    throw new ConductorError('CAPABILITY_MISSING', 'This repository was opened without a folder for work trees');
  const place = await placeOf(root, { signal });
  if (place === undefined) throw new ConductorError('CAPABILITY_MISSING', `${root} is in no git repository`);
  messageWith('', key); // the same rules as for the trailer
  const name = nameOf(key);
  const top = join(resolve(directory), name);
  const branch = `conductor/${name}`;
  await dropWorktree(root, top, branch, { signal });
  await mkdir(dirname(top), { recursive: true });
  const args = ['worktree', 'add', '--quiet', '--no-track', '-b', branch, top, checkedCommit(base)];
  await runGit({ folder: root, signal, args });
  await runGit({ folder: root, signal, args: ['config', `branch.${branch}.${keySetting}`, key] });
  return { folder: resolve(await realpath(top), place.prefix), branch };
}

/** Removes a work tree of Conductor with its branch; one that is gone already is no error. Throws PATH_UNSAFE. */
export async function removeWorktree(root: string, folder: string, o: Opt): Promise<void> {
  const all = await listWorktrees(root, o);
  const wanted = resolve(folder);
  const real = (await ifExists(realpath(wanted))) ?? wanted;
  const found = all.find((tree) => [tree.folder, tree.top].some((path) => path === wanted || path === real));
  if (found !== undefined) return dropWorktree(root, found.top, found.branch, o);
  if ((await ifExists(realpath(wanted))) === undefined) return;
  throw new ConductorError('PATH_UNSAFE', `${folder} is no work tree that Conductor made`, {
    details: { path: folder },
  });
}

async function dropWorktree(root: string, top: string, branch: string, { signal }: Opt): Promise<void> {
  const git = (...args: string[]) => runGit({ folder: root, signal, args, answers: [0, 1, 128] });
  // Twice forced: also with changes in it, also when locked. What is left of a torn one goes by hand.
  await git('worktree', 'remove', '--force', '--force', top);
  await rm(top, { recursive: true, force: true });
  await git('worktree', 'prune');
  // Takes the settings of the branch along.
  await git('branch', '--quiet', '-D', branch);
}

async function branchKeys(root: string, { signal }: Opt): Promise<ReadonlyMap<string, string>> {
  const args = ['config', '-z', '--get-regexp', `^branch\\..*\\.${keySetting}$`];
  const { stdout } = await runGit({ folder: root, signal, args, answers: [0, 1] });
  return new Map(
    nulSeparated(stdout).map((entry) => {
      const [name = '', key = ''] = entry.split('\n');
      return [name.slice('branch.'.length, -(keySetting.length + 1)), key];
    }),
  );
}

/** A name for folder and branch: readable, and different for each key. */
function nameOf(key: string): string {
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 12);
  const words = key.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '');
  return `${words.slice(-40).replace(/^-+/, '') || 'work'}-${digest}`;
}
