import { ConductorError, parseJson } from '@conductor/core';
import type { Json } from '@conductor/core/ports';
import { areTexts, isActor, isInstantText, isText } from '../rules/commit-meta.js';
import { isArtifactId, schemaVersion } from './format.js';
import type { Line } from './format.js';
import { invalid } from './read-lines.js';
import type { RawLine } from './read-lines.js';

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, { readonly check: Check; readonly optional?: true }>>;

const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const positive: Check = (value) => count(value) && value !== 0;
/** What a store takes has to come back: later versions, and callers without types, may say more. */
const texts: Check = (value) => areTexts(value) && Object.keys(value).join() === Object.keys(value).toSorted().join();
const actor: Check = (value) => isActor(value) && texts(value);
const anything: Check = () => true;

/** Each kind of line with its members in their order, all of them and no others: what is not known could not be kept. */
const shapes: Readonly<Record<Line['kind'], Shape>> = {
  'conductor.log': { schemaVersion: { check: positive }, track: { check: isText, optional: true } },
  artifact: {
    id: { check: isArtifactId },
    at: { check: count },
    data: { check: (value) => typeof value === 'string' },
    last: { check: (value) => typeof value === 'boolean' },
  },
  missing: { id: { check: isArtifactId } },
  commit: {
    events: { check: positive },
    at: { check: isInstantText },
    actor: { check: actor },
    correlation: { check: texts },
    causation: { check: isText, optional: true },
  },
  event: {
    seq: { check: positive },
    stream: { check: isText },
    version: { check: positive },
    type: { check: isText },
    v: { check: positive },
    data: { check: anything },
  },
  end: {
    events: { check: count },
    commits: { check: count },
    artifacts: { check: count },
    missing: { check: (value) => Array.isArray(value) && value.every(isArtifactId) },
    lastSeq: { check: count },
    sha256: { check: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) },
  },
};

/** The greatest depth that an event's data may have, and the line around it. */
const maxDepth = 65;

/** Reads one line of an exported log; `maxBytes` is what it may have. Throws `FILE_INVALID`, and `STORE_NEWER` for a header of a later version. */
export function parseLine({ number, text: line }: RawLine, maxBytes: number): Line {
  const value = jsonOf(number, line, maxBytes);
  if (!isObject(value) || typeof value['kind'] !== 'string' || !Object.hasOwn(shapes, value['kind']))
    throw invalid(number, 'it is none of an exported log');
  const kind = value['kind'] as Line['kind']; // a key of the shapes, by the line above
  if (kind === 'conductor.log') checkVersion(value['schemaVersion']);
  const shape = shapes[kind];
  for (const [name, { check, optional }] of Object.entries(shape)) {
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    if (member === undefined ? optional !== true : !check(member))
      throw invalid(number, `its ${name} cannot be that of ${kind}`);
  }
  for (const name of Object.keys(value)) {
    if (name !== 'kind' && !Object.hasOwn(shape, name))
      throw invalid(number, `${kind} has no ${JSON.stringify(name.slice(0, 64))}`);
  }
  // What is read is what an export writes, byte by byte: so it comes out again as it went in.
  const order = ['kind', ...Object.keys(shape).filter((name) => Object.hasOwn(value, name))];
  if (Object.keys(value).join() !== order.join() || JSON.stringify(value) !== line)
    throw invalid(number, 'it is not written as an export writes it');
  return value as unknown as Line; // checked member by member
}

function jsonOf(number: number, line: string, maxBytes: number): Json {
  try {
    return parseJson(line, { maxBytes, maxDepth, source: 'it' });
  } catch (error) {
    throw invalid(number, ConductorError.is(error) ? error.message : 'it is not JSON', error);
  }
}

function checkVersion(version: unknown): void {
  if (typeof version === 'number' && version > schemaVersion) {
    throw new ConductorError(
      'STORE_NEWER',
      `The exported log has the form ${version}, this version reads up to ${schemaVersion}`,
      {
        hint: 'Import it with a newer version.',
        details: { schemaVersion: version },
      },
    );
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
