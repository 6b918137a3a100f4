import type { ArtifactId, Instant, Json, Opt } from './values.js';

/**
 * In one piece, which stays as it is until it is put, or as a stream whose parts may be written over once the next one was asked
 * for. Bytes that change meanwhile all the same are kept under the id of what was read of them.
 */
export type Bytes = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Bytes by content id: the same bytes lie there once. Each method may throw `STORE_BUSY`, `STORE_FULL`, `STORE_READ_ONLY` and
 * `STORE_FAILED` for what its disk or its server meets, and the reason of a signal that aborts between two parts.
 */
export interface Artifacts {
  /**
   * Durable when resolved, as far as the driver goes; same bytes, same id. Before that nobody finds it, and of one that fails
   * or is aborted nothing is kept. Bytes that are there already are young again for a sweep, and mended when they were damaged.
   * `mediaType` is a hint that a driver may forget. `TOO_LARGE` above the driver's limit (256 MiB unless it says otherwise);
   * `ARTIFACT_CORRUPT` when `expect` differs; what the stream throws.
   */
  put(
    bytes: Bytes,
    o?: Opt & { readonly mediaType?: string; readonly expect?: ArtifactId },
  ): Promise<{ readonly id: ArtifactId; readonly bytes: number }>;
  /**
   * From byte `from` (default 0) up to, without, byte `to` (default the end; `Infinity` says the same), in parts of the driver's
   * own size that belong to the reader. Behind the last byte there is nothing to read, and that is no error. Errors come with the
   * `next` that meets them: `VALIDATION_FAILED` for what is no range (below 0, no whole number, `to` below `from`);
   * `ARTIFACT_NOT_FOUND`, also for what is no id; `ARTIFACT_CORRUPT` at the end of a full read whose checksum differs, so a
   * reader of all of it has seen the bytes by then. A part is not checked.
   */
  get(id: ArtifactId, o?: Opt & { readonly from?: number; readonly to?: number }): AsyncIterable<Uint8Array>;
  /**
   * Removes what is unreferenced and was put longer than `olderThanMs` ago (the window between put and commit), uploads included
   * that nobody finished; one that is put again meanwhile stays. `isReferenced` is asked for each that may go, before it goes.
   * Answers artifacts and their bytes. O(artifacts). `VALIDATION_FAILED` when `olderThanMs` is no number, because nothing would be young.
   */
  sweep(
    isReferenced: (id: ArtifactId) => boolean,
    o: Opt & { readonly olderThanMs: number },
  ): Promise<{ readonly removed: number; readonly bytes: number }>;
}

export interface SnapshotHead {
  /** Those of one subject go up with time. */
  readonly id: string;
  /** What the state is of, as a rule a stream. 1 to 256 bytes without control characters. */
  readonly subject: string;
  readonly kind: 'fold' | 'checkpoint';
  readonly at: Instant;
  /** The last event of the log that the state includes, and the version of its stream; 0 = none. */
  readonly seq: number;
  readonly version: number;
  /** Of the code that folded it: a state of another one is of no use. */
  readonly foldVersion: number;
  /** Of the canonical JSON of the state (RFC 8785), in hex. */
  readonly sha256: string;
  /** Neither removed nor pruned while it is. */
  readonly pinned: boolean;
  readonly label?: string;
}

/**
 * Caches of folds, and checkpoints for people. Never needed for correctness. What every method may throw beside: see `Store`
 * and `Artifacts`.
 */
export interface Snapshots {
  /**
   * Durable when resolved, as far as the driver goes. `artifacts`: what the state refers to, kept from a sweep as long as the
   * snapshot. `VALIDATION_FAILED` for a state that canonical JSON cannot say, numbers that are no places in a log, a kind or
   * ids of artifacts that are none; `ID_INVALID` for a subject. O(state and the newest one of the subject).
   */
  put(
    s: Omit<SnapshotHead, 'id' | 'sha256'> & { readonly state: Json; readonly artifacts?: readonly ArtifactId[] },
    o?: Opt,
  ): Promise<SnapshotHead>;
  /**
   * The one of the highest `version` that fits, at most `maxVersion`; of equal ones the one put last. `undefined` without one.
   * Its state is not looked at. O(snapshots of the subject). `ID_INVALID`.
   */
  latest(
    subject: string,
    o?: Opt & { readonly kind?: 'fold' | 'checkpoint'; readonly foldVersion?: number; readonly maxVersion?: number },
  ): Promise<SnapshotHead | undefined>;
  /**
   * The state as it was put, checked against its SHA-256. `SNAPSHOT_CORRUPT` when its bytes are gone or others: fold the log
   * instead. `ARTIFACT_NOT_FOUND` when there is no such snapshot. O(state).
   */
  read(id: string, o?: Opt): Promise<Json>;
  /**
   * Heads by subject, within one in the order of putting, those behind the id `after`. `limit`: default 100.
   * `VALIDATION_FAILED`, `ID_INVALID`.
   */
  list(
    o?: Opt & { readonly subject?: string; readonly after?: string; readonly limit?: number },
  ): Promise<readonly SnapshotHead[]>;
  /** Idempotent. `ARTIFACT_NOT_FOUND` when there is no such snapshot; `REVISION_CONFLICT` when others change it all the time. */
  pin(id: string, pinned: boolean): Promise<void>;
  /**
   * The snapshot; its bytes go with the next sweep, where no other one shares them. One that is not there: no effect.
   * `SNAPSHOT_PINNED`; `REVISION_CONFLICT` as `pin`.
   */
  remove(id: string): Promise<void>;
  /**
   * Removes the oldest of a subject, by the order of putting and whatever their kind, until `keep` (0 or more) are left; answers
   * their ids, oldest first. Pinned ones stay and do not count; so does one that is put or pinned meanwhile. Each is removed
   * on its own: after a failure some may be gone. `VALIDATION_FAILED`, `ID_INVALID`. O(snapshots of the subject).
   */
  prune(o: { readonly subject: string; readonly keep: number }): Promise<readonly string[]>;
}
