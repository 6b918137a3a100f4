import { ConductorError } from '../kernel/error.js';
import type { Json } from '../ports/values.js';
import type { Finding } from '../kernel/finding.js';
import { decodeText, withoutMark } from './decode-text.js';
import { jsonPlaces } from './json-place.js';
import type { JsonPlaces } from './json-place.js';
import { readJsonText, valueOf } from './json-text.js';
import { isObject, ownOf } from './metadata-codec.js';
import type { Report } from './metadata-codec.js';
import { boardSession, metadataCodec, metadataFields, parallelState } from './metadata-model.js';
import type { BoardSessionEntry, MetadataV3 } from './metadata-model.js';
import { patchJson } from './patch-json.js';

type JsonObject = { readonly [key: string]: Json };

const file = 'metadata.json';
const maxFindings = 200;

/** A `metadata.json` as it was read. */
export interface MetadataRead {
  /** undefined: the file is no JSON object; the findings say why. */
  readonly metadata: MetadataV3 | undefined;
  /** 1, 2, 3, or what a newer program wrote. */
  readonly version: number;
  readonly findings: readonly Finding[];
  /** Words for the step or its status that are none of ours, as they stand in the file. */
  readonly foreign?: { readonly step?: string; readonly status?: string };
  /** Unknown top-level keys with the text of their values: no number loses a digit. */
  readonly extra: Readonly<Record<string, string>>;
  /** Where a value stands, by its path from the root (`loop_state.current_step`). */
  readonly places: JsonPlaces;
}

/**
 * Reads `metadata.json` of any version and origin. Never throws: what it cannot read is left out, reported with its path, and
 * stays in the file when it is written. Other spellings of steps and states are normalised (C-02 to C-04, C-39); board
 * sessions and the parallel state are found at both places (C-15, C-16).
 */
export function parseMetadata(source: string | Uint8Array): MetadataRead {
  const findings: Finding[] = [];
  const read = readRoot(source, findings);
  if (!read) return { metadata: undefined, version: 0, findings, extra: {}, places: nowhere };
  const { root, places } = read;
  const report: Report = (item, why) => {
    if (findings.length < maxFindings) findings.push(finding('warning', `${item}: ${why}`, item, places));
  };
  const version = versionOf(root, report);
  const metadata = { ...metadataCodec.read(root, '', report), ...moved(root, report) };
  const extra = extraOf(root);
  const foreign = foreignOf(root, metadata);
  return {
    metadata: { ...metadata, ...(Object.keys(extra).length > 0 && { extra }) },
    version,
    findings,
    extra: rawExtra(Object.keys(extra), read),
    places,
    ...(foreign && { foreign }),
  };
}

const nowhere: JsonPlaces = { nodeAt: () => undefined, lineAt: () => undefined };

interface Root {
  readonly text: string;
  readonly root: JsonObject;
  readonly places: JsonPlaces;
}

function readRoot(source: string | Uint8Array, findings: Finding[]): Root | undefined {
  try {
    const text = withoutMark(typeof source === 'string' ? source : decodeText(source));
    const { node, oddities } = readJsonText(text);
    const places = jsonPlaces(text, node);
    for (const { kind, path } of oddities) {
      const what =
        kind === 'duplicate' ? 'stands more than once; the last one counts' : 'is no key of data and is ignored';
      findings.push(finding('warning', `${path} ${what}`, path, places));
    }
    const value = valueOf(node);
    if (isObject(value)) return { text, root: value, places };
    findings.push(finding('error', `${file} holds no object`));
  } catch (error) {
    if (!ConductorError.is(error)) throw error;
    findings.push({ ...finding('error', `${file} cannot be read: ${error.message}`), ...lineOf(error.details) });
  }
  return undefined;
}

/** What stands where a step or its status should, and is neither: kept word by word. */
function foreignOf(root: JsonObject, { loopState }: MetadataV3): MetadataRead['foreign'] {
  const loop = root['loop_state'];
  if (!isObject(loop)) return undefined;
  const wordOf = (key: string, known: unknown) => {
    const value = ownOf(loop, key);
    if (known !== undefined || value === undefined || value === null) return undefined;
    return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 200);
  };
  const step = wordOf('current_step', loopState?.currentStep);
  const status = wordOf('step_status', loopState?.stepStatus);
  if (step === undefined && status === undefined) return undefined;
  return { ...(step !== undefined && { step }), ...(status !== undefined && { status }) };
}

function rawExtra(keys: readonly string[], { text, places }: Root): Readonly<Record<string, string>> {
  const wanted = new Set(keys);
  const root = places.nodeAt('');
  const members = root?.kind === 'object' ? root.members.filter(({ key }) => wanted.has(key)) : [];
  return Object.fromEntries(members.map(({ key, value }) => [key, text.slice(value.start, value.end)]));
}

/** v1 has no loop, v2 no parallel state and no sessions; a higher number than ours is read as ours (C-01). */
function versionOf(root: JsonObject, report: Report): number {
  const stated = root['version'];
  const version = typeof stated === 'string' ? Number(stated) : stated;
  if (!isObject(root['loop_state'])) return 1;
  if (version === undefined || typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    if (version !== undefined) report('version', `${JSON.stringify(stated)} is no version of this format`);
    return 1;
  }
  if (version > 3) report('version', `version ${version} is newer than 3 and read as 3`);
  return version;
}

/** What other programs put at another place: merged with ours, where ours wins. */
function moved(root: JsonObject, report: Report): Partial<MetadataV3> {
  const loop = isObject(root['loop_state']) ? root['loop_state'] : {};
  const sessions = new Map<string, BoardSessionEntry>();
  for (const [index, item] of itemsOf(loop['board_sessions']).entries()) {
    const place = `loop_state.board_sessions.${index}`;
    const session = boardSession.read(item, place, report);
    // Without an id it could not be told from its copy at the root, and would be added with every write.
    if (session?.sessionId !== undefined) sessions.set(session.sessionId, session);
    else report(place, 'a session without an id stays where it is');
  }
  for (const [index, item] of itemsOf(root['board_sessions']).entries()) {
    const session = boardSession.read(item, '', silent); // reported on with the other fields
    if (session) sessions.set(session.sessionId ?? `#${index}`, session);
  }
  const elsewhere = root['parallel_state'];
  const parallel =
    elsewhere !== undefined && loop['parallel_state'] === undefined
      ? parallelState.read(elsewhere, 'parallel_state', report)
      : undefined;
  const read = parallel ? metadataCodec.read(root, '', silent) : undefined;
  return {
    ...(sessions.size > 0 && { boardSessions: [...sessions.values()] }),
    ...(parallel && { loopState: { ...read?.loopState, parallelState: parallel } }),
  };
}

const silent: Report = () => {};

function itemsOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

const known: ReadonlySet<string> = new Set([
  'version',
  'parallel_state',
  ...Object.values(metadataFields).flatMap(({ key, older }) => [key, ...older]),
]);

function extraOf(root: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(root).filter(([key]) => !known.has(key)));
}

/** Lists that a file of version 3 has even when they are empty. */
const always = {
  board_sessions: [],
  lead_consultations: [],
  discovered_work: [],
  blockers: [],
} as const satisfies JsonObject;

/**
 * The text of `metadata.json`, version 3. Over a previous text it makes the smallest edits: unknown keys, their order, the
 * indentation, and every value that means the same stay. A field that is undefined is left as it stands. A previous text
 * that is no JSON object is written anew. `raw`: unknown keys as the texts of their values, for a file that lacks them.
 */
export function writeMetadata(
  previous: string | undefined,
  { extra, ...data }: MetadataV3,
  raw: Readonly<Record<string, string>> = {},
): string {
  const before = previous === undefined ? undefined : readRoot(previous, [])?.root;
  const written = metadataCodec.write(data, before);
  const published: JsonObject = {
    ...always,
    ...extra,
    ...tokensFor(raw),
    ...before,
    ...(isObject(written) ? written : {}),
    version: versionToWrite(before),
  };
  const text =
    previous !== undefined && before !== undefined
      ? patchJson(previous, ordered(published))
      : `${JSON.stringify(ordered(published), undefined, 2)}\n`;
  return withTexts(text, raw);
}

/** Stands for a value whose text is put in afterwards; no other string of a file begins with this character and word. */
const tokenOf = (key: string) => `\u0000text of ${key}`;

function tokensFor(raw: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(Object.keys(raw).map((key) => [key, tokenOf(key)]));
}

function withTexts(text: string, raw: Readonly<Record<string, string>>): string {
  let result = text;
  for (const [key, value] of Object.entries(raw)) result = result.replace(JSON.stringify(tokenOf(key)), () => value);
  return result;
}

/** A higher number was written by a newer program, which goes on to read the file. */
function versionToWrite(before: JsonObject | undefined): number {
  const stated = before?.['version'];
  return typeof stated === 'number' && stated > 3 ? stated : 3;
}

const order: readonly string[] = ['version', ...Object.values(metadataFields).map(({ key }) => key)];

function ordered(published: JsonObject): JsonObject {
  const rank = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length);
  return Object.fromEntries(Object.entries(published).toSorted(([left], [right]) => rank(left) - rank(right)));
}

function finding(severity: Finding['severity'], message: string, item?: string, places?: JsonPlaces): Finding {
  const line = item === undefined ? undefined : places?.lineAt(item);
  const code = severity === 'error' ? 'FILE_DAMAGED' : 'METADATA_UNREAD';
  return {
    severity,
    code,
    message,
    path: file,
    ...(item !== undefined && { item }),
    ...(line !== undefined && { line }),
  };
}

function lineOf(details: Readonly<Record<string, unknown>>): { line?: number } {
  return typeof details['line'] === 'number' ? { line: details['line'] } : {};
}
