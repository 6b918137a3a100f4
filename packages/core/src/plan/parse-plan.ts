import type { Finding } from '../track/model.js';
import { parseDag } from './dag-block.js';
import type { PlanDrafts } from './drafts.js';
import { finishDiscovered, finishLabel, finishPhases } from './finish-plan.js';
import { everyTask } from './plan.js';
import type { Plan, PlanDag, PlanTask } from './plan.js';
import { maxDepth, readDrafts } from './read-drafts.js';
import type { ScanSlip } from './scan-lines.js';

/** A plan and what its reader could not understand, in file order. */
export interface ParsedPlan {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
}

/** Findings of one parse; a file that is wrong on every line helps nobody with more. */
export const maxParseFindings = 1000;

/**
 * Reads a plan.md of any known form (spec-loop 3.2, 3.3). Total and pure: it never throws, whatever the text, and takes linear time and
 * memory. What it cannot understand is a finding with its line; the text itself is never lost, because nothing is written from the model.
 */
export function parsePlan(text: string): ParsedPlan {
  const { drafts, slips } = readDrafts(text);
  const findings: Finding[] = slips.map(slipFinding);
  const dag = readDag(text, drafts, findings);
  const { phases, repeats } = finishPhases(drafts, new Set(dag?.block.nodes.map(({ id }) => id)));
  const plan: Plan = {
    title: planTitle(drafts.title ?? ''),
    context: drafts.context.map(finishLabel),
    phases,
    sections: drafts.sections,
    discovered: drafts.discovered.map(finishDiscovered),
    ...(dag === undefined ? {} : { dag }),
    lineEnd: firstLineEnd(text),
  };
  findings.push(...repeats.map(repeatFinding), ...drafts.tooDeep.map(depthFinding), ...taskFindings(plan));
  findings.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return { plan, findings: cut(findings) };
}

/** The canonical heading is `# <name> — Execution Plan`; of any other the whole is the title. */
function planTitle(heading: string): string {
  return heading.replace(/[ \t][—–-] Execution Plan$/, '');
}

/** The line end of the first line; of a text without any, LF. */
export function firstLineEnd(text: string): Plan['lineEnd'] {
  const feed = text.indexOf('\n');
  const carriage = text.indexOf('\r');
  if (carriage === -1 || (feed !== -1 && feed < carriage)) return '\n';
  return feed === carriage + 1 ? '\r\n' : '\r';
}

function readDag(text: string, drafts: PlanDrafts, findings: Finding[]): PlanDag | undefined {
  const [first, ...others] = drafts.dags;
  for (const other of others) {
    findings.push({
      severity: 'warning',
      code: 'PLAN_DAG_REPEATED',
      line: other.line,
      message: 'A second dag block is not read',
      hint: 'Keep one block below `## Dependency Graph`.',
    });
  }
  if (first === undefined) return undefined;
  const parsed = parseDag(text.slice(first.start, first.end), first.line);
  findings.push(...parsed.findings);
  return { block: parsed.block, line: first.line, start: first.start, end: first.end };
}

function slipFinding(slip: ScanSlip): Finding {
  if (slip.kind === 'fenceUnclosed') {
    return {
      severity: 'error',
      code: 'PLAN_FENCE_UNCLOSED',
      line: slip.line,
      message: 'A code fence is opened here and closed nowhere: what follows is read as code',
      hint: 'Close it with the same number of backticks or tildes.',
    };
  }
  return {
    severity: 'warning',
    code: 'PLAN_COMMENT_UNCLOSED',
    line: slip.line,
    message: 'A comment is opened here and closed nowhere: it is read as text',
    hint: 'Close it with `-->`.',
  };
}

function repeatFinding(repeat: { id: string; instead: string; line: number }): Finding {
  return {
    severity: 'warning',
    code: 'PLAN_ID_REPEATED',
    line: repeat.line,
    message: `Another task has the id ${repeat.id}; this one is read as ${repeat.instead}`,
    hint: 'Give each task its own id.',
    item: repeat.instead,
  };
}

function depthFinding(line: number): Finding {
  return {
    severity: 'warning',
    code: 'PLAN_TOO_DEEP',
    line,
    message: `Sub-tasks are nested deeper than ${maxDepth} levels; this one is read as a sibling`,
    hint: 'Make it a task of its own.',
  };
}

function taskFindings(plan: Plan): readonly Finding[] {
  const findings: Finding[] = [];
  let count = 0;
  for (const task of everyTask(plan)) {
    count += 1;
    const finding = markerFinding(task);
    if (finding !== undefined && findings.length < maxParseFindings) findings.push(finding);
  }
  if (count === 0) {
    findings.push({
      severity: 'warning',
      code: 'PLAN_NO_TASKS',
      line: 1,
      message: 'The plan has no tasks',
      hint: 'Write tasks as `- [ ] Task 1.1: …` below `## Phase 1: …`.',
    });
  }
  return findings;
}

const oddMarkers: Readonly<Record<string, string>> = { '-': 'skipped', '/': 'in progress', '': 'pending' };

function markerFinding(task: PlanTask): Finding | undefined {
  if (task.position.markerLength < 0) return undefined;
  const known = Object.hasOwn(oddMarkers, task.marker) ? oddMarkers[task.marker] : undefined;
  if (known === undefined && task.state !== 'unknown') return undefined;
  const box = `[${task.marker}]`;
  return {
    severity: 'warning',
    code: known === undefined ? 'PLAN_MARKER_UNKNOWN' : 'PLAN_MARKER_ODD',
    line: task.line,
    message:
      known === undefined ? `The marker ${box} has no meaning and is kept` : `The marker ${box} is read as ${known}`,
    hint: 'Use `[ ]` pending, `[~]` in progress, `[x]` done or `[!]` blocked.',
    item: task.id,
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
