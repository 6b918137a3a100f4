/** Verdicts that the reports in a text give; a text may hold several, of both kinds. */
export interface ReportVerdicts {
  readonly plan?: Verdict;
  readonly execution?: Verdict;
}
export type Verdict = 'PASS' | 'FAIL';

const heading = /^ {0,3}(#{1,6})[ \t]+(\S.{0,500})$/;
const verdictLine =
  /^[ \t>#*_`-]{0,12}(?:(?:final|overall)[ \t]{1,4})?verdict[ \t*_`:✅❌]{1,12}(pass|fail)(?:ed)?(?![\w-])/iu;
const bareVerdict = /^[ \t*_`✅❌]{0,12}(pass|fail)(?:ed)?(?![\w-])/iu;

/**
 * Reads what the reports of a plan.md or an evaluation-report.md decided (4.3): of each kind the last report counts, and in it
 * the last verdict, because reports are appended. A verdict is a line `Verdict: PASS` or the first line under a heading
 * `Verdict`; words in prose, tables and fenced code are none. Linear.
 */
export function readVerdicts(text: string): ReportVerdicts {
  const found: { plan?: Verdict; execution?: Verdict } = {};
  let kind: 'plan' | 'execution' | undefined;
  let depth = 0;
  let fence: string | undefined;
  let awaited = false;
  for (const line of text.split(/\r?\n/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined) fence = nextFence(fence, mark);
    if (mark !== undefined || fence !== undefined || line.trim() === '') continue;
    const [, hashes = '', title] = heading.exec(line) ?? [];
    const opened = title === undefined ? undefined : kindOf(title);
    if (opened !== undefined) [kind, depth] = [opened, hashes.length];
    else if (title !== undefined && hashes.length <= depth) kind = undefined;
    const word = verdictLine.exec(line)?.[1] ?? (awaited ? bareVerdict.exec(line)?.[1] : undefined);
    if (kind !== undefined && word !== undefined) found[kind] = word.toUpperCase() === 'PASS' ? 'PASS' : 'FAIL';
    awaited = title !== undefined && /^(?:final |overall )?verdict:?$/i.test(title.trim());
  }
  return found;
}

function nextFence(open: string | undefined, mark: string): string | undefined {
  if (open === undefined) return mark;
  return mark.startsWith(open) ? undefined : open;
}

/** A plan's report says so; a report without a kind is about the execution, as `evaluation-report.md` is. */
function kindOf(title: string): 'plan' | 'execution' | undefined {
  if (!/\bevaluation\b/i.test(title) || !/\breport\b/i.test(title)) return undefined;
  return /\bplan\b/i.test(title) ? 'plan' : 'execution';
}
