import { cellsOf, escapeCell, formatRow, formatTable } from './markdown-table.js';
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
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r?\n/);
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
    return value === undefined ||
      value === before ||
      column === 'link' ||
      (column === 'name' && before !== undefined && value === here.name)
      ? raw
      : ` ${escapeCell(value)} `;
  });
  return edited(lines.with(at, `|${next.join('|')}|`), lines.length);
}

function inserted(
  lines: readonly string[],
  { tables }: TracksIndex,
  section: TrackRow['section'],
  row: TrackIndexRow,
): Edited {
  const table = tables.findLast((other) => other.section === section);
  if (!table) return appended(lines, section, row);
  const cells = table.columns.map((column) => escapeCell(valueOf(row, column) ?? '—'));
  const [first, ...others] = table.placeholders;
  if (first !== undefined && others.length === 0 && table.lastLine === first)
    return edited(lines.with(first, formatRow(cells)), lines.length);
  return edited(lines.toSpliced(table.lastLine + 1, 0, formatRow(cells)), table.lastLine + 1);
}

function appended(lines: readonly string[], section: TrackRow['section'], row: TrackIndexRow): Edited {
  const { title, head, columns } = sections[section];
  const last = lines.findLastIndex((line) => line.trim() !== '');
  const table = formatTable(head, [columns.map((column) => valueOf(row, column) ?? '—')]);
  return edited([...lines.slice(0, last + 1), '', `## ${title}`, '', ...table.split('\n'), ''], lines.length);
}

function marked(lines: readonly string[], entry: TrackRow, row: TrackIndexRow): readonly string[] {
  const at = entry.line - 1;
  const marker = row.completed === undefined ? (markers[row.status] ?? ' ') : 'x';
  return lines.with(at, (lines[at] ?? '').replace(/\[.\]/u, `[${marker}]`));
}

function valueOf(row: TrackIndexRow, column: TrackColumn): string | undefined {
  if (column === 'other' || column === 'progress' || column === 'link') return undefined;
  const value = column === 'trackId' ? row.id : row[column];
  return column === 'created' || column === 'completed' ? value?.slice(0, 10) : value;
}
