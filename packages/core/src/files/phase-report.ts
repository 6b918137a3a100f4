import { day, reportFacts, reportLine, reportOf, reportSection } from './report-text.js';

/** What `reports/phase-<n>.md` shows (4.4). */
export interface PhaseReport {
  readonly phase: number | string;
  readonly title: string;
  readonly date: string;
  readonly status: string;
  readonly deliverables: readonly { readonly text: string; readonly link?: string | undefined }[];
  readonly gates: readonly string[];
  readonly tests?: { readonly unit: number; readonly integration: number; readonly endToEnd: number } | undefined;
  readonly notes?: readonly string[] | undefined;
}

/** The completion report of a phase. */
export function formatPhaseReport({
  phase,
  title,
  date,
  status,
  deliverables,
  gates,
  tests,
  notes = [],
}: PhaseReport): string {
  const counts = tests
    ? [`- Unit: ${tests.unit}`, `- Integration: ${tests.integration}`, `- End-to-end: ${tests.endToEnd}`]
    : ['- none recorded'];
  const delivered = deliverables.map(
    ({ text, link }) => `- [x] ${link === undefined ? reportLine(text) : `[${reportLine(text)}](${encodeURI(link)})`}`,
  );
  return reportOf([
    `# Phase ${phase} Completion Report`,
    reportFacts([
      ['Phase', `${phase} – ${title}`],
      ['Date', day(date)],
      ['Status', status],
    ]),
    reportSection('Deliverables', orNone(delivered)),
    reportSection('Quality Gates Passed', orNone(gates.map((gate) => `- [x] ${reportLine(gate)}`))),
    reportSection('Tests', counts),
    reportSection('Notes', orNone(notes.map((note) => `- ${reportLine(note)}`))),
  ]);
}

function orNone(items: readonly string[]): readonly string[] {
  return items.length === 0 ? ['- none'] : items;
}
