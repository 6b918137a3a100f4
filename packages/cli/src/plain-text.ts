/** Escape sequences of terminals: colours, cursor, titles. Bounded, so that no text can make it slow. */
const escapes =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /\u001b(?:\[[0-9;?]{0,32}[ -/]?[@-~]|\][^\u0007\u001b]{0,512}(?:\u0007|\u001b\\)?|[()][A-B0-2]|[=>78cDEHM])/gu;

/** Somebody's text on one line, without escape sequences, control characters and marks that turn the reading direction. */
export function plain(text: string): string {
  return text
    .replaceAll(escapes, '')
    .replaceAll(/[\s\p{Cc}\p{Cs}\u2028\u2029]+/gu, ' ')
    .replaceAll(/[\p{Cf}\p{Co}\p{Cn}]/gu, (mark) => (mark === joiner ? mark : ''))
    .trim();
}

/** Zero width joiner: part of some emoji, and harmless. */
const joiner = '\u200d';
/** ASCII, and what our own symbols and drawings add to it. */
const narrow = /^[\x20-\x7e·–—…─▸✓✗]*$/u;
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}|\ufe0f$/u;
const nothing = /^\p{M}+$/u;

function columnsOf(grapheme: string): number {
  if (nothing.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

let segmenter: Intl.Segmenter | undefined;

/** Made for the first text that needs it: the tables of Unicode take longer to read than most commands. */
function graphemesOf(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** Columns that a plain text takes on a terminal: East Asian and emoji two, combining marks none. */
export function widthOf(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += columnsOf(segment);
  return width;
}

/** The text in at most `columns` columns; cut between graphemes, with an ellipsis. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  let kept = '';
  let width = 0;
  for (const { segment } of graphemesOf(text)) {
    width += columnsOf(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** The text in lines of at most `columns` columns, broken between words; a word that is longer stays whole. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || widthOf(longer) <= columns) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** The text in exactly `columns` columns: cut, or spaces behind. */
export function fit(text: string, columns: number): string {
  const short = cut(text, columns);
  return short + ' '.repeat(Math.max(0, columns - widthOf(short)));
}
