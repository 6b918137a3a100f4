import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { raceAbort } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { globReach, pathMatcher, skippedFolders } from '../path-glob.js';
import { ifExists } from './file-error.js';
import { realRoot } from './real-path.js';

/** More folders than this are not watched: what changes there is found by the next scan. */
const maxWatchedFolders = 1000;

/** Changes that arrive within this time are told together: an editor makes several for one save. */
const gatherMs = 25;

/**
 * Tells which files that the globs name have changed, in groups, until the signal aborts. One watcher a folder, as a
 * recursive one would walk through everything. A hint: changes may be missed, and may be told twice.
 */
export async function* watchFiles(
  root: string,
  globs: readonly string[],
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<readonly string[]> {
  signal?.throwIfAborted();
  const tree = watchedTree(await realRoot(root), globs);
  try {
    await tree.scan();
    for (;;) {
      await raceAbort(tree.changed(), signal);
      await clock.sleep(gatherMs, { signal });
      await tree.scan();
      const paths = tree.take();
      if (paths.length > 0) yield paths;
    }
  } finally {
    tree.close();
  }
}

/** The watchers below one root, and what they have seen. */
function watchedTree(root: string, globs: readonly string[]) {
  const named = pathMatcher(globs);
  const reaches = globs.map(globReach);
  const watchers = new Map<string, FSWatcher>();
  const seen = new Set<string>();
  let open = true;
  let stale = true;
  let scanned = false;
  let wake = () => {};

  const drop = (folder: string) => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
    stale = true;
    wake();
  };

  const onChange = (folder: string, type: string, name: string | null) => {
    // Folders that came or went are found by looking again.
    if (type === 'rename' || name === null) stale = true;
    if (name !== null && named(pathOf(folder, name))) seen.add(pathOf(folder, name));
    wake();
  };

  const add = async (folder: string, depth: number): Promise<void> => {
    if (!open || (!watchers.has(folder) && watchers.size >= maxWatchedFolders)) return;
    const fresh = !watchers.has(folder);
    if (fresh) attach(folder);
    const entries = (await ifExists(readdir(join(root, folder), { withFileTypes: true }))) ?? [];
    for (const entry of entries) {
      const path = pathOf(folder, entry.name);
      // What was written before the watcher was there would be missed.
      if (fresh && scanned && entry.isFile() && named(path)) seen.add(path);
      if (depth > 0 && entry.isDirectory() && !skippedFolders.includes(entry.name)) await add(path, depth - 1);
    }
  };

  const attach = (folder: string) => {
    try {
      const watcher = watch(join(root, folder), { persistent: false }, (type, name) => onChange(folder, type, name));
      watcher.on('error', () => drop(folder));
      watchers.set(folder, watcher);
    } catch {
      // Gone again, or this system allows no more watchers: the next scan of the owner finds what changes there.
    }
  };

  return {
    async scan() {
      if (!stale) return;
      stale = false;
      for (const folder of watchers.keys())
        if ((await ifExists(readdir(join(root, folder)))) === undefined) drop(folder);
      for (const { base, depth } of reaches) await add(...(await nearest(root, base, depth)));
      scanned = true;
      stale = false;
    },
    async changed() {
      if (seen.size > 0 || stale) return;
      await new Promise<void>((resolve) => (wake = resolve));
    },
    take() {
      const paths = [...seen].sort();
      seen.clear();
      return paths;
    },
    close() {
      open = false;
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

/** The folder itself, or where it would appear. */
async function nearest(root: string, base: string, depth: number): Promise<[folder: string, depth: number]> {
  if (base === '' || (await ifExists(readdir(join(root, base)))) !== undefined) return [base, depth];
  const parent = dirname(base);
  return nearest(root, parent === '.' ? '' : parent, 0);
}

function pathOf(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
