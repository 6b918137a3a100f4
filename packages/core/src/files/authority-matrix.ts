import type { Finding } from '../kernel/finding.js';
import { builtInAuthority } from './built-in-authority.js';
import { cellText, cellsOf, isDelimiter } from './markdown-table.js';

/** Who decides: the user, a lead, or the orchestrator at once. */
export const authorityLevels = ['USER_ONLY', 'LEAD_CONSULT', 'ORCHESTRATOR'] as const;
export type AuthorityLevel = (typeof authorityLevels)[number];

export const leads = ['architecture', 'product', 'tech', 'qa'] as const;
export type Lead = (typeof leads)[number];

/** One kind of decision. */
export interface AuthorityRow {
  /** What messages and settings call it, e.g. `TECH_CHOICE`. */
  readonly code: string;
  readonly area: string;
  readonly decision: string;
  readonly level: AuthorityLevel;
  readonly lead?: Lead;
  readonly guardrail?: string;
}

/** The rows of a project's `authority-matrix.md`. */
export interface AuthorityMatrix {
  readonly rows: readonly AuthorityRow[];
  readonly findings: readonly Finding[];
}

const file = 'authority-matrix.md';

/**
 * Reads the tables under `## Decision Matrix` by the names of their columns (Decision, Authority, Lead, Guardrails); a heading
 * above a table is its area. A level that nobody defined, or a consultation without a known lead, becomes USER_ONLY with
 * a warning: what is unclear is for the user. Codes come from a column Code, else from the words. Never throws.
 */
export function parseAuthorityMatrix(text: string): AuthorityMatrix {
  const rows: AuthorityRow[] = [];
  const findings: Finding[] = [];
  const lines = text.split(/\r?\n/);
  let inside = 0;
  let area = '';
  let columns: readonly string[] | undefined;
  for (const [index, line] of lines.entries()) {
    const [, hashes = '', title = ''] = /^ {0,3}(#{1,6})[ \t]+(\S.{0,300})$/.exec(line) ?? [];
    if (hashes !== '') {
      if (/^decision matrix\b/i.test(title.trim())) [inside, area] = [hashes.length, ''];
      else if (hashes.length <= inside) inside = 0;
      else area = cellText(title).replace(/ decisions$/i, '');
    }
    const cells = inside > 0 ? cellsOf(line) : undefined;
    if (!cells) columns = undefined;
    else if (columns === undefined) columns = headOf(cells, cellsOf(lines[index + 1] ?? ''));
    else if (!isDelimiter(cells)) addRow(rows, findings, { columns, cells, area, line: index + 1 });
  }
  return { rows, findings };
}

/** Names of the columns; a table without a decision and an authority is read as having none. */
function headOf(cells: readonly string[], under: readonly string[] | undefined): readonly string[] {
  const names = cells.map((cell) => cellText(cell).toLowerCase().replace(/s$/, ''));
  const isMatrix = under && isDelimiter(under) && names.includes('decision') && names.includes('authority');
  return isMatrix ? names : [];
}

interface RawRow {
  readonly columns: readonly string[];
  readonly cells: readonly string[];
  readonly area: string;
  readonly line: number;
}

function addRow(rows: AuthorityRow[], findings: Finding[], { columns, cells, area, line }: RawRow): void {
  const cell = (name: string) => {
    const value = cellText(cells[columns.indexOf(name)] ?? '');
    return /^[-–—]{0,3}$/.test(value) ? '' : value;
  };
  const decision = cell('decision');
  if (decision === '') return;
  const level = authorityLevels.find((known) => known === wordOf(cell('authority')));
  const lead = leads.find(
    (known) =>
      cell('lead')
        .toLowerCase()
        .replace(/[- ]lead$/, '') === known,
  );
  const known = level !== undefined && (level !== 'LEAD_CONSULT' || lead !== undefined);
  if (!known) findings.push(unclear(decision, level === undefined ? cell('authority') : cell('lead'), line));
  const guardrail = cell('guardrail');
  const written = wordOf(cell('code'));
  const base = written === '' ? codeOf(decision) : written;
  rows.push({
    code: freeCode(base, new Set(rows.map(({ code }) => code))),
    area: cell('area') === '' ? area : cell('area'),
    decision,
    level: known ? level : 'USER_ONLY',
    ...(known && level === 'LEAD_CONSULT' && lead !== undefined && { lead }),
    ...(guardrail !== '' && { guardrail }),
  });
}

function wordOf(text: string): string {
  return text
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}

/** The built-in code of a decision that is worded as ours, else one from its words. */
function codeOf(decision: string): string {
  const word = boundsOf(decision);
  const own = builtInAuthority.find((row) => boundsOf(row.decision) === word);
  return own?.code ?? (word === '' ? 'DECISION' : word.slice(0, 80));
}

/** `>` and `>=` are told from `<`, and not from each other: equality is the user's either way. */
function boundsOf(decision: string): string {
  return wordOf(decision.replace(/>=?/g, ' above ').replace(/<=?/g, ' below '));
}

function freeCode(code: string, taken: ReadonlySet<string>): string {
  let number = 1;
  while (taken.has(number === 1 ? code : `${code}_${number}`)) number += 1;
  return number === 1 ? code : `${code}_${number}`;
}

function unclear(decision: string, found: string, line: number): Finding {
  return {
    severity: 'warning',
    code: 'AUTHORITY_UNCLEAR',
    message: `${JSON.stringify(decision.slice(0, 200))} names ${JSON.stringify(found.slice(0, 100))}; it is left to the user`,
    hint: `Authority is one of ${authorityLevels.join(', ')}; a consultation names one of ${leads.join(', ')}`,
    path: file,
    line,
  };
}
