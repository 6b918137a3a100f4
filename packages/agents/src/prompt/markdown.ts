import { plainText } from '../plain-text.js';

/** Text of others between fences that it cannot close: one backtick more than it has in a row. */
export function fenced(text: string, maxCharacters: number, language = ''): string {
  const body = bounded(plainText(text, Infinity), maxCharacters);
  let longest = 2;
  for (const [run] of body.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${body}\n${fence}`;
}

/** Beginning and end of a text that is too long, with a mark between them. */
export function bounded(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const mark = `\n… ${text.length - maxCharacters} characters left out …\n`;
  const room = Math.max(0, maxCharacters - mark.length);
  const head = Math.ceil(room * 0.7);
  return `${text.slice(0, head)}${mark}${text.slice(text.length - (room - head))}`;
}

/** A list as bullets, each item on one line between backticks that it cannot close; an empty list as `None`. */
export function bullets(items: readonly string[], maxItems = 200): string {
  if (items.length === 0) return 'None';
  const more = items.length > maxItems ? [`- … and ${items.length - maxItems} more`] : [];
  return [...items.slice(0, maxItems).map((item) => `- ${quoted(item)}`), ...more].join('\n');
}

/** A name or path as code on one line. */
export function quoted(text: string): string {
  const line = plainText(
    text
      .slice(0, 1100)
      .replaceAll(/[\s`]+/g, ' ')
      .trim(),
    1024,
  );
  return `\`${line}\``;
}
