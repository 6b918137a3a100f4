import { codeSpans } from './code-spans.js';
import type { ScannedLine } from './line-reader.js';

/** Follows HTML comments over lines. A `<!--` in inline code is text, and so is one that nothing closes. */
export function commentReader(text: string): { covers(line: ScannedLine): boolean; read(line: ScannedLine): boolean } {
  let next = text.indexOf('<!--');
  let closedAt = 0;
  let unclosed = false;
  let told = false;

  return {
    covers(line) {
      line.commented = line.start < closedAt || opensIn(line);
      if (line.start < closedAt) return true;
      if (!line.commented || next !== line.content || unclosed) return false;
      return follow(line) === 'whole';
    },
    read(line) {
      if (line.commented && !unclosed && opensIn(line)) follow(line);
      const first = unclosed && !told;
      told = unclosed;
      return first;
    },
  };

  function opensIn(line: ScannedLine): boolean {
    if (next !== -1 && next < line.start) next = text.indexOf('<!--', line.start);
    return next !== -1 && next < line.end;
  }

  function follow(line: ScannedLine): 'whole' | 'part' {
    const code = codeSpans(text.slice(line.start, line.end));
    const begins = next === line.content;
    let spans = 0;
    while (next !== -1 && next < line.end) {
      const opener = next;
      while ((code[spans]?.[1] ?? Infinity) <= opener - line.start) spans += 1;
      const span = code[spans];
      if (span !== undefined && span[0] <= opener - line.start) {
        next = text.indexOf('<!--', line.start + span[1]);
        continue;
      }
      const close = text.indexOf('-->', opener + 4);
      if (close === -1) {
        unclosed = true;
        return 'part';
      }
      next = text.indexOf('<!--', close + 3);
      if (close >= line.end) {
        closedAt = close;
        line.visibleEnd = opener;
      }
    }
    return begins ? 'whole' : 'part';
  }
}
