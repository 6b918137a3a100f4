import { expect } from 'vitest';
import type { Document } from './command-line.js';
import { outputSchemas } from './output-schemas.js';
import type { OutputName } from './output-schemas.js';

/** What a command printed, held to the schema of its output. */
export function valid(name: OutputName, document: Document): Document {
  const parsed = outputSchemas[name].safeParse(document);
  expect(parsed.error?.issues ?? []).toEqual([]);
  return document;
}

/** Code of the error that a command ended with. */
export function codeOf(document: Document): string | undefined {
  return (document['error'] as { code?: string } | undefined)?.code;
}
