import type { Finding } from '../kernel/finding.js';
import { withoutMark } from './decode-text.js';
import { cellLink, cellText, cellsOf, isDelimiter } from './markdown-table.js';

/** What the columns of a registry are about; `other` columns are kept and not understood. */
export type TrackColumn =
  | 'trackId'
  | 'name'
  | 'type'
  | 'status'
  | 'step'
  | 'created'
  | 'completed'
  | 'summary'
  | 'priority'
  | 'progress'
  | 'link'
  | 'other';

/** One track in `tracks.md`. Values are texts as they stand there. */
export interface TrackRow {
  readonly trackId?: string;
  readonly name?: string;
  readonly type?: string;
  readonly status?: string;
  readonly step?: string;
  readonly created?: string;
  readonly completed?: string;
  readonly summary?: string;
  readonly priority?: string;
  readonly progress?: string;
  readonly link?: string;
  readonly section: 'active' | 'completed';
  readonly form: 'table' | 'list' | 'heading';
  /** 1-based line of the entry. */
  readonly line: number;
}

/** A table of tracks with its place, for edits. */
export interface TrackTable {
  readonly section: 'active' | 'completed';
  readonly columns: readonly TrackColumn[];
  /** 0-based lines of the head, and of the last row (or of the delimiter, when there is none). */
  readonly headLine: number;
  readonly lastLine: number;
  /** 0-based lines of rows such as `(none yet)`. */
  readonly placeholders: readonly number[];
}

export interface TracksIndex {
  readonly rows: readonly TrackRow[];
  readonly tables: readonly TrackTable[];
  readonly findings: readonly Finding[];
}

const columnNames: Readonly<Record<string, TrackColumn>> = {
  'track id': 'trackId',
  id: 'trackId',
  '#': 'trackId',
  'track-id': 'trackId',
  track_id: 'trackId',
  name: 'name',
  title: 'name',
  track: 'name',
  'track name': 'name',
  description: 'name',
  type: 'type',
  status: 'status',
  state: 'status',
  step: 'step',
  'current step': 'step',
  created: 'created',
  started: 'created',
  'created at': 'created',
  'start date': 'created',
  completed: 'completed',
  'completed at': 'completed',
  finished: 'completed',
  'completion date': 'completed',
  date: 'completed',
  summary: 'summary',
  outcome: 'summary',
  notes: 'summary',
  priority: 'priority',
  progress: 'progress',
  link: 'link',
  path: 'link',
  folder: 'link',
};

const doneHeading =
  /(?<![\p{L}])(?:completed?|done|archived?|finished|erledigt|abgeschlossen|conclu\p{L}{1,10}|termin\p{L}{1,8}|завершен\p{L}{0,4})(?![\p{L}])/iu;
const placeholder =
  /^[(*_\s]{0,8}(?:[-–—]{0,3}|n\/a|tbd|none(?: yet)?|no (?:active |completed |archived )?tracks?(?: yet)?)[.)*_\s]{0,8}$/i;
const entry = /^(?:[-*+] \[(.)\] |#{1,4} \[(.)\] )(.{1,4000})$/u;

/** True for a cell that says that there is nothing. */
export function isPlaceholder(text: string): boolean {
  return placeholder.test(text);
}

/**
 * Reads `tracks.md` in forms A to F: tables by the names of their columns, lists and headings by `Track:` or by their link
 * (4.1). Linear; text in fences and comments is no registry. A text without any track that is not empty gets a warning.
 */
export function parseTracksIndex(text: string): TracksIndex {
  const lines = withoutMark(text).split(/\r?\n/);
  const rows: TrackRow[] = [];
  const tables: TrackTable[] = [];
  let section: TrackRow['section'] = 'active';
  let hidden: 'fence' | 'comment' | undefined;
  let nothing = false;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    hidden = hiddenAfter(hidden, line);
    if (hidden !== undefined) continue;
    const found = entryAt(lines, index, section);
    if (found) rows.push(found);
    else if (/^#{1,6}\s/.test(line)) section = doneHeading.test(line) ? 'completed' : 'active';
    else if (isPlaceholder(line.replace(/^[-*+] {1,4}/, '')) && line.trim().length > 3) nothing = true;
    const table = found ? undefined : tableAt(lines, index, section);
    if (!table) continue;
    rows.push(...table.rows);
    tables.push(table.table);
    index = table.table.lastLine;
  }
  const silent = rows.length > 0 || tables.length > 0 || nothing || text.trim() === '';
  return { rows, tables, findings: silent ? [] : [unknownForm] };
}

const unknownForm: Finding = {
  severity: 'warning',
  code: 'TRACKS_UNREAD',
  message: 'tracks.md holds no table, list or heading of tracks that is known',
  path: 'tracks.md',
};

function hiddenAfter(hidden: 'fence' | 'comment' | undefined, line: string): 'fence' | 'comment' | undefined {
  if (hidden === 'comment') return line.includes('-->') ? undefined : 'comment';
  if (/^\s{0,3}(?:```|~~~)/.test(line)) return hidden === 'fence' ? undefined : 'fence';
  return hidden ?? (line.includes('<!--') && !line.includes('-->') ? 'comment' : undefined);
}

/** Forms E and F: a marked entry, and the link on its own line below. */
function entryAt(lines: readonly string[], index: number, section: TrackRow['section']): TrackRow | undefined {
  const line = (lines[index] ?? '').slice(0, 4096);
  const match = entry.exec(line);
  if (!match) return undefined;
  const [, item, heading, rest = ''] = match;
  const titled = /^(?:\*\*)?Track:\s{0,4}(.{1,4000}?)(?:\*\*)?\s{0,4}$/u.exec(rest)?.[1];
  const link = cellLink(rest) ?? linkBelow(lines, index);
  if (titled === undefined && (link === undefined || idOfLink(link) === undefined)) return undefined;
  const marker = item ?? heading ?? ' ';
  return {
    ...defined({ trackId: link === undefined ? undefined : idOfLink(link), name: titled ?? cellText(rest), link }),
    status: { x: 'completed', X: 'completed', '~': 'in_progress', '!': 'blocked', ' ': 'new' }[marker] ?? marker,
    section: marker.toLowerCase() === 'x' ? 'completed' : section,
    form: item === undefined ? 'heading' : 'list',
    line: index + 1,
  };
}

function linkBelow(lines: readonly string[], index: number): string | undefined {
  for (const line of lines.slice(index + 1, index + 4)) {
    if (entry.test(line.slice(0, 4096))) return undefined;
    if (/^\s{0,8}[*_]{0,2}Link:/i.test(line)) return cellLink(line.slice(0, 4096));
  }
  return undefined;
}

/** The folder of a link: `./conductor/tracks/<id>/index.md`, nested folders included. */
function idOfLink(link: string): string | undefined {
  const [, path] = /(?:^|\/)(?:tracks|archive)\/(.{1,500})$/.exec(link) ?? [];
  const folders = path?.split('/').filter((part) => part !== '' && !/\.(?:md|json)$/i.test(part));
  return folders?.at(-1);
}

function tableAt(
  lines: readonly string[],
  index: number,
  section: TrackRow['section'],
): { readonly table: TrackTable; readonly rows: readonly TrackRow[] } | undefined {
  const head = cellsOf(lines[index] ?? '');
  const under = cellsOf(lines[index + 1] ?? '');
  if (!head || !under || !isDelimiter(under)) return undefined;
  const columns = columnsOf(head);
  if (!columns) return undefined;
  const rows: TrackRow[] = [];
  const placeholders: number[] = [];
  let lastLine = index + 1;
  for (let at = index + 2; at < lines.length; at += 1) {
    const cells = cellsOf(lines[at] ?? '');
    if (!cells) break;
    lastLine = at;
    const row = rowOf(columns, cells, section, at);
    if (row) rows.push(row);
    else placeholders.push(at);
  }
  return { table: { section, columns, headLine: index, lastLine, placeholders }, rows };
}

/** A table is about tracks when it names them and says one more thing about them. */
function columnsOf(head: readonly string[]): readonly TrackColumn[] | undefined {
  const columns = head.map((cell): TrackColumn => columnNames[cellText(cell).toLowerCase()] ?? 'other');
  const known = new Set(columns);
  known.delete('other');
  if (
    !known.has('trackId') &&
    known.has('name') &&
    columns.length > 1 &&
    cellText(head[columns.indexOf('name')] ?? '').toLowerCase() === 'track'
  )
    known.add('trackId');
  const named = known.has('trackId') || (known.has('name') && known.has('link'));
  return named && known.size >= 2 ? columns : undefined;
}

function rowOf(
  columns: readonly TrackColumn[],
  cells: readonly string[],
  section: TrackRow['section'],
  at: number,
): TrackRow | undefined {
  const values: Partial<Record<TrackColumn, string>> = {};
  let link: string | undefined;
  for (const [index, column] of columns.entries()) {
    const cell = cells[index] ?? '';
    const text = cellText(cell);
    if (column === 'trackId' || column === 'name' || column === 'link') link ??= cellLink(cell);
    if (column !== 'other' && text !== '' && !isPlaceholder(text)) values[column] ??= text;
  }
  const linked = link === undefined ? undefined : idOfLink(link);
  const { trackId = linked ?? (columns.includes('trackId') ? undefined : values.name), other: _, ...rest } = values;
  if (trackId === undefined && rest.name === undefined) return undefined;
  return { ...rest, ...defined({ trackId, link: link ?? rest.link }), section, form: 'table', line: at + 1 };
}

function defined<T extends Record<string, string | undefined>>(values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  }; // only the undefined ones are gone
}
