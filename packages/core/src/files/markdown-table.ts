/** One line of a Markdown table as raw cells, or undefined for a line that is none. */
export function cellsOf(line: string): readonly string[] | undefined {
  const text = line.trim();
  if (!text.startsWith('|') || text.length > maxRow) return undefined;
  const inner = text.slice(1, text.length > 1 && text.endsWith('|') && !text.endsWith('\\|') ? -1 : undefined);
  const cells: string[] = [];
  let from = 0;
  for (let at = inner.indexOf('|'); at !== -1; at = inner.indexOf('|', at + 1)) {
    // As in GFM: a pipe right behind a backslash is text, whatever stands before the backslash.
    if (inner[at - 1] === '\\') continue;
    cells.push(inner.slice(from, at));
    from = at + 1;
  }
  return [...cells, inner.slice(from)];
}

const maxRow = 64 * 1024;

/** True for the line under a table's head. */
export function isDelimiter(cells: readonly string[]): boolean {
  return cells.length > 0 && cells.every((cell) => /^ {0,80}:?-{1,200}:? {0,80}$/.test(cell));
}

/** Text of a cell as a person reads it: escapes, emphasis, code marks and links taken off. */
export function cellText(cell: string): string {
  const text = cell.replaceAll('\\|', '|').trim();
  const link = /^[*_~]{0,3}\[([^\]]{0,500})\]\([^)]{0,1000}\)[*_~]{0,3}$/.exec(text)?.[1];
  return (link ?? text).replace(/^[*_~`]{1,3}|[*_~`]{1,3}$/g, '').trim();
}

/** Target of the first link in a cell. */
export function cellLink(cell: string): string | undefined {
  return /\]\(([^)\s]{1,1000})/.exec(cell)?.[1];
}

/** Any text as one cell: no line ends, no control characters, no pipe that would end it. */
export function escapeCell(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll('|', '\\|')
    .trim();
}

/** A row of cells that are escaped already. */
export function formatRow(cells: readonly string[]): string {
  return `|${cells.map((cell) => (cell === '' ? ' ' : ` ${cell} `)).join('|')}|`;
}

/** A whole table; the cells are escaped here. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [
    head.map(escapeCell),
    head.map((cell) => '-'.repeat(Math.max(3, cell.length))),
    ...rows.map((row) => row.map(escapeCell)),
  ];
  return lines.map(formatRow).join('\n');
}
