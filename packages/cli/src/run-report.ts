import type { Approval } from '@conductor/core/api';
import { duration } from './live/frame.js';
import type { RunEnd } from './follow-run.js';
import { plain, wrap } from './plain-text.js';
import { parseInstant } from '@conductor/core';

const columns = 80;

/** What a run came to, in words, with what to type next. */
export function runReport({ track, run, stop, approvals, report, where }: RunEnd): string {
  const { id, progress, fixCycles, lifecycle } = track;
  const tasks = `${progress.done} of ${progress.total} tasks`;
  if (lifecycle === 'completed') {
    const took = duration(parseInstant(track.completedAt ?? track.updatedAt) - parseInstant(run.startedAt));
    const fixes = fixCycles === 0 ? '' : `, ${fixCycles} fix ${fixCycles === 1 ? 'cycle' : 'cycles'}`;
    return [
      `Track ${id} is complete: ${tasks} in ${took}${fixes}`,
      ...(report === undefined ? [] : [`Report: ${report}`]),
    ].join('\n');
  }
  const next = endings[lifecycle === 'failed' || lifecycle === 'cancelled' ? lifecycle : stop] ?? endings.stopped;
  return [
    `Track ${id} ${next.says}: ${tasks}`,
    ...approvals.flatMap((approval) => questionLines(approval, where)),
    ...(approvals.length === 0 ? [`Next: conductor ${next.command}${where} ${id}`] : []),
  ].join('\n');
}

const endings: Readonly<Record<string, { readonly says: string; readonly command: string }>> & {
  readonly stopped: { readonly says: string; readonly command: string };
} = {
  awaiting: { says: 'waits for an answer', command: 'status' },
  blocked: { says: 'is blocked', command: 'status' },
  paused: { says: 'is paused', command: 'resume' },
  budget: { says: 'has used up its budget', command: 'run' },
  failed: { says: 'has failed', command: 'log' },
  cancelled: { says: 'is cancelled', command: 'log' },
  error: { says: 'has stopped with an error', command: 'log' },
  stopped: { says: 'stopped as asked', command: 'run' },
};

/** A question with the exact commands that answer it. */
export function questionLines({ id, summary, options }: Approval, where = ''): string[] {
  return [
    '',
    ...wrap(plain(summary), columns),
    ...options.flatMap((option) => [
      `  ${plain(option.label)}:`,
      `    conductor approve${where} ${id} --choice ${option.id}`,
    ]),
  ];
}
