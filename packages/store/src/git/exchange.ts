import { resolve } from 'node:path';
import { ConductorError } from '@conductor/core';
import type { BranchChange, BranchExchange, Opt } from '@conductor/core/ports';
import { checkedCommit } from './commit.js';
import { nulSeparated, runGit } from './run-git.js';
import { placeOf } from './status.js';

/** A clone, and the repository in the middle that all clones reach. */
export interface GitExchangeOptions {
  /** The project's folder in this clone. */
  readonly root: string;
  /** Name of a remote, or its path or URL; default `origin`. */
  readonly remote?: string | undefined;
}

/**
 * A remote of git as the way between clones. It writes branches below `conductor/` and reads no others; what a clone has
 * checked out, and its other branches, stay as they are.
 */
export function gitExchange({ root: folder, remote = 'origin' }: GitExchangeOptions): BranchExchange {
  const root = resolve(folder);
  if (remote === '' || remote.startsWith('-'))
    throw new ConductorError('CONFIG_INVALID', `${JSON.stringify(remote)} is no remote of git`, {
      hint: 'Use the name of a remote, a path or a URL.',
    });
  return Object.freeze<BranchExchange>({
    async publish({ branch, commit, signal }) {
      const refspec = `${checkedCommit(commit)}:${refOf(branch)}`;
      await talk(root, ['push', '--quiet', '--force', '--no-verify', remote, refspec], { signal });
    },
    async fetch({ branch, base, signal }) {
      const ref = refOf(branch);
      const args = ['fetch', '--quiet', '--no-tags', '--no-auto-maintenance', '--refmap=', remote, `+${ref}:${ref}`];
      await talk(root, args, { signal });
      const commit = (await runGit({ folder: root, signal, args: ['rev-parse', '--verify', ref] })).stdout.trim();
      return { commit, changes: base === undefined ? [] : await changesOf(root, base, commit, { signal }) };
    },
    async discard(branches, { signal } = {}) {
      const refs = branches.map(refOf);
      const local = await runGit({
        folder: root,
        signal,
        args: ['for-each-ref', '--format=%(refname:short)', ...refs],
      });
      const here = local.stdout.split('\n').filter((name) => name !== '');
      if (here.length > 0) await runGit({ folder: root, signal, args: ['branch', '--quiet', '-D', ...here] });
      await removeThere(root, remote, refs, { signal });
    },
  });
}

/** Only branches of ours, and nothing that git could take for another ref. Throws ID_INVALID. */
function refOf(branch: string): string {
  if (/^conductor\/[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+$/u.test(branch) && branch.length <= 200)
    return `refs/heads/${branch}`;
  throw new ConductorError('ID_INVALID', `${JSON.stringify(branch.slice(0, 100))} is no branch of Conductor`, {
    hint: 'Use conductor/<kind>/<name> of letters, digits, _ and -.',
  });
}

/** Calls git with the remote. Throws FILE_NOT_FOUND for a branch that it has not, CAPABILITY_MISSING without the remote. */
async function talk(folder: string, args: readonly string[], { signal }: Opt): Promise<void> {
  try {
    await runGit({ folder, args, signal });
  } catch (error) {
    if (!ConductorError.is(error, 'COMMAND_FAILED')) throw error;
    const tail = String(error.details['tail']);
    if (/couldn't find remote ref|remote ref does not exist/u.test(tail))
      throw new ConductorError('FILE_NOT_FOUND', `There is no such branch: ${tail.slice(0, 300)}`, { cause: error });
    if (/does not appear to be a git repository|No such remote|No configured push destination/u.test(tail))
      throw new ConductorError('CAPABILITY_MISSING', `${folder} cannot reach the repository that it shares`, {
        hint: 'Clone the project from a repository that every machine reaches, or name that one with --repo.',
        details: { tail },
        cause: error,
      });
    throw error;
  }
}

/** In one go; one by one where the remote has not all of them, because then it removes none. */
async function removeThere(root: string, remote: string, refs: readonly string[], o: Opt): Promise<void> {
  if (refs.length === 0) return;
  try {
    await talk(root, ['push', '--quiet', '--no-verify', remote, ...refs.map((ref) => `:${ref}`)], o);
  } catch (error) {
    if (!ConductorError.is(error, 'FILE_NOT_FOUND')) throw error;
    if (refs.length > 1) for (const ref of refs) await removeThere(root, remote, [ref], o);
  }
}

const words: Readonly<Record<string, BranchChange['change']>> = { A: 'added', D: 'deleted' };

/** Paths of the project's folder by their own names; others of the repository begin with `../`. */
async function changesOf(root: string, base: string, commit: string, o: Opt): Promise<readonly BranchChange[]> {
  const plain = ['--name-status', '-z', '--no-renames', '--no-ext-diff', '--no-textconv'];
  const args = ['diff', ...plain, checkedCommit(base), checkedCommit(commit), '--'];
  const parts = nulSeparated((await runGit({ folder: root, signal: o.signal, args })).stdout);
  const prefix = (await placeOf(root, o))?.prefix ?? '';
  const changes: BranchChange[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [status = '', path = ''] = parts.slice(at, at + 2);
    const own = path.startsWith(prefix) ? path.slice(prefix.length) : `../${path}`;
    changes.push({ path: own, change: words[status.charAt(0)] ?? 'modified' });
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}
