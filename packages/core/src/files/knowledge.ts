import * as z from '@conductor/core/schema';
import { jsonValue } from '../kernel/json.js';
import { readJsonText, valueOf } from './json-text.js';
import { withoutMark } from './decode-text.js';

/** Content of `knowledge/patterns.md` in a new project. Entries are only ever appended. */
export function initialPatterns(): string {
  return '# Patterns\n\nWhat worked, to be used again. One entry per pattern; nothing is removed.\n\n## Architecture Patterns\n\n## Common Solutions\n\n## Anti-patterns\n';
}

/** Content of `knowledge/errors.json` in a new project. */
export function initialErrors(): string {
  return `${JSON.stringify({ version: 1, errors: [] }, undefined, 2)}\n`;
}

const text = z.string();

/** A known error (4.9). Reduced entries have no more than id, pattern and solution; foreign ones have no pattern. */
export const ErrorEntry = z.looseObject({
  id: text,
  pattern: text.optional(),
  category: text.optional(),
  context: text.optional(),
  problem: text.optional(),
  solution: text.optional(),
  code_fix: text.nullish(),
  occurrences: z.int().min(0).optional(),
  last_seen: text.optional(),
  discovered_in: text.optional(),
});
export type ErrorEntry = z.infer<typeof ErrorEntry>;

const File = z.union([
  z.looseObject({ errors: z.array(jsonValue) }).transform((file) => file.errors),
  z.array(jsonValue),
]);

/** Reads `knowledge/errors.json`; entries without an id are left out. Throws VALIDATION_FAILED for what is no JSON. */
export function parseErrors(source: string): readonly ErrorEntry[] {
  const file = File.safeParse(valueOf(readJsonText(withoutMark(source)).node));
  if (!file.success) return [];
  return file.data.flatMap((item) => {
    const entry = ErrorEntry.safeParse(item);
    return entry.success ? [entry.data] : [];
  });
}

/** The next free id: three digits, one above the highest (C-68). */
export function nextErrorId(errors: readonly Pick<ErrorEntry, 'id'>[]): string {
  const numbers = errors.map(({ id }) => Number(/^err-(\d{1,9})$/.exec(id)?.[1] ?? 0));
  return `err-${String(Math.max(0, ...numbers) + 1).padStart(3, '0')}`;
}
