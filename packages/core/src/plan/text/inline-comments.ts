import { codeSpans } from './code-spans.js';

/** `<!-- … -->` inside one line. */
export interface InlineComment {
  readonly body: string;
  readonly start: number;
  readonly end: number;
}

const noComments: readonly InlineComment[] = [];

/** Comments of one line, those in inline code left out. */
export function inlineComments(line: string): readonly InlineComment[] {
  if (!line.includes('<!--')) return noComments;
  const found: InlineComment[] = [];
  const code = codeSpans(line);
  let span = 0;
  for (let at = line.indexOf('<!--'); at !== -1;) {
    while ((code[span]?.[1] ?? Infinity) <= at) span += 1;
    const inside = code[span];
    const close = inside !== undefined && inside[0] <= at ? -1 : line.indexOf('-->', at + 4);
    if (inside !== undefined && inside[0] <= at) at = line.indexOf('<!--', inside[1]);
    else if (close === -1) break;
    else {
      found.push({ body: line.slice(at + 4, close).trim(), start: at, end: close + 3 });
      at = line.indexOf('<!--', close + 3);
    }
  }
  return found;
}

/** Blanks the comments out, so that offsets stay what they are. */
export function withoutComments(line: string, comments: readonly InlineComment[]): string {
  let shown = '';
  let from = 0;
  for (const { start, end } of comments) {
    shown += line.slice(from, start) + ' '.repeat(end - start);
    from = end;
  }
  return shown + line.slice(from);
}
