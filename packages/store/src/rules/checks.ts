import { ConductorError } from '@conductor/core';
import type { LeaseKey } from '@conductor/core/ports';
import { utf8Bytes } from './limits.js';

const streamShape = /^[a-z][a-z0-9-]{0,31}(?:\.[a-z][a-z0-9-]{0,31})?\/([^/\\:*?"<>|@]+)$/;
const edges = /^[ .]|[ .]$/;
// Control characters, and halves of surrogate pairs, which UTF-8 cannot carry.
const unwritable = /[\p{Cc}\p{Cs}]/u;
const unstorable = /[\0\p{Cs}]/u;

/** Refuses what contracts 1.1 does not allow as the name of a stream. Throws ID_INVALID. */
export function checkStreamId(stream: string): void {
  if (stream === 'project') return;
  const id = typeof stream === 'string' && stream.length <= 512 ? streamShape.exec(stream)?.[1] : undefined;
  const ok =
    id !== undefined &&
    Array.from(id).length <= 128 &&
    utf8Bytes(id) <= 256 &&
    !edges.test(id) &&
    !unwritable.test(id) &&
    id.normalize('NFC') === id;
  if (!ok) {
    throw new ConductorError('ID_INVALID', `${shown(stream)} cannot be the name of a stream`, {
      hint: 'Use `project` or `<kind>/<id>`; an id has at most 128 characters, none of / \\ : * ? " < > | @.',
    });
  }
}

/** The kind of a stream: the part before the slash. */
export function kindOf(stream: string): string {
  const slash = stream.indexOf('/');
  return slash === -1 ? stream : stream.slice(0, slash);
}

/** A name that is stored as it is: 1 to `maxBytes` bytes, no control character. Throws ID_INVALID. */
export function checkName(what: string, name: string, maxBytes = 256): void {
  if (typeof name === 'string' && name !== '' && !unwritable.test(name) && utf8Bytes(name) <= maxBytes) return;
  throw new ConductorError('ID_INVALID', `${shown(name)} cannot be ${what}`, {
    hint: `Use 1 to ${maxBytes} bytes without control characters.`,
  });
}

/** A whole number from `min`. Throws VALIDATION_FAILED. */
export function checkCount(what: string, value: number, min = 0): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new ConductorError('VALIDATION_FAILED', `${what} must be a whole number from ${min}, not ${value}`);
}

/** The keys of a lease request: at least one, at most 10,000, each once. Paths may hold anything but NUL. */
export function checkKeys(keys: readonly LeaseKey[]): void {
  if (keys.length === 0 || keys.length > 10_000)
    throw new ConductorError('VALIDATION_FAILED', `A lease has 1 to 10000 keys, not ${keys.length}`);
  const seen = new Set<string>();
  for (const { key, mode } of keys) {
    const ok = typeof key === 'string' && key !== '' && key.length <= 4_096 && !unstorable.test(key);
    if (!ok || (mode !== 'shared' && mode !== 'exclusive'))
      throw new ConductorError('VALIDATION_FAILED', `${shown(key)} (${shown(mode)}) cannot be the key of a lease`);
    if (seen.has(key))
      throw new ConductorError('VALIDATION_FAILED', `The key ${shown(key)} stands twice in one request`);
    seen.add(key);
  }
}

/** Orders texts by code point, as SQLite orders UTF-8; `<` would order by UTF-16 unit. */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    const astral = Number(isSurrogate(left)) - Number(isSurrogate(right));
    return astral === 0 ? left - right : astral;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : String(value);
}
