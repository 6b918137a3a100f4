import { canonicalJson, ConductorError } from '@conductor/core';
import { sha256Stream } from '@conductor/core/hash';
import { requireWholeLog } from '@conductor/core/ports';
import type { ArtifactId, Artifacts, EventEnvelope, Json, Opt, Store } from '@conductor/core/ports';
import { joined } from '../bytes.js';
import { toBase64 } from './base64.js';
import { artifactsIn, partBytes, schemaVersion } from './format.js';
import type { HashOption, Line, LogSummary } from './format.js';

export interface LogSource {
  readonly store: Pick<Store, 'readAll' | 'records'>;
  readonly artifacts: Pick<Artifacts, 'get'>;
}

export interface ExportOptions extends Opt, HashOption {
  /** Only this track with its boards, approvals and runs, numbered as in a project that has nothing else. */
  readonly track?: string | undefined;
}

/** One commit as the log has it: what its events share stands in the first one. */
type CommitEvents = readonly [EventEnvelope, ...EventEnvelope[]];

/**
 * Writes the log with the artifacts it refers to, line by line, as one text that depends on nothing but the log: whatever the
 * driver, the same log gives the same bytes. What is appended meanwhile is not part of it. `write` is awaited, so that at most
 * one commit and one part of an artifact are in memory. An artifact that is not there is named in `missing`.
 * Throws `INVALID_STATE` for a half imported store, `ARTIFACT_CORRUPT`, `STORE_CORRUPT`, and what `write` throws.
 */
export async function exportLog(
  { store, artifacts }: LogSource,
  write: (bytes: Uint8Array) => Promise<void> | void,
  { track, sha256 = sha256Stream, signal }: ExportOptions = {},
): Promise<LogSummary> {
  signal?.throwIfAborted();
  await requireWholeLog(store);
  const hash = sha256();
  const lines = new Lines(write);
  const seen = new Set<ArtifactId>();
  const missing: ArtifactId[] = [];
  const line = async (value: Line) => {
    hash.update(await lines.add(value));
  };

  await line({ kind: 'conductor.log', schemaVersion, ...(track !== undefined && { track }) });
  const numbers = track === undefined ? keptNumbers() : newNumbers();
  let commits = 0;
  for await (const all of commitsOf(store, signal)) {
    const [first, ...others] = track === undefined ? all : all.filter(belongsTo(track));
    if (first === undefined) continue;
    for (const event of [first, ...others]) {
      for (const id of artifactsIn(event)) {
        if (seen.has(id)) continue;
        seen.add(id);
        if (!(await writeArtifact(artifacts, id, line, signal))) {
          missing.push(id);
          await line({ kind: 'missing', id });
        }
      }
    }
    commits += 1;
    await writeCommit([first, ...others], numbers, line);
  }
  const { seq: lastSeq } = numbers.last();
  const counts = { events: lastSeq, commits, artifacts: seen.size - missing.length, missing, lastSeq };
  const summary: LogSummary = { ...counts, sha256: hash.hex() };
  await lines.add({ kind: 'end', ...summary });
  await lines.flush();
  return summary;
}

/**
 * The checksum of the lines of all commits and events, without artifacts: what a store gives back, to compare it with what it
 * was handed. Reads a half imported store too.
 */
export async function factsDigest(
  store: Pick<Store, 'readAll'>,
  { sha256 = sha256Stream, signal }: Opt & HashOption = {},
): Promise<string> {
  const hash = sha256();
  const numbers = keptNumbers();
  for await (const events of commitsOf(store, signal))
    await writeCommit(events, numbers, async (value) => hash.update(bytesOf(value)));
  return hash.hex();
}

const encoder = new TextEncoder();
const bytesOf = (line: Line) => encoder.encode(`${JSON.stringify(line)}\n`);
const chunkBytes = 64 * 1024;

/** Lines are short and many: they are handed on together. */
class Lines {
  readonly #write: (bytes: Uint8Array) => Promise<void> | void;
  #open: Uint8Array[] = [];
  #length = 0;

  constructor(write: (bytes: Uint8Array) => Promise<void> | void) {
    this.#write = write;
  }

  /** The bytes of the line. */
  async add(value: Line): Promise<Uint8Array> {
    const bytes = bytesOf(value);
    this.#open.push(bytes);
    this.#length += bytes.length;
    if (this.#length >= chunkBytes) await this.flush();
    return bytes;
  }

  async flush(): Promise<void> {
    const bytes = joined(this.#open, this.#length);
    [this.#open, this.#length] = [[], 0];
    await this.#write(bytes);
  }
}

/** Events that share a commit, in order; a page may end within one. */
async function* commitsOf(
  store: Pick<Store, 'readAll'>,
  signal: AbortSignal | undefined,
): AsyncGenerator<CommitEvents> {
  let open: [EventEnvelope, ...EventEnvelope[]] | undefined;
  for await (const page of store.readAll({ signal })) {
    for (const event of page) {
      if (open?.[0].commit === event.commit) open.push(event);
      else {
        if (open) yield open;
        open = [event];
      }
    }
  }
  if (open) yield open;
}

async function writeCommit(
  events: CommitEvents,
  numbers: Numbers,
  line: (value: Line) => Promise<void>,
): Promise<void> {
  const [{ at, actor, correlation, causation: cause }] = events;
  const causation = cause === undefined ? undefined : numbers.causation(cause);
  await line({
    kind: 'commit',
    events: events.length,
    at,
    // Drivers keep members in different orders; here there is one.
    actor: sorted(actor),
    correlation: sorted(correlation),
    ...(causation !== undefined && { causation }),
  });
  for (const event of events) {
    const { stream, type, v, data } = event;
    const { seq, version } = numbers.next(event);
    await line({ kind: 'event', seq, stream, version, type, v, data });
  }
}

/** By name, without members that are absent. */
function sorted<T extends object>(value: T): T {
  return JSON.parse(canonicalJson(JSON.parse(JSON.stringify(value)))) as T; // the same members
}

/** One line for each part of equal length, whatever the driver hands out. False: the artifact is not there. */
async function writeArtifact(
  artifacts: LogSource['artifacts'],
  id: ArtifactId,
  line: (value: Line) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let at = 0;
  let rest = new Uint8Array();
  const part = async (bytes: Uint8Array, last: boolean) => {
    await line({ kind: 'artifact', id, at, data: toBase64(bytes), last });
    at += bytes.length;
  };
  try {
    for await (const chunk of artifacts.get(id, { signal })) {
      const bytes = new Uint8Array(rest.length + chunk.length);
      bytes.set(rest);
      bytes.set(chunk, rest.length);
      let from = 0;
      // The last part is only known at the end: a full one waits for a byte behind it.
      for (; bytes.length - from > partBytes; from += partBytes)
        await part(bytes.subarray(from, from + partBytes), false);
      rest = bytes.slice(from);
    }
  } catch (error) {
    if (at === 0 && ConductorError.is(error, 'ARTIFACT_NOT_FOUND')) return false;
    throw error;
  }
  await part(rest, true);
  return true;
}

interface Numbers {
  next(event: EventEnvelope): { readonly seq: number; readonly version: number };
  /** The cause by its new name; `undefined` when it is no part of what is written. */
  causation(id: string): string | undefined;
  last(): { readonly seq: number };
}

/** Of a whole log, which must have no gap: a reader could not tell it from a torn one. */
function keptNumbers(): Numbers {
  let last = 0;
  return {
    next({ seq, version }) {
      if (seq !== last + 1)
        throw new ConductorError('STORE_CORRUPT', `The log goes from seq ${last} to ${seq}`, {
          details: { last, seq },
        });
      last = seq;
      return { seq, version };
    },
    causation: (id) => id,
    last: () => ({ seq: last }),
  };
}

/** Of a part of a log: counted anew, and causes renamed with it. In memory is a number for each event that was renamed. */
function newNumbers(): Numbers {
  let seq = 0;
  const streams = new Map<string, Renumbered>();
  return {
    next({ stream, version }) {
      const own = streams.get(stream) ?? { count: 0, whole: 0, moved: new Map() };
      streams.set(stream, own);
      own.count += 1;
      if (version === own.count) own.whole = version;
      else own.moved.set(version, own.count);
      seq += 1;
      return { seq, version: own.count };
    },
    causation(id) {
      // What is no id of an event is the key of a command, or a word of the caller's own.
      const [, stream, version] = eventId.exec(id) ?? [];
      if (stream === undefined) return id;
      const own = streams.get(stream);
      if (own !== undefined && Number(version) <= own.whole) return id;
      const moved = own?.moved.get(Number(version));
      return moved === undefined ? undefined : `${stream}@${moved}`;
    },
    last: () => ({ seq }),
  };
}

/** The events of a stream that are written: all of them up to `whole`, some of those behind it. */
interface Renumbered {
  count: number;
  whole: number;
  readonly moved: Map<number, number>;
}

const eventId = /^(?!cmd:)([^@]+)@([1-9][0-9]*)$/;

const ofEveryProject = new Set(['project.created', 'project.configured']);

/** What a project with this track alone would have in its log. */
function belongsTo(track: string): (event: EventEnvelope) => boolean {
  return ({ stream, type, data, correlation }) => {
    if (stream === 'project') return ofEveryProject.has(type) || trackOf(data) === track;
    return stream.startsWith('track/') ? stream === `track/${track}` : correlation.track === track;
  };
}

function trackOf(data: Json): Json | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  return (data as { readonly [key: string]: Json })['trackId']; // an object, by the line above
}
