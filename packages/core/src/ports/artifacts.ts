import type { ArtifactId, Instant, Json, Opt } from './values.js';

export type Bytes = Uint8Array | AsyncIterable<Uint8Array>;

/** Bytes by content id. */
export interface Artifacts {
  /** Durable when resolved; same bytes, same id. `TOO_LARGE`; `ARTIFACT_CORRUPT` when `expect` differs. */
  put(
    bytes: Bytes,
    o?: Opt & { readonly mediaType?: string; readonly expect?: ArtifactId },
  ): Promise<{ readonly id: ArtifactId; readonly bytes: number }>;
  /** `ARTIFACT_NOT_FOUND`; `ARTIFACT_CORRUPT` at the end of a full read whose checksum differs. */
  get(id: ArtifactId, o?: Opt & { readonly from?: number; readonly to?: number }): AsyncIterable<Uint8Array>;
  /** Removes what is unreferenced and older than `olderThanMs` (the window between put and commit). */
  sweep(
    isReferenced: (id: ArtifactId) => boolean,
    o: Opt & { readonly olderThanMs: number },
  ): Promise<{ readonly removed: number; readonly bytes: number }>;
}

export interface SnapshotHead {
  readonly id: string;
  readonly subject: string;
  readonly kind: 'fold' | 'checkpoint';
  readonly at: Instant;
  readonly seq: number;
  readonly version: number;
  readonly foldVersion: number;
  readonly sha256: string;
  readonly pinned: boolean;
  readonly label?: string;
}

/** Caches of folds, and checkpoints for people. Never needed for correctness. */
export interface Snapshots {
  put(
    s: Omit<SnapshotHead, 'id' | 'sha256'> & { readonly state: Json; readonly artifacts?: readonly ArtifactId[] },
    o?: Opt,
  ): Promise<SnapshotHead>;
  latest(
    subject: string,
    o?: Opt & { readonly kind?: 'fold' | 'checkpoint'; readonly foldVersion?: number; readonly maxVersion?: number },
  ): Promise<SnapshotHead | undefined>;
  /** `SNAPSHOT_CORRUPT`. */
  read(id: string, o?: Opt): Promise<Json>;
  list(
    o?: Opt & { readonly subject?: string; readonly after?: string; readonly limit?: number },
  ): Promise<readonly SnapshotHead[]>;
  pin(id: string, pinned: boolean): Promise<void>;
  /** `SNAPSHOT_PINNED`. */
  remove(id: string): Promise<void>;
  prune(o: { readonly subject: string; readonly keep: number }): Promise<readonly string[]>;
}
