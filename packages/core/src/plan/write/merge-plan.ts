import { matchLines } from './match-lines.js';

/** Lines that both sides changed, each in its own way. */
export interface PlanConflict {
  /** 1-based line in `theirs`: where to look. */
  readonly line: number;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** One merge, with the two texts it leads to; they differ only where there are conflicts. */
export interface MergedPlan {
  /** With our lines where both sides changed. */
  readonly ours: string;
  /** With their lines where both sides changed. */
  readonly theirs: string;
  readonly conflicts: readonly PlanConflict[];
}

interface Line {
  readonly text: string;
  readonly end: string;
}

/**
 * Three-way merge of a plan, line by line: what one side changed since `base` is taken, what both changed alike is taken once, what
 * both added in one place stands one after the other, theirs first. Line ends count as a change only of their own: a text that was
 * converted keeps its new ones. Pure and total, near linear. After diff3 (Khanna, Kunal and Pierce, 2007).
 */
export function mergePlan(base: string, ours: string, theirs: string): MergedPlan {
  if (ours === base || ours === theirs) return { ours: theirs, theirs, conflicts: [] };
  if (theirs === base) return { ours, theirs: ours, conflicts: [] };
  const sides = { base: linesOf(base), ours: fitted(linesOf(ours), base, theirs), theirs: linesOf(theirs) };
  const toOurs = matchLines(sides.base.map(textOf), sides.ours.map(textOf));
  const toTheirs = matchLines(sides.base.map(textOf), sides.theirs.map(textOf));
  const merge = new Merge();
  let [a, b, c] = [0, 0, 0];
  for (let at = 0; at <= sides.base.length; at += 1) {
    const atEnd = at === sides.base.length;
    const [b2, c2] = atEnd ? [sides.ours.length, sides.theirs.length] : [toOurs[at] ?? -1, toTheirs[at] ?? -1];
    if (b2 < 0 || c2 < 0) continue;
    merge.region(sides.base.slice(a, at), sides.ours.slice(b, b2), sides.theirs.slice(c, c2), c + 1);
    if (!atEnd) merge.stable(sides.base[at], sides.ours[b2], sides.theirs[c2]);
    [a, b, c] = [at + 1, b2 + 1, c2 + 1];
  }
  const newline = commonEnd(sides.theirs) ?? commonEnd(sides.ours) ?? '\n';
  return { ours: joined(merge.ours, newline), theirs: joined(merge.theirs, newline), conflicts: merge.conflicts };
}

class Merge {
  readonly ours: Line[] = [];
  readonly theirs: Line[] = [];
  readonly conflicts: PlanConflict[] = [];

  /** A line that nobody changed, but perhaps how it ends. */
  stable(base: Line | undefined, ours: Line | undefined, theirs: Line | undefined): void {
    const line = theirs?.end === base?.end ? ours : theirs;
    if (line) this.both([line]);
  }

  region(base: readonly Line[], ours: readonly Line[], theirs: readonly Line[], line: number): void {
    const merged = resolved(base, ours, theirs);
    if (merged) this.both(merged);
    else if (base.length === ours.length && base.length === theirs.length && base.length > 1) {
      // Neighbouring lines, one changed by each side, are no conflict.
      base.forEach((one, at) => this.region([one], ours.slice(at, at + 1), theirs.slice(at, at + 1), line + at));
    } else {
      this.ours.push(...ours);
      this.theirs.push(...theirs);
      this.conflicts.push({ line, ours: ours.map(textOf), theirs: theirs.map(textOf) });
    }
  }

  private both(lines: readonly Line[]): void {
    for (const line of lines) {
      this.ours.push(line);
      this.theirs.push(line);
    }
  }
}

/** `undefined`: a conflict. */
function resolved(base: readonly Line[], ours: readonly Line[], theirs: readonly Line[]): readonly Line[] | undefined {
  if (same(ours, base) || same(ours, theirs)) return theirs;
  if (same(theirs, base)) return ours;
  if (base.length > 0) return added(base, ours, theirs) ?? added(base, theirs, ours);
  if (contains(theirs, ours)) return theirs;
  return contains(ours, theirs) ? ours : [...theirs, ...ours];
}

/** `one` with the whole base at its beginning or its end: what it added goes to the same side of `other`. */
function added(base: readonly Line[], one: readonly Line[], other: readonly Line[]): readonly Line[] | undefined {
  if (one.length <= base.length) return undefined;
  if (same(one.slice(0, base.length), base)) return [...other, ...one.slice(base.length)];
  const front = one.length - base.length;
  return same(one.slice(front), base) ? [...one.slice(0, front), ...other] : undefined;
}

function same(a: readonly Line[], b: readonly Line[]): boolean {
  return a.length === b.length && a.every(({ text }, index) => text === b[index]?.text);
}

/** Whether the one side added all that the other one did; of very long additions that is not asked. */
function contains(whole: readonly Line[], part: readonly Line[]): boolean {
  if (whole.length * part.length > 1_000_000) return false;
  for (let from = 0; from + part.length <= whole.length; from += 1) {
    if (part.every(({ text }, at) => text === whole[from + at]?.text)) return true;
  }
  return false;
}

function textOf({ text }: Line): string {
  return text;
}

/** Every line with how it ends; the last one may end in nothing. */
function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  const ends = /\r\n|\n|\r/g;
  let from = 0;
  for (let match = ends.exec(text); match; match = ends.exec(text)) {
    lines.push({ text: text.slice(from, match.index), end: match[0] });
    from = ends.lastIndex;
  }
  if (from < text.length) lines.push({ text: text.slice(from), end: '' });
  return lines;
}

/** Our lines with their line ends, where they have converted the text. */
function fitted(ours: readonly Line[], base: string, theirs: string): readonly Line[] {
  const end = commonEnd(linesOf(theirs));
  if (end === undefined || end === commonEnd(linesOf(base))) return ours;
  return ours.map((line) => (line.end === '' ? line : { ...line, end }));
}

function commonEnd(lines: readonly Line[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { end } of lines) if (end !== '') counts.set(end, (counts.get(end) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** A line that was the last one and is not any more needs an end. */
function joined(lines: readonly Line[], newline: string): string {
  return lines.map(({ text, end }, at) => text + (end === '' && at < lines.length - 1 ? newline : end)).join('');
}
