import { cellsOf, escapeCell, formatRow, formatTable } from './markdown-table.js';
import { statusSynonyms, trackStatuses } from './metadata-model.js';
import { parseTracksIndex } from './tracks-index.js';
import type { TrackColumn, TrackRow, TracksIndex } from './tracks-index.js';

/** A track as `tracks.md` lists it. Dates may be instants: the day is written. */
export interface TrackIndexRow {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** A word of metadata.json or of the lifecycle. */
  readonly status: string;
  readonly step: string;
  readonly created: string;
  readonly priority?: string | undefined;
  /** Present: the row belongs to the completed tracks. */
  readonly completed?: string | undefined;
  readonly summary?: string | undefined;
}

const sections = {
  active: {
    title: 'Active Tracks',
    head: ['Track ID', 'Name', 'Type', 'Status', 'Step', 'Created'],
    columns: ['trackId', 'name', 'type', 'status', 'step', 'created'],
  },
  completed: {
    title: 'Completed Tracks',
    head: ['Track ID', 'Name', 'Completed', 'Summary'],
    columns: ['trackId', 'name', 'completed', 'summary'],
  },
} as const satisfies Record<
  TrackRow['section'],
  { title: string; head: readonly string[]; columns: readonly TrackColumn[] }
>;

/** Markers of list entries; a word that is not here has not begun. */
const markers: Readonly<Record<string, string>> = {
  in_progress: '~',
  active: '~',
  paused: '~',
  blocked: '!',
  failed: '!',
  complete: 'x',
};

/**
 * Puts a track into `tracks.md` with the smallest edit: changed cells of its row, a new row in the table of its section (form
 * A where there is none), the marker of a list entry. A completed track moves to the completed ones. Line ends and everything
 * else stay. The same row twice changes nothing.
 */
export function upsertTrackRow(text: string | undefined, row: TrackIndexRow): string {
  if (text === undefined || text.trim() === '') return upsertTrackRow(template(), row);
  // Of a text with both line ends each line keeps its own.
  const newline = text.includes('\r\n') && !/(?<!\r)\n/.test(text) ? '\r\n' : '\n';
  const lines = text.split(newline);
  const index = parseTracksIndex(text);
  const section = row.completed === undefined ? 'active' : 'completed';
  const present = index.rows.filter((other) => other.trackId === row.id);
  const entry = present.find((other) => other.form !== 'table');
  if (entry) return marked(lines, entry, row).join(newline);
  const here = present.find((other) => other.section === section);
  const gone = present.filter((other) => other !== here).map((other) => other.line - 1);
  const edited = here ? updated(lines, here, index, row) : inserted(lines, index, section, row);
  const shift = edited.length - lines.length;
  const removed = new Set(gone.map((line) => (here || line < edited.at ? line : line + shift)));
  return edited.lines.filter((_, at) => !removed.has(at)).join(newline);
}

interface Edited {
  readonly lines: readonly string[];
  readonly length: number;
  /** First line that moved. */
  readonly at: number;
}

function edited(lines: readonly string[], at: number): Edited {
  return { lines, length: lines.length, at };
}

function template(): string {
  const parts = Object.values(sections).map(({ title, head }) => `## ${title}\n\n${formatTable(head, [])}`);
  return `# Tracks\n\n${parts.join('\n\n')}\n`;
}

/** Only the cells that say something else are written; padding and unknown columns stay. */
function updated(lines: readonly string[], here: TrackRow, { tables }: TracksIndex, row: TrackIndexRow): Edited {
  const at = here.line - 1;
  const table = tables.find(({ headLine, lastLine }) => headLine < at && at <= lastLine);
  const cells = cellsOf(lines[at] ?? '') ?? [];
  const next = (table?.columns ?? []).map((column, place) => {
    const value = valueOf(row, column);
    const before = column === 'other' ? undefined : here[column];
    const raw = cells[place] ?? ' ';
    const same = value === before || (column === 'status' && before !== undefined && saysTheSame(before, row.status));
    return value === undefined || same || column === 'link' ? raw : ` ${escapeCell(value)} `;
  });
  return edited(lines.with(at, `|${next.join('|')}|`), lines.length);
}

/** `✅ Done` for `complete`: a word of another form keeps its form while it means the same. One of our own words says what it says. */
function saysTheSame(cell: string, status: string): boolean {
  const word = cell
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '_')
    .replaceAll(/^_|_$/g, '');
  if (cell === word && Object.hasOwn(meanings, word)) return false;
  const meaning = meaningOf(word);
  return meaning !== undefined && meaning === meaningOf(status);
}

const meanings: Readonly<Record<string, string>> = {
  draft: 'new',
  ready: 'new',
  active: 'in_progress',
  paused: 'in_progress',
  failed: 'blocked',
  completed: 'complete',
  archived: 'complete',
  ...Object.fromEntries(trackStatuses.map((status) => [status, status])),
};

function meaningOf(word: string): string | undefined {
  if (Object.hasOwn(meanings, word)) return meanings[word];
  return Object.hasOwn(statusSynonyms, word) ? statusSynonyms[word] : undefined;
}

function inserted(
  lines: readonly string[],
  { tables, rows }: TracksIndex,
  section: TrackRow['section'],
  row: TrackIndexRow,
): Edited {
  const table = tables.findLast((other) => other.section === section);
  const last = rows.findLast((other) => other.form !== 'table');
  if (!table && last) return listed(lines, last, row);
  if (!table) return appended(lines, section, row);
  const cells = table.columns.map((column) => newCell(row, column, table.columns));
  const [first, ...others] = table.placeholders;
  if (first !== undefined && others.length === 0 && table.lastLine === first)
    return edited(lines.with(first, formatRow(cells)), lines.length);
  return edited(lines.toSpliced(table.lastLine + 1, 0, formatRow(cells)), table.lastLine + 1);
}

/** A table without a column for the id names the track by a link. */
function newCell(row: TrackIndexRow, column: TrackColumn, columns: readonly TrackColumn[]): string {
  const target = `./tracks/${row.id}/`;
  if (column === 'link') return `[${target}](${target})`;
  const text = escapeCell(valueOf(row, column) ?? '—');
  const names = column === 'name' && !columns.includes('trackId') && !columns.includes('link');
  return names ? `[${text}](${target})` : text;
}

/** Forms E and F: another entry in the form of the last one, behind it. */
function listed(lines: readonly string[], { line, link, trackId, form }: TrackRow, row: TrackIndexRow): Edited {
  const first = lines[line - 1] ?? '';
  const bold = first.includes('**') ? '**' : '';
  const title = `${form === 'list' ? '- ' : '## '}[${markerOf(row)}] ${bold}Track: ${oneLine(row.name)}${bold}`;
  const target =
    link !== undefined && trackId !== undefined ? link.replace(trackId, () => row.id) : `./tracks/${row.id}/`;
  const end = endOfEntry(lines, line - 1);
  const apart =
    lines
      .slice(0, line - 1)
      .findLast((text) => text.trim() !== '')
      ?.trim() === '---'
      ? ['', '---', '']
      : [''];
  const entry = [...apart, title, `*Link: [${target}](${target})*`];
  return edited(lines.toSpliced(end + 1, 0, ...entry), end + 1);
}

/** The last line of an entry: up to the next heading, entry or rule. */
function endOfEntry(lines: readonly string[], from: number): number {
  const next = lines.findIndex((text, at) => at > from && /^(?:#{1,6} |---|[-*+] \[.\] |\|)/u.test(text));
  const end = next === -1 ? lines.length : next;
  return lines.slice(0, end).findLastIndex((text) => text.trim() !== '');
}

function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{C}]+/gu, ' ').trim();
}

function markerOf(row: TrackIndexRow): string {
  return row.completed === undefined ? (markers[row.status] ?? ' ') : 'x';
}

function appended(lines: readonly string[], section: TrackRow['section'], row: TrackIndexRow): Edited {
  const { title, head, columns } = sections[section];
  const last = lines.findLastIndex((line) => line.trim() !== '');
  const table = formatTable(head, [columns.map((column) => valueOf(row, column) ?? '—')]);
  return edited([...lines.slice(0, last + 1), '', `## ${title}`, '', ...table.split('\n'), ''], lines.length);
}

function marked(lines: readonly string[], entry: TrackRow, row: TrackIndexRow): readonly string[] {
  const at = entry.line - 1;
  return lines.with(at, (lines[at] ?? '').replace(/\[.\]/u, `[${markerOf(row)}]`));
}

function valueOf(row: TrackIndexRow, column: TrackColumn): string | undefined {
  if (column === 'other' || column === 'progress' || column === 'link') return undefined;
  const value = column === 'trackId' ? row.id : row[column];
  return column === 'created' || column === 'completed' ? value?.slice(0, 10) : value;
}
