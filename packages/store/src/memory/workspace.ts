import { raceAbort, systemClock } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Clock, Workspace } from '@conductor/core/ports';
import { copyOf } from '../bytes.js';
import { pathMatcher } from '../path-glob.js';
import { safePath } from '../safe-path.js';
import {
  defaultReadBytes,
  fileChanged,
  fileTooLarge,
  lockPollMs,
  lockTimeout,
  newlineByte,
  withNewline,
} from '../workspace-rules.js';

interface MemoryFile {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
}

export interface MemoryWorkspaceOptions {
  readonly clock?: Clock | undefined;
  /** Files at the start: path → text. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** As some disks: `key` folds case, and so do the files. */
  readonly foldCase?: boolean | undefined;
}

/** A project folder in this process, with the rules of the one on disk. For tests, demos and hosts without a disk. */
export function memoryWorkspace(options: MemoryWorkspaceOptions = {}): Workspace {
  const { clock = systemClock(), foldCase = false } = options;
  const files = new Map<string, MemoryFile>();
  const names = new Map<string, string>();
  const locks = new Map<string, { readonly sinceMs: number }>();
  const watchers = new Set<(path: string) => void>();
  const key = (path: string) => (foldCase ? safePath(path).toLowerCase() : safePath(path));

  const store = (path: string, bytes: Uint8Array) => {
    const id = key(path);
    files.set(id, { bytes: copyOf(bytes), modifiedMs: clock.now() });
    names.set(id, names.get(id) ?? safePath(path));
    tell(id);
  };
  const tell = (id: string) => {
    for (const watcher of watchers) watcher(names.get(id) ?? id);
  };
  for (const [path, text] of Object.entries(options.files ?? {})) store(path, new TextEncoder().encode(text));

  return Object.freeze<Workspace>({
    root: '/memory',
    key,

    async read(path, { signal, maxBytes = defaultReadBytes } = {}) {
      signal?.throwIfAborted();
      const file = files.get(key(path));
      if (file !== undefined && file.bytes.length > maxBytes) throw fileTooLarge(path, maxBytes);
      return file?.bytes.slice();
    },

    async *list(glob, { signal } = {}) {
      signal?.throwIfAborted();
      const named = pathMatcher([glob]);
      const paths = [...names].filter(([id, path]) => files.has(id) && named(path)).sort(byPath);
      for (const [id, path] of paths) {
        signal?.throwIfAborted();
        const file = files.get(id);
        if (file !== undefined) yield { path, bytes: file.bytes.length, modifiedMs: file.modifiedMs };
      }
    },

    async replace(path, bytes, { signal, ifHash } = {}) {
      signal?.throwIfAborted();
      const current = files.get(key(path));
      if (ifHash !== undefined && ifHash !== (current === undefined ? '' : sha256Hex(current.bytes)))
        throw fileChanged(path);
      store(path, bytes);
      return { sha256: sha256Hex(bytes) };
    },

    async append(path, line, { signal } = {}) {
      signal?.throwIfAborted();
      const before = files.get(key(path))?.bytes ?? new Uint8Array();
      const gap = before.length > 0 && before.at(-1) !== newlineByte ? '\n' : '';
      const added = new TextEncoder().encode(gap + withNewline(line));
      const bytes = new Uint8Array(before.length + added.length);
      bytes.set(before);
      bytes.set(added, before.length);
      store(path, bytes);
      return { offset: before.length + gap.length };
    },

    async create(path, bytes, { signal } = {}) {
      signal?.throwIfAborted();
      if (files.has(key(path))) return false;
      store(path, bytes);
      return true;
    },

    async mutex(folder, { signal, waitMs = 5000, staleMs = 30_000 } = {}) {
      signal?.throwIfAborted();
      const id = key(folder);
      const endMs = clock.monotonic() + waitMs;
      for (let held = locks.get(id); held !== undefined; held = locks.get(id)) {
        if (clock.monotonic() - held.sinceMs > staleMs) break;
        if (clock.monotonic() >= endMs) throw lockTimeout(folder, waitMs);
        await clock.sleep(Math.min(lockPollMs, endMs - clock.monotonic()), { signal });
      }
      const lock = { sinceMs: clock.monotonic() };
      locks.set(id, lock);
      return {
        async release() {
          if (locks.get(id) === lock) locks.delete(id);
        },
      };
    },

    async remove(path, { signal } = {}) {
      signal?.throwIfAborted();
      if (files.delete(key(path))) tell(key(path));
    },

    watch: (globs, { signal } = {}) => watchChanges(globs, watchers, clock, signal),
  });
}

async function* watchChanges(
  globs: readonly string[],
  watchers: Set<(path: string) => void>,
  clock: Clock,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly string[]> {
  signal?.throwIfAborted();
  const named = pathMatcher(globs);
  const changed = new Set<string>();
  let wake = () => {};
  const watcher = (path: string) => {
    if (!named(path)) return;
    changed.add(path);
    wake();
  };
  watchers.add(watcher);
  try {
    for (;;) {
      if (changed.size === 0) await raceAbort(new Promise<void>((resolve) => (wake = resolve)), signal);
      await raceAbort(clock.turn(), signal);
      const batch = [...changed].sort();
      changed.clear();
      yield batch;
    }
  } finally {
    watchers.delete(watcher);
  }
}

function byPath([, a]: readonly [string, string], [, b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
