import type { Finding } from '../kernel/finding.js';
import { formatTable } from './markdown-table.js';
import { day, reportFacts, reportLine, reportOf, reportSection } from './report-text.js';

/** One gate of an evaluation: a pass of the plan, a structural check or an evaluator. */
export interface GateReport {
  readonly evaluator: string;
  readonly verdict: 'PASS' | 'FAIL' | 'NA' | 'SKIPPED' | 'NOT_CONFIGURED';
  /** Why it was asked. */
  readonly reason?: string | undefined;
  readonly findings: readonly Finding[];
}

/** What `evaluation-report.md` shows (4.3). */
export interface EvaluationReport {
  readonly kind: 'plan' | 'execution';
  readonly trackId: string;
  readonly date: string;
  /** How often the step was entered. */
  readonly visit: number;
  readonly verdict: 'PASS' | 'FAIL';
  readonly gates: readonly GateReport[];
  readonly evaluator?: string | undefined;
  readonly executionMode?: string | undefined;
  /** Of a plan with a graph. */
  readonly parallel?:
    | {
        readonly totalTasks: number;
        readonly parallelGroups: number;
        readonly maxConcurrency: number;
        readonly conflictFreeGroups: number;
        readonly coordinatedGroups: number;
      }
    | undefined;
  readonly board?:
    | {
        readonly boardId?: string | undefined;
        readonly verdict: string;
        readonly summary: string;
        readonly conditions: readonly string[];
      }
    | undefined;
}

/** Findings shown of one report; the log has them all. */
const maxShown = 200;

/** The report of a plan or an execution: gates, board, verdict, and on FAIL the numbered list of what to fix. */
export function formatEvaluationReport(report: EvaluationReport): string {
  return reportOf([`# ${titleOf(report)}`, ...bodyOf(report)]);
}

/** The short form that goes into `plan.md`, where other programs look for it (C-36). */
export function formatEvaluationSection(report: EvaluationReport): string {
  const failed = report.gates.filter((gate) => gate.verdict === 'FAIL').map((gate) => gate.evaluator);
  const facts = reportFacts([
    ['Date', day(report.date)],
    ['Verdict', report.verdict],
    ['Board', report.board && `${report.board.verdict} (${report.board.summary})`],
    ['Failed', failed.length > 0 ? failed.join(', ') : undefined],
  ]);
  return reportOf([`## ${titleOf(report)}`, facts, fixes(report, 3)]);
}

function titleOf({ kind }: EvaluationReport): string {
  return kind === 'plan' ? 'Plan Evaluation Report' : 'Execution Evaluation Report';
}

function bodyOf(report: EvaluationReport): readonly string[] {
  const { parallel, board } = report;
  return [
    reportFacts([
      ['Track', report.trackId],
      ['Evaluator', report.evaluator ?? 'conductor'],
      ['Date', day(report.date)],
      ['Visit', report.visit],
      ['Execution Mode', report.executionMode],
    ]),
    `## ${report.kind === 'plan' ? 'Passes' : 'Evaluators'}\n\n${gateTable(report.gates)}`,
    parallel ? `## Parallel Execution\n\n${parallelTable(parallel)}` : '',
    board ? boardSection(board) : '',
    `## Verdict\n\n${report.verdict}`,
    fixes(report, 2),
    reportSection('Notes', notesOf(report)),
    board && report.verdict === 'PASS'
      ? reportSection(
          'Board Conditions to Carry Forward',
          board.conditions.map((condition) => `- ${reportLine(condition)}`),
        )
      : '',
  ];
}

function gateTable(gates: readonly GateReport[]): string {
  const words = {
    PASS: 'PASS',
    FAIL: 'FAIL',
    NA: 'N/A',
    SKIPPED: 'SKIPPED',
    NOT_CONFIGURED: 'NOT CONFIGURED',
  } as const;
  const rows = gates.map(({ evaluator, reason, verdict, findings }) => [
    reportLine(evaluator),
    reportLine(reason ?? ''),
    words[verdict],
    String(errorsOf(findings).length),
  ]);
  return formatTable(['Evaluator', 'Reason', 'Verdict', 'Issues'], rows);
}

function parallelTable(parallel: NonNullable<EvaluationReport['parallel']>): string {
  return formatTable(
    ['Total Tasks', 'Parallel Groups', 'Max Concurrency', 'Conflict-free Groups', 'Coordinated Groups'],
    [
      [
        parallel.totalTasks,
        parallel.parallelGroups,
        parallel.maxConcurrency,
        parallel.conflictFreeGroups,
        parallel.coordinatedGroups,
      ].map(String),
    ],
  );
}

function boardSection({ boardId, verdict, summary, conditions }: NonNullable<EvaluationReport['board']>): string {
  const facts = reportFacts([
    ['Verdict', verdict],
    ['Vote', summary],
    ['Session', boardId],
  ]);
  return [
    '## Board Decision',
    facts,
    ...(conditions.length > 0 ? [conditions.map((condition) => `- ${reportLine(condition)}`).join('\n')] : []),
  ].join('\n\n');
}

function fixes({ verdict, gates }: EvaluationReport, level: number): string {
  if (verdict === 'PASS') return '';
  const items = gates.flatMap((gate) =>
    errorsOf(gate.findings).map(
      (finding) =>
        `${reportLine(finding.message)}${placeOf(finding)} (${gate.evaluator})${finding.hint === undefined ? '' : ` – ${reportLine(finding.hint)}`}`,
    ),
  );
  return reportSection('Fixes', numbered(items), level);
}

function notesOf({ gates }: EvaluationReport): readonly string[] {
  const items = gates.flatMap((gate) =>
    gate.findings
      .filter((finding) => finding.severity !== 'error')
      .map((finding) => `- ${reportLine(finding.message)}${placeOf(finding)} (${gate.evaluator})`),
  );
  return shown(items);
}

function numbered(items: readonly string[]): readonly string[] {
  return shown(items.map((item, index) => `${index + 1}. ${item}`));
}

function shown(items: readonly string[]): readonly string[] {
  return items.length <= maxShown ? items : [...items.slice(0, maxShown), `… and ${items.length - maxShown} more`];
}

function errorsOf(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding) => finding.severity === 'error');
}

function placeOf({ path, line }: Finding): string {
  if (path === undefined) return '';
  const place = line === undefined ? path : `${path}:${line}`;
  return ` – \`${place.replace(/[`\p{Cc}]/gu, '')}\``;
}
