import { ConductorError } from '@conductor/core';
import { sha256Stream } from '@conductor/core/hash';
import type { Sha256 } from '@conductor/core/hash';
import type { Append, ArtifactId, Commit, NewEvent, Opt } from '@conductor/core/ports';
import { prepareCommit } from '../rules/prepare-commit.js';
import { defaultLimits } from '../rules/limits.js';
import { fromBase64 } from './base64.js';
import { artifactsIn, maxLineBytes, partBytes } from './format.js';
import type { ArtifactLine, CommitLine, EndLine, EventLine, HashOption, Line, LogSummary } from './format.js';
import { parseLine } from './parse-line.js';
import { invalid, readLines } from './read-lines.js';

/** What is done with the parts of a log, in order; each call is awaited. */
export interface LogVisitor {
  /** The parts are to be read to their end. */
  artifact(id: ArtifactId, parts: AsyncIterable<Uint8Array>): Promise<void>;
  /** With the versions that its streams have before; `lastSeq` of its last event, `bytes` of its lines. */
  commit(commit: Commit, about: { readonly lastSeq: number; readonly bytes: number }): Promise<void>;
}

/** Of one artifact; what the stores take. */
const maxArtifactBytes = 256 * 1024 * 1024;

/** A log that was read to its end. `facts`: the checksum of the lines of its commits and events, see `factsDigest`. */
export interface ReadLog {
  readonly summary: LogSummary;
  readonly facts: string;
}

export interface ReadLogOptions extends Opt, HashOption {
  /** What the line of an event may have; default `maxLineBytes`. */
  readonly lineBytes?: number | undefined;
}

/** With the lines' own members, which are few beside what a commit may hold. */
const maxCommitText = 2 * defaultLimits.commitBytes;

/** What the last line takes for one artifact that is missing: its id, two quotes and a comma. */
const missingBytes = 'sha256:'.length + 64 + 3;

/** A line with its place in the file, and its length. */
interface Numbered<L extends Line = Line> {
  readonly number: number;
  readonly bytes: number;
  readonly line: L;
}

/**
 * Reads an exported log and holds it to its rules: every line complete and of a known form, order without a gap, what is
 * referred to there just before it is needed and nothing else, counts and SHA-256 as the last line says. So what is taken is what
 * an export writes. Whether all is well is known at the end alone: a visitor that keeps what it is handed reads the log twice.
 * In memory are one commit, one line, and a place for each stream and artifact. `chunks` are let go of, however it ends.
 * Throws `FILE_INVALID`, `STORE_NEWER`, and the reason of a signal that aborts between two lines.
 */
export async function readLog(
  chunks: AsyncIterable<Uint8Array>,
  visitor: LogVisitor,
  { sha256 = sha256Stream, lineBytes = maxLineBytes, signal }: ReadLogOptions = {},
): Promise<ReadLog> {
  const [hash, facts] = [sha256(), sha256()];
  const reading = new Reading(visitor, sha256);
  // The last line names everything that is missing, so it may be longer than that of any event.
  const maxBytes = () => lineBytes + reading.missingCount * missingBytes;
  const lines = parsedLines(chunks, { hash, facts, signal, maxBytes });
  try {
    return await readWhole(lines, reading, { hash, facts });
  } finally {
    // A line that was read but refused leaves the source open, else.
    await lines.return(undefined);
  }
}

async function readWhole(
  lines: AsyncGenerator<Numbered>,
  reading: Reading,
  { hash, facts }: { readonly hash: Sha256; readonly facts: Sha256 },
): Promise<ReadLog> {
  const header = await lines.next();
  if (header.done === true || header.value.line.kind !== 'conductor.log')
    throw invalid(1, 'it is not the beginning of an exported log');
  for (;;) {
    const next = await lines.next();
    if (next.done === true) throw invalid(reading.number + 1, 'it is missing: the end of the log was cut off');
    const { number, bytes, line } = next.value;
    reading.number = number;
    if (line.kind === 'artifact') await reading.artifact({ number, bytes, line }, lines);
    else if (line.kind === 'missing') reading.missing(number, line.id);
    else if (line.kind === 'commit') await reading.commit({ number, bytes, line }, lines);
    else if (line.kind === 'end') {
      reading.checkUsed(number);
      const summary = await finished(reading.summary(hash.hex()), { number, bytes, line }, lines);
      return { summary, facts: facts.hex() };
    } else throw invalid(number, `${line.kind} does not belong here`);
  }
}

interface LineTerms extends Opt {
  readonly hash: Sha256;
  readonly facts: Sha256;
  /** Of the next line. */
  maxBytes(): number;
}

/** Every line but the last counts for the checksum. */
async function* parsedLines(
  chunks: AsyncIterable<Uint8Array>,
  { hash, facts, maxBytes, signal }: LineTerms,
): AsyncGenerator<Numbered> {
  for await (const raw of readLines(chunks, maxBytes)) {
    signal?.throwIfAborted();
    const line = parseLine(raw, maxBytes());
    if (line.kind !== 'end') hash.update(raw.bytes);
    if (line.kind === 'commit' || line.kind === 'event') facts.update(raw.bytes);
    yield { number: raw.number, bytes: raw.bytes.length, line };
  }
}

async function finished(
  found: LogSummary,
  { number, line }: Numbered<EndLine>,
  lines: AsyncGenerator<Numbered>,
): Promise<LogSummary> {
  const said = JSON.stringify([line.events, line.commits, line.artifacts, line.missing, line.lastSeq]);
  if (JSON.stringify([found.events, found.commits, found.artifacts, found.missing, found.lastSeq]) !== said)
    throw invalid(number, 'its counts are not those of the lines before it');
  if (line.sha256 !== found.sha256)
    throw invalid(number, `the bytes before it have the SHA-256 ${found.sha256}, not ${line.sha256}`);
  if ((await lines.next()).done !== true) throw invalid(number + 1, 'nothing may stand behind the end');
  return found;
}

/** What was read so far. */
class Reading {
  number = 1;
  #events = 0;
  #commits = 0;
  readonly #visitor: LogVisitor;
  readonly #sha256: () => Sha256;
  readonly #artifacts = new Set<ArtifactId>();
  readonly #missing = new Set<ArtifactId>();
  /** Artifacts since the last commit, there or missing, which the next one has to refer to in this order. */
  #announced: ArtifactId[] = [];
  /** How many of them it has referred to. */
  #used = 0;
  readonly #versions = new Map<string, number>();

  constructor(visitor: LogVisitor, sha256: () => Sha256) {
    this.#visitor = visitor;
    this.#sha256 = sha256;
  }

  summary(sha256: string): LogSummary {
    const [events, commits, artifacts] = [this.#events, this.#commits, this.#artifacts.size];
    return { events, commits, artifacts, missing: [...this.#missing], lastSeq: events, sha256 };
  }

  get missingCount(): number {
    return this.#missing.size;
  }

  missing(number: number, id: ArtifactId): void {
    this.#checkNew(number, id);
    this.#missing.add(id);
    this.#announced.push(id);
  }

  /** Nothing may stand there that no event refers to: it would be kept by nobody. */
  checkUsed(number: number): void {
    const unused = this.#announced[this.#used];
    if (unused !== undefined) throw invalid(number, `nothing before it refers to ${unused}`);
    [this.#announced, this.#used] = [[], 0];
  }

  async artifact(first: Numbered<ArtifactLine>, lines: AsyncGenerator<Numbered>): Promise<void> {
    const { id } = first.line;
    this.#checkNew(first.number, id);
    const parts = this.#parts(first, lines);
    await this.#visitor.artifact(id, parts);
    // A visitor that did not read to the end leaves the rest to be checked.
    for await (const part of parts) void part;
    this.#artifacts.add(id);
    this.#announced.push(id);
  }

  #checkNew(number: number, id: ArtifactId): void {
    if (this.#artifacts.has(id) || this.#missing.has(id)) throw invalid(number, `${id} came before`);
  }

  async *#parts(first: Numbered<ArtifactLine>, lines: AsyncGenerator<Numbered>): AsyncGenerator<Uint8Array> {
    const hash = this.#sha256();
    let at = 0;
    for (let next: Numbered = first; ; next = await following(lines, next.number)) {
      const { number, line } = next;
      this.number = number;
      if (line.kind !== 'artifact' || line.id !== first.line.id || line.at !== at)
        throw invalid(number, `${first.line.id} goes on at byte ${at}`);
      const bytes = fromBase64(line.data);
      if (bytes === undefined) throw invalid(number, 'its data is not base64');
      if (line.last ? bytes.length > partBytes || (bytes.length === 0 && at > 0) : bytes.length !== partBytes)
        throw invalid(number, `an artifact is cut into parts of ${partBytes} bytes`);
      at += bytes.length;
      if (at > maxArtifactBytes) throw invalid(number, `an artifact has at most ${maxArtifactBytes} bytes`);
      hash.update(bytes);
      if (line.last && `sha256:${hash.hex()}` !== line.id)
        throw invalid(number, `the bytes are not those of ${line.id}`);
      yield bytes;
      if (line.last) return;
    }
  }

  async commit({ number, line }: Numbered<CommitLine>, lines: AsyncGenerator<Numbered>): Promise<void> {
    const appends: { stream: string; expectedVersion: number; events: NewEvent[] }[] = [];
    if (line.events > defaultLimits.commitEvents)
      throw invalid(number, `a commit has at most ${defaultLimits.commitEvents} events`);
    let bytes = 0;
    for (let left = line.events; left > 0; left -= 1) {
      const next = await following(lines, this.number);
      this.number = next.number;
      bytes += next.bytes;
      if (bytes > maxCommitText) throw invalid(next.number, 'the commit is larger than any store takes');
      if (next.line.kind !== 'event') throw invalid(next.number, `${left} events of the commit are missing before it`);
      this.#event(next.number, next.line, appends);
    }
    const commit = commitOf(line, appends);
    checkCommit(number, commit);
    this.checkUsed(this.number);
    this.#commits += 1;
    await this.#visitor.commit(commit, { lastSeq: this.#events, bytes });
  }

  #event(number: number, event: EventLine, appends: (Append & { events: NewEvent[] })[]): void {
    const { seq, stream, version, type, v, data } = event;
    const before = this.#versions.get(stream) ?? 0;
    if (seq !== this.#events + 1) throw invalid(number, `seq ${seq} comes after ${this.#events}`);
    if (version !== before + 1) throw invalid(number, `version ${version} of ${stream} comes after ${before}`);
    for (const id of artifactsIn(event)) {
      if (!this.#artifacts.has(id) && !this.#missing.has(id)) throw invalid(number, `${id} is not there before it`);
      if (this.#announced[this.#used] === id) this.#used += 1;
    }
    this.#versions.set(stream, version);
    this.#events = seq;
    const last = appends.at(-1);
    if (last?.stream === stream) last.events.push({ type, v, data });
    else appends.push({ stream, expectedVersion: before, events: [{ type, v, data }] });
  }
}

async function following(lines: AsyncGenerator<Numbered>, number: number): Promise<Numbered> {
  const next = await lines.next();
  if (next.done === true) throw invalid(number + 1, 'it is missing: the end of the log was cut off');
  return next.value;
}

function commitOf({ at, actor, correlation, causation }: CommitLine, appends: readonly Append[]): Commit {
  return { appends, meta: { at, actor, correlation, causation } };
}

/** By the rules of every store: sizes, names of streams and types, each stream once. */
function checkCommit(number: number, commit: Commit): void {
  try {
    prepareCommit(commit, defaultLimits);
  } catch (error) {
    if (ConductorError.is(error)) throw invalid(number, error.message, error);
    throw error;
  }
}
