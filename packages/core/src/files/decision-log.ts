import { cellText, cellsOf, escapeCell, formatRow, formatTable, isDelimiter } from './markdown-table.js';
import { day } from './report-text.js';

/** One decision. Other programs write fewer of these; what a form does not have is missing. */
export interface DecisionEntry {
  readonly date: string;
  readonly decision: string;
  readonly track?: string;
  readonly category?: string;
  readonly impact?: string;
  readonly loggedBy?: string;
  readonly source?: string;
  readonly documents?: string;
  readonly commit?: string;
  readonly rationale?: string;
  readonly alternatives?: string;
  /** `DECISION-<n>` of the form with headings. */
  readonly id?: string;
}

const head = ['Date', 'Track', 'Decision', 'Category', 'Impact', 'Logged By'] as const;
const columns = [
  'date',
  'track',
  'decision',
  'category',
  'impact',
  'loggedBy',
] as const satisfies readonly (keyof DecisionEntry)[];

const names: Readonly<Record<string, keyof DecisionEntry>> = {
  date: 'date',
  track: 'track',
  decision: 'decision',
  category: 'category',
  impact: 'impact',
  'logged by': 'loggedBy',
  source: 'source',
  'documents updated': 'documents',
  commit: 'commit',
  rationale: 'rationale',
  alternatives: 'alternatives',
  'alternatives considered': 'alternatives',
};

/** Reads `decision-log.md` in its three forms (C-42): two tables by the names of their columns, and headings with labels. In the order of the text. */
export function parseDecisionLog(text: string): readonly DecisionEntry[] {
  const lines = text.split(/\r?\n/);
  const entries: DecisionEntry[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const table = columnsAt(lines, index);
    if (table) index = readRows(lines, index + 2, table, entries) - 1;
    const heading = /^#{2,4} {1,4}(DECISION-[\w-]{1,40}):? {0,4}(.{0,1000})$/i.exec(line);
    if (heading) entries.push(labelled(lines, index + 1, heading[1] ?? '', heading[2] ?? ''));
  }
  return entries;
}

/** A table is a decision log when it has a date and a decision. */
function columnsAt(lines: readonly string[], index: number): readonly (keyof DecisionEntry | undefined)[] | undefined {
  const cells = cellsOf(lines[index] ?? '');
  const under = cellsOf(lines[index + 1] ?? '');
  if (!cells || !under || !isDelimiter(under)) return undefined;
  const found = cells.map((cell) => names[cellText(cell).toLowerCase()]);
  return found.includes('date') && found.includes('decision') ? found : undefined;
}

function readRows(
  lines: readonly string[],
  from: number,
  table: readonly (keyof DecisionEntry | undefined)[],
  entries: DecisionEntry[],
): number {
  let at = from;
  for (let cells = cellsOf(lines[at] ?? ''); cells; cells = cellsOf(lines[at] ?? '')) {
    const entry: Partial<Record<keyof DecisionEntry, string>> = {};
    for (const [place, name] of table.entries()) {
      const value = cellText(cells[place] ?? '');
      if (name !== undefined && value !== '' && !/^[-–—]{1,3}$/.test(value)) entry[name] = value;
    }
    if (entry.decision !== undefined) entries.push({ ...entry, date: entry.date ?? '', decision: entry.decision });
    at += 1;
  }
  return at;
}

/** Label lines under a heading: `**Date**: 2026-01-01`, `- Decision: …`. */
function labelled(lines: readonly string[], from: number, id: string, title: string): DecisionEntry {
  const entry: Partial<Record<keyof DecisionEntry, string>> = {};
  for (let at = from; at < lines.length && !/^#{1,4} /.test(lines[at] ?? ''); at += 1) {
    const [, label, value] =
      /^[-* ]{0,6}([A-Za-z][A-Za-z ]{1,30}?)\*{0,2} {0,2}:\*{0,2} {0,4}(\S.{0,4000})$/.exec(lines[at] ?? '') ?? [];
    const name = label === undefined ? undefined : names[label.toLowerCase()];
    if (name !== undefined && value !== undefined) entry[name] ??= value.trim();
  }
  return { ...entry, id, date: entry.date ?? '', decision: entry.decision ?? title };
}

/**
 * Adds a decision to the log and changes nothing else: a row behind the last one of our table, which is begun at the end of
 * a file that has none.
 */
export function appendDecision(text: string | undefined, entry: DecisionEntry): string {
  const row = formatRow(
    columns.map((name) => escapeCell(name === 'date' ? day(entry.date) : (entry[name] ?? '—')) || '—'),
  );
  if (text === undefined || text.trim() === '') return `# Decision Log\n\n${formatTable(head, [])}\n${row}\n`;
  // Of a text with both line ends each line keeps its own.
  const newline = text.includes('\r\n') && !/(?<!\r)\n/.test(text) ? '\r\n' : '\n';
  const lines = text.split(newline);
  const start = lines.findIndex((_, index) => isOurs(lines, index));
  if (start === -1) {
    const last = lines.findLastIndex((line) => line.trim() !== '');
    return [...lines.slice(0, last + 1), '', ...formatTable(head, []).split('\n'), row, ''].join(newline);
  }
  let end = start + 2;
  while (cellsOf(lines[end] ?? '')) end += 1;
  return lines.toSpliced(end, 0, row).join(newline);
}

function isOurs(lines: readonly string[], index: number): boolean {
  const found = columnsAt(lines, index);
  return (
    found !== undefined && found.length === columns.length && columns.every((name, place) => found[place] === name)
  );
}
