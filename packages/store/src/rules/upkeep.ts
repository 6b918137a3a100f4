import type { ArtifactId, Opt } from '@conductor/core/ports';

/** How long what nobody asks for any more is kept. */
export interface TidyOptions extends Opt {
  /** Deliveries that were given up are kept so long; default 30 days. */
  readonly deadLetterMs?: number | undefined;
  /** So long after its end the trace of a lost lease, or of a request that nobody takes back, is kept; default one day. */
  readonly leaseTraceMs?: number | undefined;
}

/** What was removed (how many), and how many bytes the log took before and takes now. */
export interface Tidied {
  readonly deadLetters: number;
  readonly leases: number;
  readonly bytesBefore: number;
  readonly bytes: number;
}

/** What a store on a disk of this machine can do for whoever looks after it. */
export interface Upkeep {
  /**
   * Everything that is wrong with what is on the disk, in words; nothing when it is sound. Changes nothing, so it may be
   * asked of a store that was opened for reading. O(log), in which this thread does nothing else. Throws as a read does.
   */
  verify(o?: Opt): Promise<readonly string[]>;
  /**
   * Removes what only tells of the past, and gives its room back: dead letters, traces of leases and requests that are long
   * over. Events, records and numbers stay; settled deliveries leave nothing. Throws as a commit does, so STORE_READ_ONLY of
   * a store that was opened for reading.
   */
  tidy(o?: TidyOptions): Promise<Tidied>;
  /**
   * Every artifact that an event or a row names anywhere in its text: what a sweep must leave. Changes nothing, as `verify`.
   * What is committed while it looks may be missing: a sweep leaves what is young. O(log), and a place in memory for each id.
   */
  references(o?: Opt): Promise<ReadonlySet<ArtifactId>>;
}

const day = 24 * 60 * 60_000;

/** Up to which moments things are removed. */
export function tidyLimits(nowMs: number, { deadLetterMs = 30 * day, leaseTraceMs = day }: TidyOptions) {
  return { deadBeforeMs: nowMs - deadLetterMs, leasesBeforeMs: nowMs - leaseTraceMs };
}

/** Adds every artifact that a text names. */
export function noteArtifacts(text: string, into: Set<ArtifactId>): void {
  // The casts: the pattern is the shape of an id.
  for (const [id] of text.matchAll(/sha256:[0-9a-f]{64}/gu)) into.add(id as ArtifactId);
}
