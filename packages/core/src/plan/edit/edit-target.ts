import { ConductorError } from '../../kernel/error.js';
import type { Finding } from '../../kernel/finding.js';
import { everyTask } from '../model/plan.js';
import type { ParsedPlan } from '../parse/parse-plan.js';
import type { CommitStyle, Phase, Plan, PlanEdit, PlanTask } from '../model/plan.js';
import type { Splice } from '../write/splices.js';
import { readLabel } from '../read/annotations.js';
import { isHex } from '../text/characters.js';
import { behindBullet, readCheckbox, stateOf } from '../read/checkbox.js';
import { commitAtEnd, commitInComments, defaultCommitStyle, deniesCommit } from '../read/commits.js';
import { inlineComments, withoutComments } from '../text/inline-comments.js';

/** An edit of one kind. */
export type EditOf<K extends PlanEdit['do']> = Extract<PlanEdit, { do: K }>;

/** An edit worked out: what to splice, which differences it may make, and what the plan must then say. */
export interface PlannedEdit {
  readonly splices: readonly Splice[];
  /** Words of `comparePlans` that this edit brings about. */
  readonly allowed: readonly string[];
  /** True when the plan read again says what the edit meant. */
  readonly achieved: (after: Plan) => boolean;
  /** For the message of a refusal. */
  readonly name: string;
}

/** Throws `EDIT_REFUSED`: nothing is changed. */
export function refuse(message: string, hint: string, details: Readonly<Record<string, unknown>> = {}): never {
  throw new ConductorError('EDIT_REFUSED', message, { hint, details });
}

/** Finds tasks of one plan by id or `line:N`, in constant time after the first one. */
export function taskFinder(plan: Plan): (name: string) => PlanTask {
  const byName = new Map<string, PlanTask>();
  for (const task of everyTask(plan)) {
    byName.set(task.id, task);
    byName.set(`line:${task.line}`, task);
  }
  return (name) => {
    const task = byName.get(name.trim()) ?? byName.get(name.trim().replace(/^task[ \t]+/i, ''));
    if (task !== undefined) return task;
    throw new ConductorError('TASK_NOT_FOUND', `The plan has no task ${JSON.stringify(name)}`, {
      hint: 'Name it by its id, or as `line:N` with the line it stands on: see `conductor plan show`.',
      details: { task: name },
    });
  };
}

/** Finds a phase by title, number, `Phase N`, whole heading or `line:N`; throws `TASK_NOT_FOUND`. */
export function findPhase(plan: Plan, name: string): Phase {
  const wanted = name.trim();
  const number = /^(?:phase[ \t]+)?([\w.]{1,12})$/i.exec(wanted)?.[1];
  const phases = plan.phases;
  const found =
    phases.find((phase) => `line:${phase.line}` === wanted || (phase.title === wanted && phase.kind !== 'loose')) ??
    phases.find((phase) => phase.number !== undefined && phase.number === number) ??
    phases.find((phase) => phase.number !== undefined && `Phase ${phase.number}: ${phase.title}` === wanted) ??
    (wanted === '' ? phases.find(({ kind }) => kind === 'loose') : undefined);
  if (found !== undefined) return found;
  throw new ConductorError('TASK_NOT_FOUND', `The plan has no phase ${JSON.stringify(name)}`, {
    hint: 'Name it by its title or number; `addPhase` adds one.',
    details: { phase: name },
  });
}

/**
 * The form in which most commits of a file stand (C-35), the published one where there is none. Asked of the lines that hold a sha where
 * a commit stands, so that a mark needs no reading of the whole plan.
 */
export function commitStyleOf(text: string): CommitStyle {
  const lines = text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
  const counts = new Map<string, { style: CommitStyle; count: number }>();
  for (const start of linesWithSha(lines)) {
    const end = lines.indexOf('\n', start);
    const style = styleIn(lines.slice(start, end === -1 ? lines.length : end));
    if (style === undefined) continue;
    const key = `${style.before}\n${style.after}\n${style.below ?? false}`;
    const entry = counts.get(key);
    if (entry === undefined) counts.set(key, { style, count: 1 });
    else entry.count += 1;
  }
  let most: { style: CommitStyle; count: number } | undefined;
  for (const entry of counts.values()) if (entry.count > (most?.count ?? 0)) most = entry;
  return most?.style ?? defaultCommitStyle;
}

/** Starts of lines that end in a sha, or hold one in or before a comment. */
function linesWithSha(text: string): ReadonlySet<number> {
  const starts = new Set<number>();
  for (let start = 0; start < text.length;) {
    const feed = text.indexOf('\n', start);
    const end = feed === -1 ? text.length : feed;
    // Most lines end in a letter that no sha has, which is told without a call.
    if (text.charCodeAt(end - 1) <= 102 && endsInSha(text, end)) starts.add(start);
    start = end + 1;
  }
  for (const mark of ['<!--', '-->']) {
    const lineStart = lineStarts(text);
    for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 3)) {
      if (endsInSha(text, at)) starts.add(lineStart(at));
    }
  }
  return starts;
}

/** Starts of the lines of ascending offsets. Forward only: looking back from every offset of one long line would be quadratic. */
export function lineStarts(text: string): (offset: number) => number {
  let start = 0;
  let next = text.indexOf('\n') + 1;
  return (offset) => {
    while (next > 0 && next <= offset) {
      start = next;
      next = text.indexOf('\n', start) + 1;
    }
    return start;
  };
}

/** Seven hexadecimal characters before `end`, but for gaps, a bracket and a backtick: a cheap no to most lines. */
function endsInSha(text: string, end: number): boolean {
  let at = end - 1;
  while (at >= 0 && ' \t'.includes(text.charAt(at))) at -= 1;
  const least = at - 3;
  while (at >= 0 && at > least && ')]`.'.includes(text.charAt(at))) at -= 1;
  for (let count = 0; count < 7; count += 1) if (!isHex(text.charCodeAt(at - count))) return false;
  return true;
}

function styleIn(line: string): CommitStyle | undefined {
  const content = line.length - line.trimStart().length;
  const box = readCheckbox(line, content);
  if (box === undefined) return labelStyle(line, behindBullet(line, content, line.length));
  const comments = inlineComments(line);
  const shown = comments.length === 0 ? line : withoutComments(line, comments);
  const atEnd = deniesCommit(comments) ? undefined : commitAtEnd(shown, stateOf(box.marker) === 'done');
  return (commitInComments(line, comments) ?? atEnd)?.style;
}

/** Of `- **Commit**: abc1234`, when nothing but one sha stands there. */
function labelStyle(line: string, start: number): CommitStyle | undefined {
  const label = start === -1 ? undefined : readLabel(line.slice(start), 0, start);
  if (label?.name !== 'commit') return undefined;
  const found = commitAtEnd(label.value, true);
  if (found === undefined || found.cut !== 0 || found.all.length > 1 || found.stop !== undefined) return undefined;
  return { before: line.slice(start, label.start) + found.style.before, after: found.style.after, below: true };
}

const below =
  /(?:^|[\r\n])([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+\[[^\][\r\n]{0,2}\][ \t][^\r\n]*(?:\r\n|\n|\r)\1([ \t]+)(?:(?:[-*+]|\d{1,9}[.)])[ \t]|\*\*|__)/;

/** How far the file indents what stands below a task: as the first checkbox with a bullet or a label below it, else four spaces. */
export function indentStepIn(text: string): string {
  return below.exec(text)?.[2] ?? '    ';
}

/** Offset where the task and all below it end, without the line end. */
export function endOfTask(task: PlanTask): number {
  const last = task.children.at(-1);
  return last === undefined ? task.position.ownEnd : Math.max(task.position.ownEnd, endOfTask(last));
}

/** Refuses an edit after which the plan says more than it was meant to. `changes` is what `comparePlans` tells. */
export function verifyEdit(
  before: ParsedPlan,
  after: ParsedPlan,
  planned: PlannedEdit,
  changes: readonly string[],
): void {
  const allowed = new Set(planned.allowed);
  const others = changes.filter((word) => !allowed.has(word) && !allowed.has(anyTask(word)));
  if (others.length > 0) {
    refuse(`The edit ${planned.name} would also change: ${others.slice(0, 5).join(', ')}`, 'Make the edit by hand.', {
      changes: others.slice(0, 20),
    });
  }
  if (errors(after.findings) > errors(before.findings)) {
    refuse(`The edit ${planned.name} would leave a plan with more errors`, 'Make the edit by hand.');
  }
  if (!planned.achieved(after.plan))
    refuse(`The edit ${planned.name} would not be read as it is meant`, 'Make the edit by hand.');
}

/** `task + 3.1 report` as `task + * report`. */
function anyTask(word: string): string {
  return word.replace(/^task \+ .* (\w+)$/s, 'task + * $1');
}

function errors(findings: readonly Finding[]): number {
  return findings.filter(({ severity }) => severity === 'error').length;
}
