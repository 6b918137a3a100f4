import type * as z from '@conductor/core/schema';
import type { Instant, Json } from '../ports/values.js';
import { instant, parseInstant } from '../kernel/clock.js';

/** Told about what a reader passes over: the field's path and why. */
export type Report = (path: string, why: string) => void;

/**
 * One published value, both ways. `read` answers undefined for what it cannot read, after a report: the file is somebody's
 * and stays readable. `write` gets what stands in the file now, and keeps of it what it does not know.
 */
export interface Codec<T> {
  read(value: Json, path: string, report: Report): T | undefined;
  write(value: T, previous: Json | undefined): Json;
}

type JsonObject = { readonly [key: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value that is the same inside and outside. */
export function leaf<T extends Json>(schema: z.ZodType<T>): Codec<T> {
  return {
    read(value, path, report) {
      const parsed = schema.safeParse(value);
      if (parsed.success) return parsed.data;
      report(path, `${shown(value)} is not as published`);
      return undefined;
    },
    write: (value) => value,
  };
}

/** A word of a closed set, with other spellings that are read. `keep`: a spelling in the file stays while it means the same. */
export function word<W extends string>(
  words: readonly W[],
  aliases: Readonly<Record<string, W>> = {},
  keep = false,
): Codec<W> {
  const read = (value: Json): W | undefined => {
    if (typeof value !== 'string') return undefined;
    const own = words.find((candidate) => candidate === value);
    return own ?? (Object.hasOwn(aliases, value) ? aliases[value] : undefined);
  };
  return {
    read(value, path, report) {
      const found = read(value);
      if (found === undefined) report(path, `${shown(value)} is none of ${words.join(', ')}`);
      return found;
    },
    write: (value, previous) => (keep && previous !== undefined && read(previous) === value ? previous : value),
  };
}

/** A whole number; other programs write it as text too. */
export const integer: Codec<number> = {
  read(value, path, report) {
    const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number)) {
      if (number !== value) report(path, `the number ${shown(value)} is written as text`);
      return number;
    }
    report(path, `${shown(value)} is no whole number`);
    return undefined;
  },
  write: (value) => value,
};

const zone = /(?:Z|[+-]\d{2}:?\d{2})$/i;

/**
 * A date, or a time with `Z`, an offset or no zone (meant as UTC), as an instant. On write a text that means the same
 * instant stays as it is; anything else is written in UTC.
 */
export const time: Codec<Instant> = {
  read(value, path, report) {
    const read = instantOf(value);
    if (read === undefined) report(path, `${shown(value)} is no time`);
    return read;
  },
  write: (value, previous) => (previous !== undefined && instantOf(previous) === value ? previous : value),
};

function instantOf(value: Json): Instant | undefined {
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(value)
    ? `${value}T00:00:00Z`
    : value.replace(/^(\d{4}-\d{2}-\d{2}) /, '$1T');
  try {
    return instant(parseInstant(zone.test(whole) ? whole.replace(/([+-]\d{2})(\d{2})$/, '$1:$2') : `${whole}Z`));
  } catch {
    return undefined; // no time is an answer here, the caller names file and field
  }
}

/** Where the file says null. */
export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  return {
    read: (value, path, report) => (value === null ? null : codec.read(value, path, report)),
    write: (value, previous) => (value === null ? null : codec.write(value, previous)),
  };
}

/** A list; items that cannot be read are reported and left out. On write items keep what stands at their place. */
export function list<T>(codec: Codec<T>): Codec<readonly T[]> {
  return {
    read: (value, path, report) => readItems(codec, value, path, report),
    write: (value, previous) =>
      value.map((item, index) =>
        codec.write(item, Array.isArray(previous) ? (previous as readonly Json[])[index] : undefined),
      ),
  };
}

/**
 * A list whose items have a name of their own. On write an item meets the one of its name, new ones follow, and items that
 * only the file has stay: they are somebody's history. Items without a name stay as they are, too.
 */
export function history<T>(codec: Codec<T>, nameOf: (published: Json) => string | undefined): Codec<readonly T[]> {
  return {
    read: (value, path, report) => readItems(codec, value, path, report),
    write(value, previous) {
      const items = new Map<string, Json>();
      const before = Array.isArray(previous) ? (previous as readonly Json[]) : [];
      // By the name that the item would have if we wrote it: a time may stand there in another form.
      const there = counting((item) => {
        const known = codec.read(item, '', () => {});
        return known === undefined ? nameOf(item) : nameOf(codec.write(known, undefined));
      });
      for (const [index, item] of before.entries()) items.set(there(item) ?? `nameless ${index}`, item);
      const ours = counting(nameOf);
      for (const item of value) {
        const name = ours(codec.write(item, undefined));
        if (name !== undefined) items.set(name, codec.write(item, items.get(name)));
      }
      return [...items.values()];
    },
  };
}

/** Tells the second item of a name from the first. */
function counting(nameOf: (published: Json) => string | undefined): (published: Json) => string | undefined {
  const counts = new Map<string, number>();
  return (published) => {
    const name = nameOf(published);
    if (name === undefined) return undefined;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return `${count} ${name}`;
  };
}

function readItems<T>(codec: Codec<T>, value: Json, path: string, report: Report): readonly T[] | undefined {
  if (!Array.isArray(value)) {
    report(path, `${shown(value)} is no list`);
    return undefined;
  }
  return (value as readonly Json[]).flatMap((item, index) => {
    const read = codec.read(item, `${path}.${index}`, report);
    return read === undefined ? [] : [read];
  });
}

/** An object whose keys are data. */
export function dictionary<T>(codec: Codec<T>): Codec<Readonly<Record<string, T>>> {
  return {
    read(value, path, report) {
      if (!isObject(value)) {
        report(path, `${shown(value)} is no object`);
        return undefined;
      }
      const read = Object.entries(value).flatMap(([key, inner]) => {
        const item = codec.read(inner, `${path}.${key}`, report);
        return item === undefined ? [] : [[key, item] as const];
      });
      return Object.fromEntries(read);
    },
    write(value, previous) {
      const before = isObject(previous) ? previous : {};
      return {
        ...before,
        ...Object.fromEntries(Object.entries(value).map(([key, item]) => [key, codec.write(item, ownOf(before, key))])),
      };
    },
  };
}

/** One key of a published object: its name outside, and older names that are read when it is missing. */
export interface Field<T> {
  readonly key: string;
  readonly codec: Codec<T>;
  readonly older: readonly string[];
}

export function field<T>(key: string, codec: Codec<T>, ...older: readonly string[]): Field<T> {
  return { key, codec, older };
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** What a table of fields holds inside; every field may be missing in a file. */
export type ModelOf<F extends Fields> = { readonly [K in keyof F]?: F[K] extends Field<infer T> ? T : never };

/** An object with known keys. On write a field that is undefined leaves the file as it is, and unknown keys stay. */
export function record<F extends Fields>(fields: F): Codec<ModelOf<F>> {
  return {
    read(value, path, report) {
      if (!isObject(value)) {
        report(path, `${shown(value)} is no object`);
        return undefined;
      }
      const model: Record<string, unknown> = {};
      for (const [name, { key, codec, older }] of Object.entries(fields)) {
        const found = [key, ...older].find((candidate) => Object.hasOwn(value, candidate));
        const read =
          found === undefined
            ? undefined
            : codec.read(ownOf(value, found) ?? null, path === '' ? found : `${path}.${found}`, report);
        if (read !== undefined) model[name] = read;
      }
      return model as ModelOf<F>; // filled from the same table that the type is made from
    },
    write(value, previous) {
      const published: Record<string, Json> = { ...(isObject(previous) ? previous : {}) };
      for (const [name, { key, codec }] of Object.entries(fields)) {
        const inner: unknown = value[name];
        if (inner !== undefined)
          published[key] = codec.write(inner, isObject(previous) ? ownOf(previous, key) : undefined);
      }
      return published;
    },
  };
}

/** An own key of an object, undefined for `toString` and the like. */
export function ownOf(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
