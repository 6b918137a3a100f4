import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConductorError } from '@conductor/core';
import type { Clock, Opt } from '@conductor/core/ports';
import { ifExists } from '../file/file-error.js';
import { safePath } from '../safe-path.js';
import { clearAbandoned, marked } from './abandoned-lock.js';
import { nulSeparated, runGit } from './run-git.js';
import { exists, placeOf, readStatus } from './status.js';
import type { Place } from './status.js';

/** The trailer by which recovery finds what was committed. */
export const keyTrailer = 'Conductor-Key';

const maxMessageCharacters = 32_000;
const lockPollMs = 50;
const lockWaitMs = 5000;
/** A lock that stands still for so long may be one that a killed git left. */
const lockStillMs = 2000;
const addTries = 3;

export interface CommitPaths extends Opt {
  readonly paths: readonly string[];
  readonly message: string;
  readonly key: string;
}

/**
 * Commits these paths and nothing else: what a person has staged stays staged. Paths that are unchanged, ignored or unknown
 * are left out. Throws REPO_BUSY in the middle of a merge or rebase, on a detached HEAD, before the first commit, and when
 * another git holds the index for longer than 5 s. A lock that a git of a killed engine left is taken away.
 */
export async function commitPaths(folder: string, o: CommitPaths, clock: Clock): Promise<{ readonly sha?: string }> {
  const message = messageWith(o.message, o.key);
  const wanted = o.paths.map((path) => safePath(path));
  const place = await waitForIndex(folder, clock, o);
  for (let tries = 1; ; tries += 1) {
    const status = await readyStatus(folder, o);
    const paths = status.filter((path) => wanted.some((want) => path === want || path.startsWith(`${want}/`)));
    if (paths.length === 0) return {};
    try {
      const listed = () => commitListed(folder, paths, message, o);
      return { sha: await (place ? marked(place, listed) : listed()) };
    } catch (error) {
      // A worker removed a file between the look and the add.
      const moved = ConductorError.is(error, 'COMMAND_FAILED') && /did not match any file/.test(error.message);
      if (!moved || tries === addTries) throw error;
    }
  }
}

/** Changed paths of a repository that takes commits. Throws REPO_BUSY, CAPABILITY_MISSING. */
export async function readyStatus(folder: string, o: Opt): Promise<readonly string[]> {
  const { kind, changed } = await readStatus(folder, o);
  if (kind === 'ready') return changed;
  if (kind === 'none')
    throw new ConductorError('CAPABILITY_MISSING', `${folder} is in no git repository`, {
      hint: 'Type `git init` and make a first commit, or run without git.',
      details: { folder },
    });
  const why = {
    busy: 'a merge, rebase or bisect is open',
    detached: 'HEAD is detached',
    empty: 'it has no commit yet',
  };
  throw new ConductorError('REPO_BUSY', `The repository takes no commit: ${why[kind]}`, { details: { folder, kind } });
}

async function commitListed(
  folder: string,
  paths: readonly string[],
  message: string,
  { signal }: Opt,
): Promise<string> {
  const list = { input: paths.map((path) => `${path}\0`).join(''), folder, signal };
  const fromInput = ['--pathspec-from-file=-', '--pathspec-file-nul'];
  // Not `git add --all`: killed before it has written the list, an engine would have everything staged.
  await runGit({ ...list, args: ['update-index', '--add', '--remove', '-z', '--stdin'] });
  const identity = await identityArgs(folder, { signal });
  const args = ['commit', '--quiet', '--only', '--cleanup=whitespace', `--message=${message}`, ...fromInput];
  await runGit({ ...list, args: [...identity, ...args] });
  return headOf(folder, { signal });
}

/** The commit that HEAD names. */
export async function headOf(folder: string, { signal }: Opt): Promise<string> {
  return (await runGit({ folder, signal, args: ['rev-parse', '--verify', 'HEAD'] })).stdout.trim();
}

/** Who commits where nobody has said so: without it git would refuse, or take the host's name for an address. */
export async function identityArgs(folder: string, { signal }: Opt): Promise<string[]> {
  const asked = ['config', '-z', '--get-regexp', '^user\\.(name|email)$'];
  const { stdout } = await runGit({ folder, signal, args: asked, answers: [0, 1] });
  const known = new Map<string, string>();
  for (const entry of nulSeparated(stdout)) {
    const end = entry.indexOf('\n');
    if (end > 0) known.set(entry.slice(0, end), entry.slice(end + 1).trim());
  }
  const fallbacks = { 'user.name': 'Conductor', 'user.email': 'conductor@localhost' };
  return Object.entries(fallbacks).flatMap(([name, fallback]) =>
    (known.get(name) ?? '') === '' ? ['-c', `${name}=${fallback}`] : [],
  );
}

/** A commit message that ends with the key as its only trailer of ours. Throws ID_INVALID. */
export function messageWith(message: string, key: string): string {
  if (!/^[^\p{Cc}\s](?:[^\p{Cc}]{0,253}[^\p{Cc}\s])?$/u.test(key))
    throw new ConductorError('ID_INVALID', `${JSON.stringify(key.slice(0, 64))} cannot be the key of a commit`, {
      hint: 'Use one line of at most 255 characters.',
    });
  const lines = message
    .slice(0, maxMessageCharacters)
    .replaceAll(/[^\P{Cc}\n\t]/gu, ' ')
    .split('\n')
    .filter((line) => !line.toLowerCase().startsWith(`${keyTrailer.toLowerCase()}:`));
  return `${lines.join('\n').trim() || 'Work of a task'}\n\n${keyTrailer}: ${key}\n`;
}

/** The newest commit of HEAD's history with exactly this key. */
export async function commitWithKey(
  folder: string,
  key: string,
  { since, signal }: Opt & { readonly since?: string | undefined },
  clock: Clock,
): Promise<string | undefined> {
  // A commit that a dead engine began still runs: it must be seen, or the work would be done twice.
  await waitForIndex(folder, clock, { signal }).catch(ignoreBusy);
  const range = since === undefined ? 'HEAD' : `${checkedCommit(since)}..HEAD`;
  const format = `--format=%H%x1f%(trailers:key=${keyTrailer},valueonly,separator=%x1f)`;
  const search = ['--fixed-strings', `--grep=${keyTrailer}: ${key}`, '--encoding=UTF-8'];
  const args = ['log', '-z', format, ...search, range, '--'];
  const { code, stdout } = await runGit({ folder, signal, args, answers: [0, 128] });
  // 128: no commit yet, no repository, or a start that a rewritten history no longer has.
  if (code !== 0) return since === undefined ? undefined : commitWithKey(folder, key, { signal }, clock);
  for (const entry of nulSeparated(stdout)) {
    const [sha, ...keys] = entry.split('\u001f');
    if (keys.some((found) => found.trim() === key)) return sha;
  }
  return undefined;
}

/** A commit named by its hex digits: nothing that git could take for an option or a range. Throws ID_INVALID. */
export function checkedCommit(commit: string): string {
  if (!/^[0-9a-f]{4,64}$/.test(commit))
    throw new ConductorError('ID_INVALID', `${JSON.stringify(String(commit).slice(0, 64))} is no commit`, {
      hint: 'Use the hexadecimal id of a commit.',
    });
  return commit;
}

/** Waits until no git holds the index. Throws REPO_BUSY after 5 s. */
export async function waitForIndex(folder: string, clock: Clock, { signal }: Opt): Promise<Place | undefined> {
  const place = await placeOf(folder, { signal });
  if (place === undefined) return undefined;
  for (const name of await lockNames(place)) await waitForLock(place, join(place.gitFolder, name), clock, { signal });
  return place;
}

/** What a commit locks: the index, HEAD, and the branch that HEAD names. */
async function lockNames({ gitFolder }: Place): Promise<readonly string[]> {
  const head = (await ifExists(readFile(join(gitFolder, 'HEAD'), 'utf8'))) ?? '';
  const branch = /^ref: (refs\/heads\/\S+)$/m.exec(head)?.[1];
  return ['index.lock', 'HEAD.lock', ...(branch === undefined ? [] : [`${branch}.lock`])];
}

async function waitForLock(place: Place, lock: string, clock: Clock, { signal }: Opt): Promise<void> {
  for (let waitedMs = 0; await exists(lock); waitedMs += lockPollMs) {
    if (waitedMs === lockStillMs && (await clearAbandoned(place, lock))) return;
    if (waitedMs >= lockWaitMs)
      throw new ConductorError('REPO_BUSY', `${lock} has been held for ${lockWaitMs} ms`, {
        hint: 'Wait for the other git; when none runs any more, remove this file.',
        details: { path: lock },
        retryable: true,
      });
    await clock.sleep(lockPollMs, { signal });
  }
}

function ignoreBusy(error: unknown): void {
  if (!ConductorError.is(error, 'REPO_BUSY')) throw error;
}
