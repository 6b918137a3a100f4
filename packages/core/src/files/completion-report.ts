import { parseInstant } from '../kernel/clock.js';
import type { Condition } from '../track/board-model.js';
import { formatTable } from './markdown-table.js';
import { reportFacts, reportLine, reportOf, reportSection } from './report-text.js';

/** What `completion-report.md` shows (4.5). */
export interface CompletionReport {
  readonly trackId: string;
  readonly name: string;
  readonly startedAt: string;
  readonly completedAt: string;
  readonly phases: number;
  readonly tasks: readonly {
    readonly id: string;
    readonly title: string;
    readonly status: string;
    readonly commit?: string | undefined;
  }[];
  readonly fixCycles: number;
  readonly planRevisions: number;
  readonly consultations: number;
  readonly conditions: readonly Condition[];
  readonly criteria: readonly {
    readonly text: string;
    readonly met: boolean;
    readonly evidence?: string | undefined;
  }[];
  readonly discovered: readonly { readonly description: string; readonly recommendation: string }[];
  readonly nextTrack?: string | undefined;
}

/** The completion report of a track: counts, criteria, commits, what was found on the way, and what could come next. */
export function formatCompletionReport(report: CompletionReport): string {
  const done = report.tasks.filter((task) => task.status === 'done');
  const commits = report.tasks.flatMap((task) =>
    task.commit === undefined ? [] : [[task.id, task.title, task.commit]],
  );
  return reportOf([
    '# Track Completion Report',
    reportFacts([
      ['Track', `${report.trackId} – ${report.name}`],
      ['Completed', report.completedAt],
      ['Duration', duration(report.startedAt, report.completedAt)],
      ['Phases completed', report.phases],
      ['Tasks completed', `${done.length} of ${report.tasks.length}`],
      ['Evaluation', 'PASS'],
      ['Fix cycles', report.fixCycles],
      ['Plan revisions', report.planRevisions],
      ['Lead consultations', report.consultations],
      ['Commits', commits.length],
    ]),
    reportSection(
      'Acceptance Criteria',
      report.criteria.map(
        ({ text, met, evidence }) =>
          `- [${met ? 'x' : ' '}] ${reportLine(text)}${evidence === undefined ? '' : ` – ${reportLine(evidence)}`}`,
      ),
    ),
    reportSection(
      'Board Conditions',
      report.conditions.map(
        ({ text, met, verify }) =>
          `- [${met === true ? 'x' : ' '}] ${reportLine(text)} – ${verify.kind} ${reportLine(verify.ref)}`,
      ),
    ),
    commits.length === 0 ? '' : `## Key Commits\n\n${formatTable(['Task', 'Title', 'Commit'], commits)}`,
    reportSection(
      'Discovered Work',
      report.discovered.map(
        ({ description, recommendation }) => `- ${reportLine(description)} – ${reportLine(recommendation)}`,
      ),
    ),
    `## Next Track\n\n${report.nextTrack === undefined ? 'None in the registry.' : reportLine(report.nextTrack)}`,
  ]);
}

/** The largest two units of the time between two instants; nothing when the clock went back. */
function duration(from: string, to: string): string | undefined {
  const seconds = Math.round((parseInstant(to) - parseInstant(from)) / 1000);
  if (seconds < 0) return undefined;
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  const parts = units.slice(first === -1 ? 3 : first, first === -1 ? 4 : first + 2);
  return parts.map(([count, unit]) => `${count} ${unit}`).join(' ');
}
