import { toConductorError } from '../kernel/error.js';
import { parseJson } from '../kernel/json.js';
import type { Json } from '../ports/values.js';
import type { Finding } from '../kernel/finding.js';

/** A published file that is one JSON object: what we can read of it, and the rest, which is written back as it is. */
export interface Entries<T> {
  readonly entries: ReadonlyMap<string, T>;
  readonly unread: ReadonlyMap<string, Json>;
  readonly findings: readonly Finding[];
}

/**
 * Reads the entries of such a file. An entry that `read` refuses is kept and reported; a file that is no JSON object has no
 * entries and one finding (`FILE_DAMAGED`). Empty text is an empty object: programs create the file before they write it.
 */
export function readEntries<T>(
  file: string,
  text: string,
  read: (key: string, value: Json) => T | undefined,
): Entries<T> {
  const entries = new Map<string, T>();
  const unread = new Map<string, Json>();
  const findings: Finding[] = [];
  for (const [key, value] of objectEntries(file, text, findings)) {
    const entry = read(key, value);
    if (entry === undefined) {
      unread.set(key, value);
      findings.push(
        damaged(file, `Entry ${JSON.stringify(key.slice(0, 200))} is not as published; it is kept as it is`),
      );
    } else entries.set(key, entry);
  }
  return { entries, unread, findings };
}

function objectEntries(file: string, text: string, findings: Finding[]): (readonly [string, Json])[] {
  if (text.trim() === '') return [];
  try {
    const value = parseJson(text, { source: file });
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
    findings.push(damaged(file, `${file} holds no object`));
  } catch (error) {
    findings.push(damaged(file, toConductorError(error).message));
  }
  return [];
}

function damaged(file: string, message: string): Finding {
  return { severity: 'error', code: 'FILE_DAMAGED', message, path: file };
}

/** The text of such a file. `fromEntries` defines keys instead of assigning them, so `__proto__` is a key like any other. */
export function formatEntries<T>(
  { entries, unread }: Pick<Entries<T>, 'entries' | 'unread'>,
  write: (entry: T, key: string) => Json,
): string {
  const written = [...entries].map(([key, entry]) => [key, write(entry, key)] as const);
  return `${JSON.stringify(Object.fromEntries([...unread, ...written]), undefined, 2)}\n`;
}
