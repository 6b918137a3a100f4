import type { Sha256 } from '@conductor/core/hash';
import type { ActorRef, ArtifactId, Correlation, EventEnvelope, Instant, Json } from '@conductor/core/ports';
import { defaultLimits } from '../rules/limits.js';

/** Raised when a reader of this version could not read what is written. */
export const schemaVersion = 1;

/** Bytes of one line without its newline: an event of the greatest size, with what stands around it. */
export const maxLineBytes = defaultLimits.eventBytes + 64 * 1024;

/** Bytes of an artifact on one line: a multiple of three, so that only the last line of an artifact is padded. */
export const partBytes = 48 * 1024;

/** The first line. `track`: the log of a project that has this track alone. */
export interface HeaderLine {
  readonly kind: 'conductor.log';
  readonly schemaVersion: number;
  readonly track?: string;
}

/** Bytes of an artifact from `at` on, before the first commit that refers to it. */
export interface ArtifactLine {
  readonly kind: 'artifact';
  readonly id: ArtifactId;
  readonly at: number;
  readonly data: string;
  readonly last: boolean;
}

/** An artifact that was referred to but not there when the log was exported. */
export interface MissingLine {
  readonly kind: 'missing';
  readonly id: ArtifactId;
}

/** What the events that follow have in common, and how many follow. */
export interface CommitLine {
  readonly kind: 'commit';
  readonly events: number;
  readonly at: Instant;
  readonly actor: ActorRef;
  readonly correlation: Correlation;
  readonly causation?: string;
}

export interface EventLine {
  readonly kind: 'event';
  readonly seq: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly v: number;
  readonly data: Json;
}

/** What an export holds. `sha256` is of all bytes before the last line: `head -n -1 <file> | sha256sum`. */
export interface LogSummary {
  readonly events: number;
  readonly commits: number;
  readonly artifacts: number;
  readonly missing: readonly ArtifactId[];
  /** 0 for an empty log. */
  readonly lastSeq: number;
  readonly sha256: string;
}

/** The last line. */
export interface EndLine extends LogSummary {
  readonly kind: 'end';
}

/** Where bytes are hashed; a host may have a faster way than the one that runs anywhere. */
export interface HashOption {
  readonly sha256?: (() => Sha256) | undefined;
}

export type Line = HeaderLine | ArtifactLine | MissingLine | CommitLine | EventLine | EndLine;

const artifactId = /^sha256:[0-9a-f]{64}$/;

/** True for the form of an artifact's id; nothing else in events has it. */
export function isArtifactId(value: unknown): value is ArtifactId {
  return typeof value === 'string' && value.length === 71 && artifactId.test(value);
}

/** Artifacts that the data of an event refers to, in order. Linear. */
export function artifactsIn({ data }: Pick<EventEnvelope, 'data'>): readonly ArtifactId[] {
  const found: ArtifactId[] = [];
  const open: Json[] = [data];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (isArtifactId(next)) found.push(next);
    else if (typeof next === 'object' && next !== null) {
      // Backwards, because the last one in is the first one out.
      const children: readonly Json[] = Array.isArray(next) ? next : Object.values(next);
      for (let index = children.length - 1; index >= 0; index -= 1) open.push(children[index] as Json); // below the length
    }
  }
  return found;
}
