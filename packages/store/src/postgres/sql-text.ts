import { ConductorError } from '@conductor/core';

/** A piece of SQL whose values are quoted already. */
export interface SqlText {
  readonly text: string;
}

type Value = string | number | boolean | null;

/**
 * SQL with its values: texts, numbers, truth values, NULL, lists of them as arrays, and pieces of SQL.
 *
 * Values stand in the text and not beside it, because only then several statements make one message: a group of commits
 * costs two round trips whatever it writes. Texts are dollar-quoted, which no setting of the session changes.
 */
export function sql(parts: TemplateStringsArray, ...values: readonly (Value | readonly Value[] | SqlText)[]): SqlText {
  let text = parts[0] ?? '';
  for (const [index, value] of values.entries()) text += `${quoted(value)}${parts[index + 1] ?? ''}`;
  return { text };
}

/** Pieces of SQL with something between them. */
export function joined(pieces: readonly SqlText[], between: string): SqlText {
  return { text: pieces.map(({ text }) => text).join(between) };
}

/** The name of a table, a column or a schema. */
export function identifier(name: string): SqlText {
  return { text: `"${name.replaceAll('"', '""')}"` };
}

/** What Postgres can keep as text: everything but NUL. */
export function isStorable(text: string): boolean {
  return !text.includes('\0');
}

/**
 * A list of texts that JSON.stringify made. It quotes as arrays do, and much faster than a pattern, as long as there is no
 * control character, which JSON has none of.
 */
export function jsonList(values: readonly Value[]): SqlText {
  return { text: quotedText(`{${values.map((value) => JSON.stringify(value)).join(',')}}`) };
}

function quoted(value: Value | readonly Value[] | SqlText): string {
  if (typeof value === 'string') return quotedText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return plain(value);
  if (value === null) return 'NULL';
  return 'text' in value ? value.text : quotedText(`{${value.map(element).join(',')}}`);
}

/** `$tag$…$tag$`, where the first place in which the tag stands again is the end, also across it: `$_` is followed by a `$`. */
function quotedText(text: string): string {
  if (!isStorable(text)) throw new ConductorError('VALIDATION_FAILED', 'Postgres cannot keep a text with NUL');
  for (let n = 0; ; n += 1) {
    const tag = n === 0 ? '$_$' : `$_${n}$`;
    const closed = `${text}${tag}`;
    if (closed.indexOf(tag) === text.length) return `${tag}${closed}`;
  }
}

function plain(value: number | boolean): string {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new ConductorError('VALIDATION_FAILED', `${value} is no number that can be stored`);
  return String(value);
}

const special = /["\\]/;
const specials = /["\\]/g;

function element(value: Value): string {
  if (value === null) return 'NULL';
  if (typeof value !== 'string') return plain(value);
  return special.test(value) ? `"${value.replace(specials, '\\$&')}"` : `"${value}"`;
}
