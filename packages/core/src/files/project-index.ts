import { day, reportLine } from './report-text.js';

/** What `index.md` of a project shows (4.7). */
export interface ProjectIndex {
  readonly updatedAt: string;
  readonly project?: string | undefined;
  readonly focus: readonly { readonly id: string; readonly name: string; readonly step: string }[];
  /** Newest first; the first ten are shown. */
  readonly completed: readonly { readonly id: string; readonly name: string; readonly completedAt: string }[];
  readonly health: {
    readonly active: number;
    readonly blocked: number;
    readonly completed: number;
    readonly openQuestions: number;
  };
}

const shownCompletions = 10;

const entry = String.raw`\[[^\]]*\]\(\./tracks/\S*\)`;
/** Lines of a section that an earlier update wrote. Every other line is somebody's, and stays. */
const sections = {
  'Current Focus': new RegExp(String.raw`^- (?:none|${entry} – [A-Z_]+)$`, 'u'),
  'Recent Completions': new RegExp(String.raw`^- (?:none|${entry} – \d{4}-\d\d-\d\d)$`, 'u'),
  'System Health': /^- (?:none|(?:Active tracks|Blocked tracks|Completed tracks|Open questions): \d+)$/u,
} as const;
type Section = keyof typeof sections;

/**
 * Writes the status page of a project. In a text that exists only our own lines are replaced: the entries of our three sections,
 * and a line of the last update that holds nothing but a date. What people wrote stays, below our entries. Line ends are kept.
 */
export function updateProjectIndex(text: string | undefined, index: ProjectIndex): string {
  const given = text === undefined || text.trim() === '' ? `# ${reportLine(index.project ?? 'Project')}\n` : text;
  const end = given.includes('\r\n') ? '\r' : '';
  const items: Readonly<Record<Section, readonly string[]>> = {
    'Current Focus': index.focus.map(({ id, name, step }) => `- ${link(id, name)} – ${step}`),
    'Recent Completions': index.completed
      .slice(0, shownCompletions)
      .map(({ id, name, completedAt }) => `- ${link(id, name)} – ${day(completedAt)}`),
    'System Health': healthLines(index),
  };
  let lines = stamp(given.split('\n'), index, end);
  for (const section of Object.keys(sections) as Section[])
    // keys of the table itself
    lines = withSection(lines, section, items[section].length > 0 ? items[section] : ['- none'], end);
  return lines.join('\n');
}

function healthLines({ health }: ProjectIndex): readonly string[] {
  return [
    `- Active tracks: ${health.active}`,
    `- Blocked tracks: ${health.blocked}`,
    `- Completed tracks: ${health.completed}`,
    `- Open questions: ${health.openQuestions}`,
  ];
}

/** A date and nothing else, in whatever emphasis. */
const onlyDate = /^[*_]{0,3}Last [Uu]pdated[*_]{0,3}:?[*_]{0,3}\s*(?:\d{4}-\d\d-\d\d[\dTZ:.+-]{0,24})?[*_]{0,3}\s*$/u;

function stamp(lines: readonly string[], { updatedAt }: ProjectIndex, end: string): readonly string[] {
  const line = `**Last Updated**: ${day(updatedAt)}${end}`;
  const at = lines.findIndex((other) => /^[*_]{0,3}Last [Uu]pdated\b/u.test(other));
  if (at !== -1) return onlyDate.test(lines[at] ?? '') ? lines.with(at, line) : lines;
  const title = lines.findIndex((other) => other.startsWith('# '));
  return lines.toSpliced(title + 1, 0, end, line);
}

/** Our entries behind the heading of a section, and below them what else stood in it; a missing section goes to the end. */
function withSection(
  lines: readonly string[],
  section: Section,
  items: readonly string[],
  end: string,
): readonly string[] {
  const headings = headingsOf(lines);
  const start = headings.find((at) => titleOf(lines[at] ?? '') === section.toLowerCase()) ?? -1;
  const block = [end, ...items.map((item) => `${item}${end}`), end];
  if (start === -1) {
    const last = lines.findLastIndex((line) => line.trim() !== '');
    return [
      ...lines.slice(0, last),
      withEnd(lines[last] ?? '', end),
      end,
      `## ${section}${end}`,
      ...block.slice(0, -1),
      '',
    ];
  }
  const next = headings.find((at) => at > start) ?? lines.length;
  const theirs = trimmed(lines.slice(start + 1, next).filter((line) => !sections[section].test(withEnd(line, ''))));
  const kept = theirs.length === 0 ? [] : [...theirs.slice(0, -1), withEnd(theirs.at(-1) ?? '', end), end];
  const written = [...lines.slice(0, start), withEnd(lines[start] ?? '', end), ...block, ...kept];
  return next < lines.length ? [...written, ...lines.slice(next)] : [...written.slice(0, -1), ''];
}

/** Lines that begin a section of their level or above; none in fenced code. */
function headingsOf(lines: readonly string[]): readonly number[] {
  let fenced = false;
  return lines.flatMap((line, at) => {
    if (/^\s{0,3}(?:```|~~~)/u.test(line)) fenced = !fenced;
    return !fenced && /^#{1,2} /u.test(line) ? [at] : [];
  });
}

function titleOf(line: string): string {
  return line.startsWith('## ') ? line.slice(3).trim().toLowerCase() : '';
}

function withEnd(line: string, end: string): string {
  return `${line.endsWith('\r') ? line.slice(0, -1) : line}${end}`;
}

function trimmed(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  return first === -1 ? [] : lines.slice(first, lines.findLastIndex((line) => line.trim() !== '') + 1);
}

function link(id: string, name: string): string {
  return `[${reportLine(name).replace(/[[\]]/g, '')}](./tracks/${encodeURIComponent(id)}/)`;
}
