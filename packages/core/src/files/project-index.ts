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

/**
 * Writes the status page of a project. In a text that exists only our three sections and the line of the last update are
 * replaced; other text, such as links to documents, stays. Line ends are kept.
 */
export function updateProjectIndex(text: string | undefined, index: ProjectIndex): string {
  const newline = text?.includes('\r\n') ? '\r\n' : '\n';
  const lines = (
    text === undefined || text.trim() === '' ? `# ${reportLine(index.project ?? 'Project')}\n` : text
  ).split(/\r?\n/);
  const stamped = stamp(lines, index);
  const sections: [string, readonly string[]][] = [
    ['Current Focus', index.focus.map(({ id, name, step }) => `- ${link(id, name)} – ${step}`)],
    [
      'Recent Completions',
      index.completed
        .slice(0, shownCompletions)
        .map(({ id, name, completedAt }) => `- ${link(id, name)} – ${day(completedAt)}`),
    ],
    ['System Health', healthLines(index)],
  ];
  const written = sections.reduce(
    (all, [title, items]) => withSection(all, title, items.length > 0 ? items : ['- none']),
    stamped,
  );
  return `${written.join(newline).trimEnd()}${newline}`;
}

function healthLines({ health }: ProjectIndex): readonly string[] {
  return [
    `- Active tracks: ${health.active}`,
    `- Blocked tracks: ${health.blocked}`,
    `- Completed tracks: ${health.completed}`,
    `- Open questions: ${health.openQuestions}`,
  ];
}

function stamp(lines: readonly string[], { updatedAt }: ProjectIndex): readonly string[] {
  const line = `**Last Updated**: ${day(updatedAt)}`;
  const at = lines.findIndex((other) => /^\*{0,2}_?Last [Uu]pdated\b/.test(other));
  if (at !== -1) return lines.with(at, line);
  const title = lines.findIndex((other) => other.startsWith('# '));
  return lines.toSpliced(title + 1, 0, '', line);
}

/** Replaces what stands under a heading up to the next heading of its level or above; a missing section goes to the end. */
function withSection(lines: readonly string[], title: string, items: readonly string[]): readonly string[] {
  const start = lines.findIndex(
    (line) => line.startsWith('## ') && line.slice(3).trim().toLowerCase() === title.toLowerCase(),
  );
  if (start === -1) {
    const last = lines.findLastIndex((line) => line.trim() !== '');
    return [...lines.slice(0, last + 1), '', `## ${title}`, '', ...items, ''];
  }
  const next = lines.findIndex((line, at) => at > start && /^#{1,2} /.test(line));
  const end = next === -1 ? lines.length : next;
  return [...lines.slice(0, start + 1), '', ...items, '', ...lines.slice(end)];
}

function link(id: string, name: string): string {
  return `[${reportLine(name).replace(/[[\]]/g, '')}](./tracks/${encodeURIComponent(id)}/)`;
}
