import type { Finding } from '../../kernel/finding.js';
import { parseDag } from '../dag/parse-dag.js';
import type { PlanDrafts } from '../read/drafts.js';
import { finishDiscovered, finishLabel } from '../read/finish-labels.js';
import { finishPhases } from './finish-phases.js';
import type { Plan, PlanDag } from '../model/plan.js';
import { maxParseFindings, depthFinding, planFindings, repeatFinding, slipFinding } from './plan-findings.js';
import { readDrafts } from '../read/read-drafts.js';
import type { ScanSlip } from '../text/scan-lines.js';

/** A plan and what its reader could not understand, in file order. */
export interface ParsedPlan {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
}

/**
 * Reads a plan.md of any known form. Total and pure: it never throws, whatever the text, and takes linear time and
 * memory. What it cannot understand is a finding with its line; the text itself is never lost, because nothing is written from the model.
 */
export function parsePlan(text: string): ParsedPlan {
  const { plan, findings } = readPlan(text);
  return { plan, findings: cut(findings) };
}

/** As {@link parsePlan}, with findings past the number that people are told: errors are counted on these. */
export function readPlan(text: string): ParsedPlan & { readonly slips: readonly ScanSlip[] } {
  const { drafts, slips } = readDrafts(text);
  const dag = readDag(text, drafts);
  const { phases, repeats } = finishPhases(drafts, new Set(dag?.dag.block.nodes.map(({ id }) => id)));
  const plan: Plan = {
    title: planTitle(drafts.title ?? ''),
    context: drafts.context.map(finishLabel),
    phases,
    sections: drafts.sections,
    discovered: drafts.discovered.map(finishDiscovered),
    ...(dag === undefined ? {} : { dag: dag.dag }),
    lineEnd: firstLineEnd(text),
  };
  const findings = [
    ...slips.map(slipFinding),
    ...(dag?.findings ?? []),
    ...repeats.map(repeatFinding),
    ...drafts.tooDeep.map(depthFinding),
    ...planFindings(plan, drafts),
  ];
  findings.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return { plan, findings, slips };
}

/** The canonical heading is `# <name> — Execution Plan`; of any other the whole is the title. */
function planTitle(heading: string): string {
  return heading.replace(/[ \t][—–-] Execution Plan$/, '');
}

/** The line end of the first line; of a text without any, LF. */
export function firstLineEnd(text: string): Plan['lineEnd'] {
  const feed = text.indexOf('\n');
  // Looked for in the first line alone: most texts have none.
  const carriage = (feed === -1 ? text : text.slice(0, feed)).indexOf('\r');
  if (carriage === -1) return '\n';
  return feed === carriage + 1 ? '\r\n' : '\r';
}

function readDag(
  text: string,
  drafts: PlanDrafts,
): { readonly dag: PlanDag; readonly findings: readonly Finding[] } | undefined {
  const [first, ...others] = drafts.dags;
  if (first === undefined) return undefined;
  const { block, findings } = parseDag(text.slice(first.start, first.end), first.line);
  const dag = { block, line: first.line, start: first.start, end: first.end };
  return { dag, findings: [...findings, ...others.slice(0, maxParseFindings).map(({ line }) => repeatedDag(line))] };
}

function repeatedDag(line: number): Finding {
  return {
    severity: 'warning',
    code: 'PLAN_DAG_REPEATED',
    line,
    message: 'A second dag block is not read',
    hint: 'Keep one block below `## Dependency Graph`.',
  };
}

function cut(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= maxParseFindings) return findings;
  const left = findings.length - maxParseFindings + 1;
  const last: Finding = {
    severity: 'warning',
    code: 'PLAN_FINDINGS_CUT',
    message: `At least ${left} more findings are not listed`,
    hint: 'Mend these first.',
  };
  return [...findings.slice(0, maxParseFindings - 1), last];
}
