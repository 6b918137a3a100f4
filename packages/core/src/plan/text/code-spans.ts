import { backtick, runLength } from './characters.js';

/** Ranges of inline code in one line: a run of backticks up to the next run of the same length (CommonMark 6.1). */
export function codeSpans(line: string): readonly (readonly [number, number])[] {
  if (!line.includes('`')) return [];
  const runs: { at: number; length: number }[] = [];
  for (let at = line.indexOf('`'); at !== -1; at = line.indexOf('`', at)) {
    const length = runLength(line, at, line.length, backtick);
    runs.push({ at, length });
    at += length;
  }
  return pairRuns(runs);
}

function pairRuns(runs: readonly { at: number; length: number }[]): readonly (readonly [number, number])[] {
  // From the back: the next run of each length, so that unmatched runs cost nothing.
  const partner = new Map<number, number>();
  const partners: (number | undefined)[] = [];
  for (let index = runs.length - 1; index >= 0; index -= 1) {
    const length = runs[index]?.length ?? 0;
    partners[index] = partner.get(length);
    partner.set(length, index);
  }
  const spans: (readonly [number, number])[] = [];
  for (let index = 0; index < runs.length; index += 1) {
    const opener = runs[index];
    const closer = runs[partners[index] ?? -1];
    if (opener === undefined || closer === undefined) continue;
    spans.push([opener.at, closer.at + closer.length]);
    index = partners[index] ?? index;
  }
  return spans;
}
