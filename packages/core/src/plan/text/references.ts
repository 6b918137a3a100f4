// An id may be followed by a remark; a mere word is an id only when it stands alone, or prose would name tasks.
const writtenId =
  /^(?:(?:Fix \d{1,9}|\d{1,9}(?:\.\d{1,9}){0,8}[a-z]?|T\d{1,9})(?=\.?$|[ \t(:–—])|[A-Za-z0-9][\w.-]{0,63}$)/;
const noId = /^(?:none|na|nothing|no|nil)$/i;

/** Splits a list of ids: `Task 1.1, 1.2 and Fix 1`. `none`, `-`, `n/a` and nothing give no id. */
export function readIds(value: string): readonly string[] {
  const ids: string[] = [];
  for (const part of value.split(/[,;]|[ \t]and[ \t]/)) {
    const word = part
      .replaceAll(/[`"'*[\]]/g, '')
      .trim()
      .replace(/^(?:sub-?)?tasks?[ \t:]+/i, '');
    const id = writtenId.exec(word)?.[0];
    if (id !== undefined && !noId.test(id)) ids.push(id);
  }
  return unique(ids);
}

/**
 * Paths of a Files label or comment: all in backticks when there are any, else comma-separated words that look like a path.
 * Prose such as "validation only" names no file.
 */
export function readFiles(value: string): readonly string[] {
  const ticked = tickedWords(value);
  const words = ticked.length > 0 ? ticked : value.split(/[,;]|[ \t]and[ \t]/);
  return unique(words.map(asPath).filter((path) => path !== ''));
}

/** Words in backticks that are paths with an extension or a folder: files a text speaks of. */
export function mentionedFiles(text: string): readonly string[] {
  return unique(
    tickedWords(text)
      .map(asPath)
      .filter((path) => /\.[A-Za-z][A-Za-z0-9]{0,9}$/.test(path)),
  );
}

function tickedWords(text: string): readonly string[] {
  const words: string[] = [];
  for (let open = text.indexOf('`'); open !== -1;) {
    const close = text.indexOf('`', open + 1);
    if (close === -1) break;
    if (close > open + 1) words.push(text.slice(open + 1, close));
    open = text.indexOf('`', close + 1);
  }
  return words;
}

const bareNames = /^(?:Makefile|Dockerfile|LICENSE|README|CHANGELOG|Procfile|Gemfile|Rakefile|Justfile|CODEOWNERS)$/;

/** A path that is written as `normalPath` gives it, as most are. */
const plainPath = /^[A-Za-z_@][\w@-]*(?:[./][\w@-]+)+$/;

function asPath(word: string): string {
  if (word.length <= 1024 && plainPath.test(word)) return word;
  if (word.length > 2000) return '';
  const path = word
    .trim()
    .replace(/^(?:create|modify|test|add|delete|update|new)[ \t]*:[ \t]*/i, '')
    .replace(/[ \t]*\([^()]{0,200}\)$/, '')
    .replaceAll(/^["'`]|["'`]$/g, '')
    .replace(/:\d{1,9}(?:-\d{1,9})?$/, '');
  if (path.length > 1024 || /[\s<>|"]/.test(path) || !/[./*]/.test(path)) return bareNames.test(path) ? path : '';
  if (/^(?:\.{1,3}|\/|\*+)$/.test(path) || /^[a-z]+:\/\//i.test(path) || /^[\d.]+$/.test(path)) return '';
  return normalPath(path);
}

/** One spelling for one file: `/` between segments, no `./`, no doubled slash. Leaving `..` for the checks to refuse. */
export function normalPath(path: string): string {
  const slashes = path.replaceAll('\\', '/').replaceAll(/\/{2,}/g, '/');
  let from = 0;
  while (slashes.startsWith('./', from)) from += 2;
  return slashes.slice(from).normalize('NFC');
}

/** `30m`, `1h`, `1h 30m`, `90 min`, `2 hours`, `1d` (eight hours) as minutes; anything else is `undefined`. */
export function readMinutes(value: string): number | undefined {
  const factors: Readonly<Record<string, number>> = { m: 1, h: 60, d: 480 };
  let minutes = 0;
  let rest = value
    .trim()
    .toLowerCase()
    .slice(0, 40)
    .replace(/^[~≈]\s*/, '');
  while (rest !== '') {
    const part = /^(\d{1,6}(?:\.\d{1,3})?)\s*(m|h|d)(?:in|ins|inutes?|r|rs|ours?|ays?)?(?![a-z])[\s,]*/.exec(rest);
    const factor = factors[part?.[2] ?? ''];
    if (part === null || factor === undefined) return undefined;
    minutes += Number(part[1]) * factor;
    rest = rest.slice(part[0].length);
  }
  return minutes === 0 ? undefined : Math.round(minutes);
}

/** In first order, each once. */
export function unique<T>(values: readonly T[]): readonly T[] {
  return values.length < 2 ? values : [...new Set(values)];
}
