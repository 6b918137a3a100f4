import type { UnreadBox } from './drafts.js';
import type { ScannedLine } from '../text/line-reader.js';

/** A checkbox as people write it by mistake or in another place: `-[ ] a`, `[ ] a`, `- [ x ] a`, `• [ ] a`, `> - [ ] a`. */
const nearly =
  /^(?:>[ \t]?){0,8}[ \t]{0,8}(?:[-*+•‣·–—]|\d{1,9}[.)])?[\s\u00a0]{0,8}\[[ \t\u00a0]{0,3}(?:[xX~!/✓✔✅-]\ufe0f?)?[ \t\u00a0]{0,3}\](?![([:\]])/u;
const inCell = /\|[ \t]*(?:[-*+][ \t]+)?\[[ xX~!✓✔✅]\][ \t]*(?=[^([: \t])/u;

/** First characters of lines that may hold one; any other line is not looked at. */
const begins = new Set('[-*+>•‣·–—0123456789');

/** What looks like a checkbox in a line that is read as text, quote or table. */
export function unreadBox(text: string, line: ScannedLine): UnreadBox | undefined {
  if (line.kind === 'table') return found(inCell, text, line, 'table');
  if (!begins.has(text.charAt(line.content))) return undefined;
  return found(nearly, text, line, line.kind === 'quote' ? 'quote' : 'text');
}

function found(form: RegExp, text: string, line: ScannedLine, where: UnreadBox['where']): UnreadBox | undefined {
  const words = text.slice(line.content, Math.min(line.visibleEnd, line.content + 400));
  return form.test(words) ? { line: line.number, text: words.slice(0, 40), where } : undefined;
}
