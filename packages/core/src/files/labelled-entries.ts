import { reportLine } from './report-text.js';

/** A heading with labels below it, as the knowledge and log files hold them. */
export interface LabelledEntry {
  readonly title: string;
  /** Heading of the next higher level above it, empty without one. */
  readonly section: string;
  /** 1-based line of the heading. */
  readonly line: number;
  /** Values by label in lower case; the first of a label counts. */
  readonly labels: ReadonlyMap<string, string>;
}

const heading = /^ {0,3}(#{1,6})[ \t]+(\S.{0,500}?)[ \t#]*$/;
const label =
  /^[-* ]{0,6}(?:\*\*)?([A-Za-z][A-Za-z ]{1,30}?)(?:\*\*)?[ \t]{0,2}:(?:\*\*)?(?:[ \t]{1,4}(\S.{0,8000}))?$/;

/**
 * Reads headings of `level` with their labels: `**Problem**: text`, `- Problem: text`, and a label alone, whose value are the
 * lines below it up to the next label, fenced code included. Headings and labels in fenced code are text. Linear.
 */
export function labelledEntries(text: string, level: number): readonly LabelledEntry[] {
  const entries: (LabelledEntry & { readonly parts: Map<string, string[]> })[] = [];
  let section = '';
  let current: string[] | undefined;
  let open = false;
  let fence: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const mark = /^\s{0,8}(`{3,}|~{3,})/.exec(line)?.[1];
    const coded = fence !== undefined || mark !== undefined;
    if (mark !== undefined) fence = fence === undefined ? mark : mark.startsWith(fence) ? undefined : fence;
    const [, hashes = '', title = ''] = (coded ? undefined : heading.exec(line)) ?? [];
    if (hashes !== '') {
      [current, open] = [undefined, hashes.length === level];
      if (hashes.length === level)
        entries.push({ title, section, line: index + 1, labels: new Map(), parts: new Map() });
      else if (hashes.length < level) section = title;
      continue;
    }
    const entry = open ? entries.at(-1) : undefined;
    if (!entry) continue;
    const [, name, value] = (coded ? undefined : label.exec(line.trimEnd())) ?? [];
    if (name === undefined) current?.push(line);
    else {
      current = value === undefined ? [] : [value.trim()];
      if (!entry.parts.has(name.toLowerCase())) entry.parts.set(name.toLowerCase(), current);
    }
  }
  return entries.map(({ parts, ...entry }) => ({
    ...entry,
    labels: new Map([...parts].map(([name, lines]) => [name, lines.join('\n').trim()])),
  }));
}

/** One label with its value; a value of several lines stands below the label. */
export function labelLine(name: string, value: string | undefined): readonly string[] {
  if (value === undefined || value.trim() === '') return [];
  return [`- **${name}**: ${reportLine(value)}`];
}

/** A label with code below it, in a fence longer than any in the code. */
export function labelCode(name: string, code: string | undefined): readonly string[] {
  if (code === undefined || code.trim() === '') return [];
  const longest = Math.max(2, ...[...code.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return [`- **${name}**:`, '', fence, code.replace(/\r?\n$/, ''), fence];
}

/** Code of a value, without its fence. */
export function unfenced(value: string): string {
  const lines = value.split('\n');
  const fenced =
    lines.length > 1 && /^\s*(`{3,}|~{3,})/.test(lines[0] ?? '') && /^\s*(`{3,}|~{3,})\s*$/.test(lines.at(-1) ?? '');
  return fenced ? lines.slice(1, -1).join('\n') : value;
}

/** Puts a block behind everything else; the text before it stays as it is. */
export function appendBlock(text: string, block: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const gap = text.endsWith(`${newline}${newline}`) ? '' : text.endsWith('\n') ? newline : newline + newline;
  return text + gap + block.replaceAll('\n', newline);
}
