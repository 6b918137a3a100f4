import type { Plan } from '../model/plan.js';
import type { Splice } from '../write/splices.js';

/** Lines below what ends at `at`, after an empty line when there is to be a `gap`. */
export function below(end: string, at: number, lines: readonly string[], gap: boolean): Splice {
  const first = at === 0 ? '' : gap ? end + end : end;
  return { start: at, end: at, insert: first + lines.join(end) };
}

/** Where new phases and Discovered Work go: before what is appended in the course of the work. */
export function beforeAppendix(text: string, plan: Plan): number {
  const appendix = plan.sections.findIndex(({ kind }) => kind === 'discovered' || kind === 'report' || kind === 'fix');
  const before = appendix > 0 ? plan.sections[appendix - 1] : undefined;
  return before?.end ?? text.trimEnd().length;
}

/** Behind Context, else behind the title, else at the very beginning. */
export function afterContext(plan: Plan): number {
  const context =
    plan.sections.findLast(({ kind }) => kind === 'context') ?? plan.sections.find(({ kind }) => kind === 'title');
  return context?.end ?? 0;
}

/** At the end of the file, one blank line below; a file without a final line end stays without one. */
export function atEnd(text: string, plan: Plan, section: string): Splice {
  const written = text.trimEnd().length;
  const tail = text.slice(written);
  const hasEnd = /[\r\n]$/.test(tail);
  const ends = tail.match(/\r\n|\n|\r/g)?.length ?? 0;
  const gap = written === 0 ? '' : plan.lineEnd.repeat(Math.max(0, 2 - ends));
  return {
    start: text.length,
    end: text.length,
    insert: `${gap}${section}${hasEnd || text === '' ? plan.lineEnd : ''}`,
  };
}
