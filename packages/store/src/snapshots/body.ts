import { ConductorError } from '@conductor/core';
import type { ArtifactId, Artifacts, Opt } from '@conductor/core/ports';
import { joined } from '../bytes.js';
import { difference } from './difference.js';
import { gunzip, gzip } from './gzip.js';

/** A body that another one takes bytes from; `bytes` is its length unpacked. */
export interface Source {
  readonly id: ArtifactId;
  readonly bytes: number;
}

/** Bytes of a state in order: `source` is a place in the list of sources, or -1 for the body itself. */
interface Piece {
  readonly source: number;
  readonly from: number;
  readonly length: number;
}

/** A state as it is laid out in bodies. */
export interface Layout {
  readonly body: Source;
  readonly sources: readonly Source[];
  readonly pieces: readonly Piece[];
}

/** A state that was read, and where each of its bytes lies. */
export interface Placed extends Layout {
  readonly bytes: Uint8Array;
}

const maxSources = 16;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Stores the bytes of a state as an artifact of its own: a line of JSON that says what is taken from bodies stored before,
 * then the bytes that are new, gzipped together. Without `base`, or when too little agrees with it, all bytes are new.
 */
export async function writeBody(
  artifacts: Artifacts,
  state: Uint8Array,
  base: Placed | undefined,
  o: Opt,
): Promise<{ readonly body: Source; readonly sources: readonly Source[] }> {
  const { sources, pieces, own } = (base && built(base, state)) ?? {
    sources: [],
    pieces: [{ source: -1, from: 0, length: state.length }],
    own: state,
  };
  const header = encoder.encode(`${JSON.stringify({ schemaVersion: 1, sources, pieces: columnsOf(pieces) })}\n`);
  const whole = joined([header, own], header.length + own.length);
  const { id } = await artifacts.put(await gzip(whole), { mediaType: 'application/gzip', ...o });
  return { body: { id, bytes: whole.length }, sources };
}

/** What the state shares with the base, in terms of the bodies that the base lies in. */
function built(
  base: Placed,
  state: Uint8Array,
): (Pick<Layout, 'sources' | 'pieces'> & { readonly own: Uint8Array }) | undefined {
  const all = [...base.sources, base.body];
  const slice = slicer(base.pieces);
  const places = new Map<Source, number>();
  const sources: Source[] = [];
  const pieces: Piece[] = [];
  const fresh: Uint8Array[] = [];
  let own = 0;
  for (const { start, length, copied } of difference(base.bytes, state)) {
    if (copied === undefined) {
      pieces.push({ source: -1, from: own, length });
      fresh.push(state.subarray(start, start + length));
      own += length;
      continue;
    }
    for (const piece of slice(copied, length)) {
      const source = all.at(piece.source) as Source; // -1 is the last one: the base's own body
      const place = places.get(source) ?? sources.push(source) - 1;
      places.set(source, place);
      pieces.push({ ...piece, source: place });
    }
  }
  const kept = sources.reduce((sum, { bytes }) => sum + bytes, own);
  // Old bodies live as long as one byte of them is needed: better all anew than to keep mostly what nobody needs.
  if (sources.length === 0 || sources.length > maxSources || kept > 2 * state.length + 65_536) return undefined;
  return { sources, pieces, own: joined(fresh, own) };
}

/** Cuts out the part of a layout that holds `length` bytes of the state from `start` on. O(log pieces + found). */
function slicer(pieces: readonly Piece[]): (start: number, length: number) => readonly Piece[] {
  const begins = new Float64Array(pieces.length);
  let end = 0;
  for (const [index, { length }] of pieces.entries()) {
    begins[index] = end;
    end += length;
  }
  return (start, length) => {
    const found: Piece[] = [];
    for (let index = lastAtMost(begins, start); index < pieces.length; index += 1) {
      const { source, from, length: size } = pieces[index] as Piece; // below the length
      const first = Math.max(0, start - (begins[index] as number)); // as many as pieces
      const last = Math.min(size, start + length - (begins[index] as number));
      if (last <= 0) break;
      if (first < last) found.push({ source, from: from + first, length: last - first });
    }
    return found;
  };
}

/** The last place whose value is at most `value`, 0 at least: values go up. */
function lastAtMost(values: Float64Array, value: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((values[middle] as number) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Pieces in columns, `from` as the distance to where the last piece of that source ended: small numbers that pack well. */
function columnsOf(pieces: readonly Piece[]): readonly (readonly number[])[] {
  const ends = new Map<number, number>();
  const aheads = pieces.map(({ source, from, length }) => {
    const ahead = from - (ends.get(source) ?? 0);
    ends.set(source, from + length);
    return ahead;
  });
  return [pieces.map(({ source }) => source), aheads, pieces.map(({ length }) => length)];
}

function piecesOf([sources = [], aheads = [], lengths = []]: readonly (readonly number[])[]): readonly Piece[] {
  const ends = new Map<number, number>();
  return lengths.map((length, index) => {
    const source = sources[index] ?? -1;
    const from = (ends.get(source) ?? 0) + (aheads[index] ?? 0);
    ends.set(source, from + length);
    return { source, from, length };
  });
}

/** Puts a state together from its bodies. Throws what reading and unpacking throw; whether it is the state, the caller checks. */
export async function readBody(artifacts: Artifacts, body: Source, maxBytes: number, o: Opt): Promise<Placed> {
  const { header, own } = await unpack(artifacts, body, o);
  const { sources, pieces } = header;
  const others: Uint8Array[] = [];
  for (const source of sources) others.push((await unpack(artifacts, source, o)).own);
  const parts = pieces.map(({ source, from, length }) => {
    const bytes = source === -1 ? own : others[source];
    if (bytes === undefined || from < 0 || from + length > bytes.length) throw damaged(body.id);
    return bytes.subarray(from, from + length);
  });
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length > maxBytes) throw damaged(body.id);
  return { body, sources, pieces, bytes: joined(parts, length) };
}

async function unpack(
  artifacts: Artifacts,
  { id, bytes }: Source,
  o: Opt,
): Promise<{ readonly header: Pick<Layout, 'sources' | 'pieces'>; readonly own: Uint8Array }> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of artifacts.get(id, o)) {
    parts.push(part);
    length += part.length;
  }
  const whole = await gunzip(joined(parts, length), bytes);
  const end = whole.indexOf(10);
  if (end < 0) throw damaged(id);
  return { header: headerOf(id, decoder.decode(whole.subarray(0, end))), own: whole.subarray(end + 1) };
}

/** A header that we have written, as its checksum proves; what it says is only checked where reading goes by it. */
function headerOf(id: ArtifactId, text: string): Pick<Layout, 'sources' | 'pieces'> {
  const { schemaVersion, sources, pieces } = JSON.parse(text) as {
    schemaVersion: number;
    sources: Source[];
    pieces: number[][];
  }; // the form that writeBody writes, version checked below
  if (schemaVersion !== 1) throw damaged(id);
  return { sources, pieces: piecesOf(pieces) };
}

function damaged(id: ArtifactId): ConductorError {
  return new ConductorError('ARTIFACT_CORRUPT', `${id} is no body of a snapshot that this version can read`);
}
