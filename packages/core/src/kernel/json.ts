import type * as z from '@conductor/core/schema';
import type { Json } from '../ports/values.js';
import { lazySchema } from '../schema/lazy.js';
import { ConductorError } from './error.js';

/** Nesting allowed in values from outside. */
const maxJsonDepth = 64;
/** Nesting allowed in values of our own: only guards the stack, and ends cycles. */
const maxCanonicalDepth = 512;

/** A schema for any JSON value up to 64 levels deep; for API documents it is "anything". */
export const jsonValue = lazySchema(
  // The cast: a refinement proves the type at runtime, but zod infers nothing from it.
  ({ unknown }) => unknown().refine(isJson, { error: 'Not a JSON value' }) as unknown as z.ZodType<Json, Json>,
);

/** True for plain data that `JSON.stringify` keeps as it is, without prototype keys, at most 64 levels deep. Linear. */
export function isJson(value: unknown): value is Json {
  return isJsonBelow(value, 0);
}

function isJsonBelow(value: unknown, depth: number): boolean {
  if (isScalar(value)) return true;
  if (!isContainer(value) || depth >= maxJsonDepth) return false;
  if (Array.isArray(value)) {
    // By index, as in `canonical`.
    for (let index = 0; index < value.length; index += 1) if (!isJsonBelow(value[index], depth + 1)) return false;
    return true;
  }
  if (pollutes(value)) return false;
  const record = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(record)) if (!isJsonBelow(record[key], depth + 1)) return false;
  return true;
}

/**
 * The one text of a JSON value: keys sorted by UTF-16 code units, no spaces (the form of RFC 8785). For hashes, idempotency
 * and golden files. Throws VALIDATION_FAILED, with `details.path`, for what JSON cannot say: NaN, Infinity, undefined, a
 * class instance, a cycle, a prototype key.
 */
export function canonicalJson(value: unknown): string {
  // The usual case: written natively, in a fraction of the time.
  const text = isInOrder(value, 0) ? JSON.stringify(value) : canonical(value, 0);
  if (text !== undefined) return text;
  const { path, found } = refused(value, []) ?? { path: [], found: value };
  const at = path.slice(0, 16);
  throw new ConductorError('VALIDATION_FAILED', `No JSON value at ${at.join('.') || 'the root'}: ${kindOf(found)}`, {
    details: { path: at },
  });
}

/** `undefined` when there is something in it that JSON cannot say; where it is nobody asks on the way, which is walked often. */
function canonical(value: unknown, depth: number): string | undefined {
  if (isScalar(value)) return JSON.stringify(value);
  if (!isContainer(value) || pollutes(value) || depth >= maxCanonicalDepth) return undefined;
  let text = '';
  if (Array.isArray(value)) {
    // By index, not by iteration: a hole is an undefined value, and must be refused like one.
    for (let index = 0; index < value.length; index += 1) {
      const item = canonical(value[index], depth + 1);
      if (item === undefined) return undefined;
      text += index === 0 ? item : `,${item}`;
    }
    return `[${text}]`;
  }
  const record = value as Readonly<Record<string, unknown>>;
  for (const key of sorted(Object.keys(record))) {
    const member = canonical(record[key], depth + 1);
    if (member === undefined) return undefined;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${member}`;
  }
  return `{${text}}`;
}

/** Whether it is JSON whose keys are sorted everywhere, so that `JSON.stringify` writes the canonical text. */
function isInOrder(value: unknown, depth: number): boolean {
  if (isScalar(value)) return true;
  if (!isContainer(value) || pollutes(value) || depth >= maxCanonicalDepth) return false;
  if ('toJSON' in value) return false; // it would be asked, even where only a prototype has it
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) if (!isInOrder(value[index], depth + 1)) return false;
    return true;
  }
  const record = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(record);
  return areSorted(keys) && keys.every((key) => isInOrder(record[key], depth + 1));
}

/** Most keys come sorted, and to see that costs less than to sort them. */
function sorted(keys: string[]): readonly string[] {
  return areSorted(keys) ? keys : keys.sort();
}

function areSorted(keys: readonly string[]): boolean {
  let before = '';
  for (const key of keys) {
    if (key < before) return false;
    before = key;
  }
  return true;
}

interface Refused {
  readonly path: readonly (string | number)[];
  readonly found: unknown;
}

/** The first value that JSON cannot say, in the order of the canonical text. */
function refused(value: unknown, path: readonly (string | number)[]): Refused | undefined {
  if (isScalar(value)) return undefined;
  if (!isContainer(value) || pollutes(value) || path.length >= maxCanonicalDepth) return { path, found: value };
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value).sort();
  for (const key of keys) {
    const found = refused((value as Readonly<Record<string | number, unknown>>)[key], [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function kindOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return typeof value;
  return isContainer(value) ? 'a prototype key, a cycle, or nested too deep' : 'a class instance';
}

/** What a JSON text may be. */
export interface ParseJsonOptions {
  /** Of the text as UTF-8; default 16 MiB. */
  readonly maxBytes?: number | undefined;
  /** Default 64. */
  readonly maxDepth?: number | undefined;
  /** Named in messages, for example a file; default "The JSON text". */
  readonly source?: string | undefined;
}

/**
 * Reads a JSON text from outside. Size and depth are checked before anything is built; a key that could reach a prototype
 * is refused. Throws TOO_LARGE (`details.maxBytes`) or VALIDATION_FAILED.
 */
export function parseJson(text: string, options: ParseJsonOptions = {}): Json {
  const { maxBytes = 16 * 1024 * 1024, maxDepth = maxJsonDepth, source = 'The JSON text' } = options;
  // A UTF-16 unit takes one to three bytes: most texts need no count.
  if (text.length > maxBytes || (text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes)) {
    throw new ConductorError('TOO_LARGE', `${source} is longer than ${maxBytes} bytes`, { details: { maxBytes } });
  }
  if (isDeeper(text, maxDepth)) {
    throw new ConductorError('VALIDATION_FAILED', `${source} is nested deeper than ${maxDepth} levels`, {
      details: { maxDepth },
    });
  }
  let value: Json;
  try {
    value = JSON.parse(text) as Json; // JSON.parse makes nothing but JSON
  } catch (cause) {
    throw new ConductorError('VALIDATION_FAILED', `${source} is not JSON: ${(cause as SyntaxError).message}`, {
      cause,
    });
  }
  if (hasPrototypeKeys(value)) {
    throw new ConductorError('VALIDATION_FAILED', `${source} has a key that could change a prototype`, {
      hint: 'Rename the key `__proto__`, or `constructor.prototype`.',
    });
  }
  return value;
}

function isDeeper(text: string, maxDepth: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (inString) {
      if (char === '\\') index += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '[' || char === '{') {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (char === ']' || char === '}') depth -= 1;
  }
  return false;
}

function hasPrototypeKeys(value: Json): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (isScalar(next)) continue;
    if (pollutes(next as object)) return true;
    for (const child of childrenOf(next as object)) open.push(child);
  }
  return false;
}

/** Freezes plain objects and arrays all the way down, and returns the same value. Maps and class instances stay as they are. */
export function deepFreeze<T>(value: T): T {
  const seen = new Set<unknown>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (!isContainer(next) || seen.has(next)) continue;
    seen.add(next);
    Object.freeze(next);
    for (const child of childrenOf(next)) open.push(child);
  }
  return value;
}

function isScalar(value: unknown): value is null | boolean | number | string {
  if (typeof value === 'number') return Number.isFinite(value);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

/** An array or a plain object, of any realm: the prototype of a plain object has none itself. */
function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Array.from and not the array: holes come out as undefined, and array properties that are no items do not. */
function childrenOf(container: object): readonly unknown[] {
  return Array.isArray(container) ? Array.from<unknown>(container) : Object.values(container);
}

function pollutes(container: object): boolean {
  if (Array.isArray(container)) return false;
  if (Object.hasOwn(container, '__proto__')) return true;
  if (!Object.hasOwn(container, 'constructor')) return false;
  const { constructor } = container as { readonly constructor: unknown };
  return typeof constructor === 'object' && constructor !== null && Object.hasOwn(constructor, 'prototype');
}
