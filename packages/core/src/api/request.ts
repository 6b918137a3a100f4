import type * as z from '@conductor/core/schema';
import { zod } from '#zod';
import { ConductorError } from '../kernel/error.js';

/** The path of a request, below the prefix. Throws ID_INVALID for an id that a URL would lose, such as `..`. */
export function routePath(path: string, id: string | undefined): string {
  if (!path.includes('{id}')) return path;
  // URL parsers resolve dot segments, even percent-encoded ones: the request would reach another route.
  if (id === undefined || id === '' || id === '.' || id === '..' || /\p{Cs}/u.test(id)) {
    throw new ConductorError('ID_INVALID', `${JSON.stringify(id ?? '')} cannot be an id`);
  }
  return path.replace('{id}', () => encodeURIComponent(id));
}

/** The query of a URL: numbers in decimal, lists as repeated keys, absent values left out. */
export function writeQuery(query: object): URLSearchParams {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) params.append(key, String(each));
  }
  return params;
}

/** The inverse of {@link writeQuery}, checked. Throws VALIDATION_FAILED for unknown, repeated or misspelt parameters. */
export function readQuery<S extends z.ZodObject>(schema: S, params: URLSearchParams): z.output<S> {
  const query: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of new Set(params.keys())) {
    const values = params.getAll(key);
    const kind = Object.hasOwn(schema.shape, key) ? kindOf(schema.shape[key]) : 'text';
    if (kind === 'list') query[key] = values;
    else if (values.length > 1) throw invalid('The query', [{ path: [key], message: 'Given more than once' }]);
    else query[key] = kind === 'number' ? decimal(values[0] ?? '') : values[0];
  }
  return checked(schema, { ...query }, 'The query');
}

function kindOf(schema: unknown): 'list' | 'number' | 'text' {
  const { ZodArray, ZodNumber, ZodOptional } = zod();
  if (schema instanceof ZodOptional) return kindOf(schema.unwrap());
  if (schema instanceof ZodArray) return 'list';
  return schema instanceof ZodNumber ? 'number' : 'text';
}

/** Only plain digits are a number: `1e3`, `0x10`, `+1` and the empty text stay text and fail the schema. */
function decimal(text: string): number | string {
  return /^\d{1,16}$/.test(text) ? Number(text) : text;
}

/** A value from outside, as its schema wants it. Throws VALIDATION_FAILED with `details.issues` (path, message), 20 at most. */
export function checked<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw invalid(what, read.error.issues);
}

function invalid(what: string, found: readonly { path: PropertyKey[]; message: string }[]): ConductorError {
  const issues = found.slice(0, 20).map(({ path, message }) => ({ path: path.map(String), message }));
  const first = issues[0];
  const at = first === undefined || first.path.length === 0 ? '' : ` at ${first.path.join('.')}`;
  return new ConductorError('VALIDATION_FAILED', `${what} is not valid${at}: ${first?.message ?? ''}`, {
    details: { issues },
  });
}
