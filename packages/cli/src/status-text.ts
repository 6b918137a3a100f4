import type { ProjectStatus } from './commands/status.js';
import { cut, fit, plain } from './plain-text.js';
import { questionLines } from './run-report.js';
import { symbolOf, symbols } from './symbols.js';

const columns = 80;
const shownTasks = 10;
const legend = `${symbols.complete} complete  ${symbols.inProgress} in progress  ${symbols.notStarted} not started  ${symbols.failed} failed  ${symbols.blocked} blocked  ${symbols.skipped} skipped`;

/** A project's status for people: at most 80 columns, each state with its symbol. */
export function statusText(status: ProjectStatus, where = ''): string {
  const { track } = status;
  if (!track) return 'No tracks yet. Next: conductor go "<what shall be true afterwards>"';
  const { progress, usage } = track;
  const over = progress.done + progress.skipped;
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['Track', `${symbolOf(track.lifecycle)} ${track.id} (${track.lifecycle})`],
    ['Name', track.name],
    ['Step', `${symbolOf(track.stepStatus)} ${track.step} ${words(track.stepStatus)}`],
    ['Tasks', `${over} of ${progress.total}${counts(progress)}`],
    [
      'Agent',
      status.agent === undefined ? 'none yet' : `${status.agent}${status.superpower === true ? ' (superpowers)' : ''}`,
    ],
    ['Fix cycles', String(track.fixCycles)],
    ...(track.planRevisions > 0
      ? [['Plan', `revised ${track.planRevisions === 1 ? 'once' : `${track.planRevisions} times`}`] as const]
      : []),
    ...(usageText(usage) !== '' ? [['Usage', usageText(usage)] as const] : []),
    ['Next', `${track.next.do}: ${track.next.reason}`],
  ];
  return [
    ...facts.map(([name, value]) => cut(`${fit(name, 12)}${plain(value)}`, columns)),
    ...section(
      'Pending',
      status.pending
        .slice(0, shownTasks)
        .map(({ id, text, state }) => `${symbolOf(state)} ${fit(id, 7)} ${plain(text)}`),
    ),
    ...more(status.pending.length - shownTasks),
    ...section(
      'Conditions',
      status.conditions.map(
        ({ text, met }) => `${symbolOf(met === undefined ? 'pending' : met ? 'done' : 'failed')} ${plain(text)}`,
      ),
    ),
    ...section(
      'Blockers',
      status.blockers.map(({ description }) => `${symbols.blocked} ${plain(description)}`),
    ),
    ...(status.approvals.length === 0
      ? []
      : ['', 'Questions', ...status.approvals.flatMap((approval) => questionLines(approval, where)).slice(1)]),
    ...section(
      'Other tracks',
      status.others.map(
        ({ id, lifecycle, progress: { done, total } }) =>
          `${symbolOf(lifecycle)} ${id}  ${lifecycle}  ${done}/${total}`,
      ),
    ),
    '',
    legend,
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => cut(`  ${line}`, columns))];
}

function more(count: number): string[] {
  return count > 0 ? [`  … and ${count} more`] : [];
}

function words(status: string): string {
  return status.toLowerCase().replaceAll('_', ' ');
}

function counts({ running, failed, blocked }: NonNullable<ProjectStatus['progress']>): string {
  const parts = [
    running > 0 ? `${running} running` : '',
    failed > 0 ? `${failed} failed` : '',
    blocked > 0 ? `${blocked} blocked` : '',
  ];
  const said = parts.filter((part) => part !== '');
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}

/** Empty when nobody counted. */
function usageText({ inputTokens = 0, outputTokens = 0, costMicros }: NonNullable<ProjectStatus['usage']>): string {
  const tokens = inputTokens + outputTokens === 0 ? [] : [`${inputTokens} tokens in, ${outputTokens} out`];
  return [...tokens, ...(costMicros === undefined ? [] : [`${(costMicros / 1e6).toFixed(2)} USD`])].join(', ');
}
