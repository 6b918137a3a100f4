import type { Opt } from './values.js';

export interface WorkspaceEntry {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/**
 * The project's files below one root. Paths are relative with forward slashes; `PATH_UNSAFE` for `..`, absolute paths,
 * links that lead out, and reserved names.
 */
export interface Workspace {
  readonly root: string;
  /** The one spelling of a path that is used in leases (the case rule of this disk). */
  key(path: string): string;
  /** `undefined` when there is no such file; `TOO_LARGE` above `maxBytes`. */
  read(path: string, o?: Opt & { readonly maxBytes?: number }): Promise<Uint8Array | undefined>;
  /** Sorted by path. */
  list(glob: string, o?: Opt): AsyncIterable<WorkspaceEntry>;
  /** Temporary file and rename. `ifHash` is the SHA-256 the file must have ('' = absent), else `FILE_CHANGED`. */
  replace(
    path: string,
    bytes: Uint8Array,
    o?: Opt & { readonly ifHash?: string; readonly durable?: boolean },
  ): Promise<{ readonly sha256: string }>;
  /** One write with O_APPEND; adds a missing newline before. */
  append(path: string, line: string, o?: Opt): Promise<{ readonly offset: number }>;
  /** False when the file exists already. */
  create(path: string, bytes: Uint8Array, o?: Opt): Promise<boolean>;
  /** A lock folder made by mkdir, stolen after `staleMs`. `LOCK_TIMEOUT`. */
  mutex(
    folder: string,
    o?: Opt & { readonly waitMs?: number; readonly staleMs?: number },
  ): Promise<{ release(): Promise<void> }>;
  remove(path: string, o?: Opt): Promise<void>;
  /** A hint: a missed change is found by the next scan. */
  watch(globs: readonly string[], o?: Opt): AsyncIterable<readonly string[]>;
}
