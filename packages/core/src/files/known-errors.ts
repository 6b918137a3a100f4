import { ConductorError } from '../kernel/error.js';
import type { Json } from '../ports/values.js';
import { defaultLimits } from '../track/limits.js';
import type { Finding } from '../kernel/finding.js';
import { withoutMark } from './decode-text.js';
import { readJsonText, valueOf } from './json-text.js';
import { initialErrors, nextErrorId, parseErrors } from './knowledge.js';
import type { ErrorEntry } from './knowledge.js';
import { isObject } from './metadata-codec.js';
import { patchJson } from './patch-json.js';
import { day } from './report-text.js';
import { safePattern } from './safe-pattern.js';

/** Characters of an error text that are looked at. */
const maxText = 16 * 1024;
/** States times characters of one search: a file full of costly patterns ends here, at the same place on every machine. */
const maxWork = 200_000_000;

/** The first known error, in the order of the file, whose pattern stands in a text. */
export interface ErrorMatch {
  readonly match?: ErrorEntry;
  /** Patterns that were passed over (`ERROR_PATTERN_REFUSED`), by id. */
  readonly findings: readonly Finding[];
}

/**
 * Looks for a known error in a text, without regard to case. The patterns are data of other people: an invalid one, one longer
 * than `maxPatternBytes` and one that cannot be run in linear time is a finding and is passed over. Entries without a
 * pattern are for readers. Looks at the first 16 Ki characters. Never throws.
 */
export function matchError(
  entries: readonly ErrorEntry[],
  text: string,
  { maxPatternBytes = defaultLimits.errorPatternBytes }: { readonly maxPatternBytes?: number } = {},
): ErrorMatch {
  const findings: Finding[] = [];
  const searched = text.slice(0, maxText);
  let work = 0;
  for (const entry of entries) {
    if (entry.pattern === undefined || entry.pattern === '') continue;
    const pattern = safePattern(entry.pattern, maxPatternBytes);
    if ('refused' in pattern) {
      findings.push(refused(entry.id, pattern.refused));
      continue;
    }
    work += pattern.size * searched.length;
    if (work > maxWork)
      return { findings: [...findings, refused(entry.id, 'too much work; the search ends before it')] };
    if (pattern.test(searched)) return { match: entry, findings };
  }
  return { findings };
}

function refused(id: string, why: string): Finding {
  const message = `The pattern of ${JSON.stringify(id.slice(0, 100))} is not used: ${why}`;
  return {
    severity: 'warning',
    code: 'ERROR_PATTERN_REFUSED',
    message,
    path: 'knowledge/errors.json',
    item: id.slice(0, 100),
  };
}

/** An error that was met. */
export interface SeenError {
  /** Id of the known error that it is; without it one of the same pattern is looked for. */
  readonly id?: string;
  readonly pattern: string;
  /** ISO date or instant; the day of it is written. */
  readonly seenAt: string;
  readonly category?: string;
  readonly context?: string;
  readonly problem?: string;
  readonly solution?: string;
  readonly codeFix?: string | null;
  readonly discoveredIn?: string;
}

/** The new text of `errors.json`. */
export interface RecordedError {
  readonly text: string;
  readonly id: string;
  /** It was known: `occurrences` and `last_seen` were raised. */
  readonly repeated: boolean;
}

/**
 * Writes a met error to `errors.json`: a known one is counted and dated (never back), a new one is appended with the next free id. Everything
 * else in the text stays. An unknown file is begun. Throws VALIDATION_FAILED when the text is no list of errors: it is
 * somebody's and not ours to replace.
 */
export function recordError(text: string | undefined, seen: SeenError): RecordedError {
  const before = text === undefined || text.trim() === '' ? initialErrors() : text;
  const entries = parseErrors(before);
  const items = itemsOf(before);
  const known =
    entries.find(({ id }) => id === seen.id) ??
    entries.find(({ pattern }) => pattern !== undefined && pattern.toLowerCase() === seen.pattern.toLowerCase());
  const id = known?.id ?? nextErrorId(entries);
  const next = known
    ? items.map((item) => (isObject(item) && item['id'] === id ? { ...item, ...counted(known, seen) } : item))
    : [...items, published(id, seen)];
  const root = valueOf(readJsonText(withoutMark(before)).node);
  return { text: patchJson(before, Array.isArray(root) ? next : { errors: next }), id, repeated: known !== undefined };
}

function itemsOf(text: string): readonly Json[] {
  const root = valueOf(readJsonText(withoutMark(text)).node);
  const items = isObject(root) ? root['errors'] : root;
  if (!Array.isArray(items)) throw new ConductorError('VALIDATION_FAILED', 'errors.json holds no list of errors');
  return items as readonly Json[];
}

function counted(
  { occurrences, last_seen: last }: ErrorEntry,
  { seenAt }: SeenError,
): { readonly [key: string]: Json } {
  const seen = day(seenAt);
  return { occurrences: (occurrences ?? 1) + 1, last_seen: last !== undefined && last > seen ? last : seen };
}

function published(id: string, seen: SeenError): Json {
  const { pattern, category, context, problem, solution, codeFix, discoveredIn } = seen;
  const fields = { category, context, problem, solution, code_fix: codeFix };
  const written = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return {
    id,
    pattern,
    ...Object.fromEntries(written),
    occurrences: 1,
    last_seen: day(seen.seenAt),
    ...(discoveredIn !== undefined && { discovered_in: discoveredIn }),
  };
}
