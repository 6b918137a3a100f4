import { appendBlock, labelLine, labelledEntries } from './labelled-entries.js';
import { day, reportLine, reportOf, reportSection } from './report-text.js';

/** One fix in `fix-log.md`, which the debugging agent keeps. */
export interface FixLogEntry {
  readonly issue: string;
  readonly fix: string;
  /** ISO date or instant; the day is written. */
  readonly date?: string | undefined;
  readonly rootCause?: string | undefined;
  readonly commit?: string | undefined;
}

/** Adds a fix behind the others; a missing file is begun. Nothing else changes. */
export function appendFix(text: string | undefined, entry: FixLogEntry): string {
  const before = text === undefined || text.trim() === '' ? '# Fix Log\n' : text;
  const block = [
    `## ${reportLine(entry.issue)}`,
    '',
    ...labelLine('Date', entry.date === undefined ? undefined : day(entry.date)),
    ...labelLine('Root Cause', entry.rootCause),
    ...labelLine('Fix', entry.fix),
    ...labelLine('Commit', entry.commit),
  ].join('\n');
  return appendBlock(before, `${block}\n`);
}

/** Reads `fix-log.md`: a heading of the second level per fix, with labels. Headings without a fix are left out. Never throws. */
export function parseFixLog(text: string): readonly FixLogEntry[] {
  return labelledEntries(text, 2).flatMap(({ title, labels }) => {
    const fix = labels.get('fix');
    if (fix === undefined) return [];
    const rootCause = labels.get('root cause');
    return [{ issue: title, fix, date: labels.get('date'), rootCause, commit: labels.get('commit') }];
  });
}

/** One way to go, in `brainstorm/options.md`. */
export interface BrainstormOption {
  readonly name: string;
  readonly description?: string | undefined;
  readonly pros?: string | undefined;
  readonly cons?: string | undefined;
}

/** The text of `brainstorm/options.md`. */
export function formatOptions(options: readonly BrainstormOption[]): string {
  return reportOf([
    '# Options',
    ...options.map(({ name, description, pros, cons }, index) =>
      [
        `## Option ${index + 1}: ${reportLine(name)}`,
        '',
        ...labelLine('Description', description),
        ...labelLine('Pros', pros),
        ...labelLine('Cons', cons),
      ]
        .join('\n')
        .trimEnd(),
    ),
  ]);
}

/** Reads `brainstorm/options.md`: a heading of the second level per option. Never throws. */
export function parseOptions(text: string): readonly BrainstormOption[] {
  return labelledEntries(text, 2).map(({ title, labels }) => ({
    name: title.replace(/^option \w{1,10}[:.)–-] {0,4}/i, ''),
    description: labels.get('description'),
    pros: labels.get('pros'),
    cons: labels.get('cons'),
  }));
}

/** What `brainstorm/recommendation.md` says. */
export interface Recommendation {
  readonly option: string;
  readonly reasons: readonly string[];
}

/** The text of `brainstorm/recommendation.md`. */
export function formatRecommendation({ option, reasons }: Recommendation): string {
  const items = reasons.map((reason) => `- ${reportLine(reason)}`);
  return reportOf(['# Recommendation', `**Option**: ${reportLine(option)}`, reportSection('Reasons', items)]);
}

/** Reads `brainstorm/recommendation.md`; undefined when it names no option. Items of any section are reasons. Never throws. */
export function parseRecommendation(text: string): Recommendation | undefined {
  const lines = text.split(/\r?\n/);
  const named = lines.map(
    (line) => /^[-* ]{0,4}(?:option|recommendation)\*{0,2}:\*{0,2}[ \t]{1,4}(\S.{0,1000})$/i.exec(line.trimEnd())?.[1],
  );
  const option = named.find((value) => value !== undefined);
  if (option === undefined) return undefined;
  const reasons = lines.flatMap((line, index) => {
    const item =
      named[index] === undefined ? /^[ \t]{0,8}[-*+][ \t]{1,4}(\S.{0,2000})$/.exec(line.trimEnd())?.[1] : undefined;
    return item ?? [];
  });
  return { option, reasons };
}

/** One failure in `superpower-errors.log`. */
export interface SuperpowerError {
  /** ISO instant. */
  readonly at: string;
  readonly superpower: string;
  /** Exit code 1 to 4; undefined when it ended otherwise. */
  readonly exitCode?: number | undefined;
  readonly message: string;
}

/** Adds a line `[time] superpower (exit n): message`; line ends and control characters of the message become spaces. */
export function appendSuperpowerError(text: string | undefined, error: SuperpowerError): string {
  const word = (value: string) => value.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  const exit = error.exitCode === undefined ? '' : ` (exit ${error.exitCode})`;
  const line = `[${word(error.at)}] ${word(error.superpower).replace(/ /g, '-')}${exit}: ${word(error.message)}\n`;
  const before = text ?? '';
  return `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${line}`;
}

/** Reads `superpower-errors.log` in its order; a line of another form, such as a stack, belongs to the message above it. Never throws. */
export function parseSuperpowerErrors(text: string): readonly SuperpowerError[] {
  const errors: { entry: Omit<SuperpowerError, 'message'>; lines: string[] }[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, at, superpower, exit, message] =
      /^\[([^\]]{1,60})\] (\S{1,200}?)(?: \(exit (\d{1,9})\))?: (.*)$/.exec(line) ?? [];
    if (at !== undefined && superpower !== undefined && message !== undefined)
      errors.push({
        entry: { at, superpower, ...(exit !== undefined && { exitCode: Number(exit) }) },
        lines: [message],
      });
    else if (line.trim() !== '') errors.at(-1)?.lines.push(line);
  }
  return errors.map(({ entry, lines }) => ({ ...entry, message: lines.join('\n') }));
}
