import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { ConductorError } from '@conductor/core';
import type { Opt, RepositoryStatus } from '@conductor/core/ports';
import { nulSeparated, runGit } from './run-git.js';

/** A repository as one folder of it sees it. */
export interface Place {
  /** Top of the work tree. */
  readonly top: string;
  /** Where the folder lies below the top: '' or `sub/folder/`. */
  readonly prefix: string;
  /** State of this work tree: index, HEAD, unfinished merges. */
  readonly gitFolder: string;
}

/** What git leaves in its folder while a person is in the middle of something. */
const unfinished = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'rebase-merge', 'rebase-apply', 'BISECT_LOG'];

/** Places of tops of work trees, as long as they are there: half of all calls of git asked for nothing else. */
const tops = new Map<string, Place>();
const maxTops = 64;

/** Where a folder lies in its repository; `undefined` outside of any, in a bare one, and where there is no git. */
export async function placeOf(folder: string, o: Opt = {}): Promise<Place | undefined> {
  const known = tops.get(folder);
  if (known && (await exists(join(folder, '.git'))) && (await exists(known.gitFolder))) return known;
  tops.delete(folder);
  const place = await askedPlace(folder, o);
  // Below a top, a repository may be made at any time; at the top there is one already.
  if (place?.top === folder && tops.size < maxTops) tops.set(folder, place);
  return place;
}

async function askedPlace(folder: string, { signal }: Opt): Promise<Place | undefined> {
  const args = ['rev-parse', '--is-inside-work-tree', '--show-toplevel', '--show-prefix', '--absolute-git-dir'];
  try {
    const { code, stdout, stderr } = await runGit({ folder, args, signal, answers: [0, 128] });
    const [inside, top, prefix, gitFolder] = stdout.split('\n');
    if (code === 0 && inside === 'true' && top !== undefined && gitFolder !== undefined)
      return { top, prefix: prefix ?? '', gitFolder };
    if (/not a git repository|must be run in a work tree/.test(stderr)) return undefined;
    throw new ConductorError('COMMAND_FAILED', `git does not work in ${folder}: ${stderr.slice(0, 300).trim()}`, {
      details: { command: 'git rev-parse', exitCode: code, tail: stderr.slice(0, 2000) },
    });
  } catch (error) {
    if (ConductorError.is(error, 'COMMAND_MISSING')) return undefined;
    throw error;
  }
}

/** The state of a work tree; `changed` holds the paths below `folder`, relative to it, sorted. */
export async function readStatus(folder: string, o: Opt = {}): Promise<RepositoryStatus> {
  const place = await placeOf(folder, o);
  if (place === undefined) return { kind: 'none', changed: [] };
  const { head, branch, changed } = parseStatus(await statusText(folder, o), place.prefix);
  const shared = { changed, ...(head === undefined ? {} : { head }), ...(branch === undefined ? {} : { branch }) };
  if (await isUnfinished(place)) return { kind: 'busy', ...shared };
  if (head === undefined) return { kind: 'empty', ...shared };
  return { kind: branch === undefined ? 'detached' : 'ready', ...shared };
}

async function statusText(folder: string, { signal }: Opt): Promise<string> {
  const args = ['status', '--porcelain=v2', '--branch', '-z', '--no-renames', '--untracked-files=all', '--', '.'];
  return (await runGit({ folder, args, signal })).stdout;
}

async function isUnfinished({ gitFolder }: Place): Promise<boolean> {
  const found = await Promise.all(unfinished.map((name) => exists(join(gitFolder, name))));
  return found.includes(true);
}

/** True when there is something of that name. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

interface ParsedStatus {
  readonly head: string | undefined;
  readonly branch: string | undefined;
  readonly changed: readonly string[];
}

/** Reads `git status --porcelain=v2 --branch -z`. */
export function parseStatus(text: string, prefix: string): ParsedStatus {
  let head: string | undefined;
  let branch: string | undefined;
  const changed = new Set<string>();
  for (const entry of nulSeparated(text)) {
    if (entry.startsWith('# branch.oid ')) head = known(entry.slice(13), '(initial)');
    else if (entry.startsWith('# branch.head ')) branch = known(entry.slice(14), '(detached)');
    else {
      const path = pathOfEntry(entry);
      if (path?.startsWith(prefix)) changed.add(path.slice(prefix.length));
    }
  }
  return { head, branch, changed: [...changed].sort() };
}

function known(value: string, unknown: string): string | undefined {
  return value === unknown ? undefined : value;
}

/** Fields before the path: `1` changed, `u` unmerged, `?` untracked. */
const fieldsBefore: Readonly<Record<string, number>> = { '1': 8, u: 10, '?': 1 };

function pathOfEntry(entry: string): string | undefined {
  const fields = fieldsBefore[entry.charAt(0)];
  if (fields === undefined || entry.charAt(1) !== ' ') return undefined;
  const path = entry.split(' ').slice(fields).join(' ');
  // A folder here is a repository within the repository: it is not ours to commit.
  return path === '' || path.endsWith('/') ? undefined : path;
}
