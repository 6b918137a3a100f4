import type { Finding } from '../kernel/finding.js';
import { formatTable } from './markdown-table.js';
import { day, reportFacts, reportLine, reportOf, reportSection } from './report-text.js';

/** One line of the checklist: a gate, a floor, a question. */
export interface ReviewCheck {
  readonly name: string;
  readonly result: 'PASS' | 'FAIL' | 'N/A' | 'NOT RUN' | 'NOT CONFIGURED';
  readonly detail?: string | undefined;
}

/** What a review of a phase shows (4.4, second form). */
export interface PhaseReview {
  readonly trackId: string;
  /** Number of the phase as people say it. */
  readonly phase: number | string;
  readonly title: string;
  readonly date: string;
  readonly verdict: 'PASS' | 'FAIL';
  readonly deliverables: readonly {
    readonly text: string;
    readonly met: boolean;
    readonly link?: string | undefined;
  }[];
  /** Where plan, spec and work part; `DRIFT:` is put before each. Empty: they agree. */
  readonly drift: readonly string[];
  readonly checks: readonly ReviewCheck[];
  readonly findings: readonly Finding[];
}

const maxShown = 200;

/** The report of `phase-review`: track, date, evaluation, deliverables, alignment, gates, issues, verdict with fixes. */
export function formatPhaseReview(review: PhaseReview): string {
  const { trackId, phase, title, date, verdict, deliverables, drift, checks, findings } = review;
  const delivered = deliverables.map(({ text, met, link }) => {
    const words = link === undefined ? reportLine(text) : `[${reportLine(text)}](${encodeURI(link)})`;
    return `- [${met ? 'x' : ' '}] ${words}`;
  });
  return reportOf([
    `# Phase ${phase} Review`,
    reportFacts([
      ['Track', trackId],
      ['Phase', `${phase} – ${title}`],
      ['Date', day(date)],
      ['Evaluation', verdict],
    ]),
    reportSection('Deliverables', orElse(delivered, '- none')),
    reportSection(
      'Alignment',
      orElse(shown(drift.map((item) => `- DRIFT: ${reportLine(item)}`)), '- Plan, spec and work agree.'),
    ),
    `## Quality Gates\n\n${checkTable(checks)}`,
    reportSection('Issues Found', orElse(shown(findings.map(issue)), '- none')),
    `## Verdict\n\n${verdict}`,
    verdict === 'PASS' ? '' : reportSection('Fixes', shown(findings.filter(isError).map(fix)), 3),
  ]);
}

const isError = ({ severity }: Finding) => severity === 'error';

function checkTable(checks: readonly ReviewCheck[]): string {
  const rows = checks.map(({ name, result, detail }) => [reportLine(name), result, reportLine(detail ?? '')]);
  return formatTable(['Check', 'Result', 'Detail'], rows);
}

function issue(finding: Finding): string {
  return `- ${finding.severity}: ${reportLine(finding.message)}${placeOf(finding)}`;
}

function fix(finding: Finding, index: number): string {
  const hint = finding.hint === undefined ? '' : ` – ${reportLine(finding.hint)}`;
  return `${index + 1}. ${reportLine(finding.message)}${placeOf(finding)}${hint}`;
}

/** A path that the message names already is not said twice. */
function placeOf({ path, line, message }: Finding): string {
  if (path === undefined || message.includes(path)) return '';
  const place = line === undefined ? path : `${path}:${line}`;
  return ` – \`${place.replace(/[`\p{Cc}]/gu, '')}\``;
}

function orElse(items: readonly string[], none: string): readonly string[] {
  return items.length === 0 ? [none] : items;
}

function shown(items: readonly string[]): readonly string[] {
  return items.length <= maxShown ? items : [...items.slice(0, maxShown), `… and ${items.length - maxShown} more`];
}
