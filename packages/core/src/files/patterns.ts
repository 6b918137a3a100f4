import { initialPatterns } from './knowledge.js';
import { appendBlock, labelCode, labelLine, labelledEntries, unfenced } from './labelled-entries.js';
import { reportLine } from './report-text.js';

/** Categories of the published format; other words are read and written too. */
export const patternCategories = ['UI', 'State', 'API', 'Auth', 'Integration', 'Testing', 'Performance'] as const;

/** An entry of `knowledge/patterns.md` (4.8). */
export interface PatternEntry {
  readonly name: string;
  /** As labelled; without a label from the section `<Category> Patterns`. */
  readonly category?: string | undefined;
  /** Track and date, as written. */
  readonly discovered?: string | undefined;
  readonly problem?: string | undefined;
  readonly solution?: string | undefined;
  readonly codeExample?: string | undefined;
  readonly gotchas?: string | undefined;
}

/** Where an entry stands. */
export interface PatternRead extends PatternEntry {
  /** Heading of its section. */
  readonly section: string;
  /** 1-based. */
  readonly line: number;
}

/** Reads the entries `### <name>` in the order of the text. Never throws; sections and labels of other people are read as far as they are alike. */
export function parsePatterns(text: string): readonly PatternRead[] {
  return labelledEntries(text, 3).map(({ title, section, line, labels }) => {
    const code = labels.get('code example') ?? labels.get('code');
    return {
      name: title,
      section,
      line,
      category: labels.get('category') ?? /^(.{1,60}) patterns$/i.exec(section)?.[1],
      discovered: labels.get('discovered'),
      problem: labels.get('problem'),
      solution: labels.get('solution'),
      codeExample: code === undefined ? undefined : unfenced(code),
      gotchas: labels.get('gotchas'),
    };
  });
}

/**
 * Adds a pattern at the end of its section `## <Category> Patterns`, which is begun at the end of the text when it is missing.
 * Nothing else changes. A file that is missing is begun.
 */
export function appendPattern(text: string | undefined, entry: PatternEntry): string {
  const before = text === undefined || text.trim() === '' ? initialPatterns() : text;
  const title = `${reportLine(entry.category ?? 'Common')} Patterns`;
  const block = `${formatPattern(entry)}\n`;
  const place = endOfSection(before, title);
  if (place === undefined) return appendBlock(before, `## ${title}\n\n${block}`);
  const rest = before.slice(place);
  if (rest === '') return appendBlock(before, block);
  const newline = before.includes('\r\n') ? '\r\n' : '\n';
  return appendBlock(before.slice(0, place), block) + newline + rest;
}

function formatPattern(entry: PatternEntry): string {
  return [
    `### ${reportLine(entry.name)}`,
    '',
    ...labelLine('Category', entry.category),
    ...labelLine('Discovered', entry.discovered),
    ...labelLine('Problem', entry.problem),
    ...labelLine('Solution', entry.solution),
    ...labelLine('Gotchas', entry.gotchas),
    ...labelCode('Code Example', entry.codeExample),
  ].join('\n');
}

/** Offset of the heading behind a section, or of the text's end. */
function endOfSection(text: string, title: string): number | undefined {
  let at = 0;
  let inside = false;
  let fence: string | undefined;
  for (const line of text.split('\n')) {
    const mark = /^\s{0,8}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined) fence = fence === undefined ? mark : mark.startsWith(fence) ? undefined : fence;
    const found = fence === undefined ? /^ {0,3}#{1,2}[ \t]+(\S.{0,500})$/.exec(line.trimEnd())?.[1] : undefined;
    if (found !== undefined && inside) return at;
    if (found !== undefined) inside = found.toLowerCase() === title.toLowerCase();
    at += line.length + 1;
  }
  return inside ? text.length : undefined;
}
