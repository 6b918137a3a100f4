import * as z from '@conductor/core/schema';
import { ConductorError } from '../kernel/error.js';
import { sha256Hex } from '../kernel/hash.js';
import { canonicalJson, parseJson } from '../kernel/json.js';
import type { Json } from '../ports/values.js';
import type { Call, Cursor, Page } from './contract/calls.js';

/**
 * Walks all pages: `for await (const track of everyItem(api.tracks.list, { lifecycle: ['active'] }))`. An item that moves
 * meanwhile may come twice; one that stays is never lost. Throws what `list` throws.
 */
export async function* everyItem<T, Q extends Cursor>(
  list: (query?: Q, o?: Call) => Promise<Page<T>>,
  query: NoInfer<Q>,
  o: Call = {},
): AsyncGenerator<T, void, undefined> {
  let page = await list(query, o);
  for (;;) {
    yield* page.items;
    if (page.nextCursor === undefined) return;
    page = await list({ ...query, cursor: page.nextCursor }, o);
  }
}

/** What a cursor belongs to: the query it was made for, and the order of the list. */
export interface CursorScope {
  /** `cursor` and `limit` in it do not count: a reader may change its page size. */
  readonly query: object;
  readonly order: string;
}

const maxCursorLength = 4096;
const CursorShape = z.tuple([z.literal(1), z.string(), z.unknown()]);

/** A position in a list as an opaque text (base64url), bound to its query and order. Not a secret, and not signed. */
export function encodeCursor(scope: CursorScope, position: Json): string {
  const bytes = new TextEncoder().encode(JSON.stringify([1, fingerprint(scope), position]));
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The inverse of {@link encodeCursor}. Throws CURSOR_INVALID for a cursor of another query or order, and for anything made up. */
export function decodeCursor<T>(cursor: string, scope: CursorScope, position: z.ZodType<T>): T {
  const read = CursorShape.safeParse(decoded(cursor));
  if (!read.success) throw new ConductorError('CURSOR_INVALID', 'This is no cursor of this server');
  const [, belongsTo, value] = read.data;
  if (belongsTo !== fingerprint(scope))
    throw new ConductorError('CURSOR_INVALID', 'This cursor belongs to another query or order');
  const found = position.safeParse(value);
  if (!found.success) throw new ConductorError('CURSOR_INVALID', 'This cursor points nowhere');
  return found.data;
}

function decoded(cursor: string): unknown {
  if (cursor.length > maxCursorLength || !/^[\w-]*$/.test(cursor)) return undefined;
  try {
    const binary = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined; // what no encoder wrote is told apart from nothing: both are no cursor
  }
}

function fingerprint({ query, order }: CursorScope): string {
  const kept = Object.entries(query).filter(
    ([key, value]) => key !== 'cursor' && key !== 'limit' && value !== undefined,
  );
  return sha256Hex(canonicalJson([Object.fromEntries(kept) as Json, order])).slice(0, 16);
}
