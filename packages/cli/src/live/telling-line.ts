import type { EventEnvelope } from '@conductor/core/ports';
import { eventData } from '../event-data.js';
import type { EventData } from '../event-data.js';
import { plain } from '../plain-text.js';
import type { RunPicture } from './run-picture.js';

/** How a line is meant, for its colour. */
export type Tone = 'good' | 'bad' | 'wait' | 'plain';

export interface TellingLine {
  readonly at: string;
  readonly text: string;
  readonly tone: Tone;
}

type Tell = (data: EventData, picture: RunPicture) => readonly [text: string, tone?: Tone] | undefined;

/**
 * What an event tells somebody who watches a run, on one line; `undefined` for events that only the log needs. The picture
 * is the one after the event.
 */
export function tellingLine({ type, at, data }: EventEnvelope, picture: RunPicture): TellingLine | undefined {
  const tell = Object.hasOwn(lines, type) ? lines[type] : undefined;
  const told = tell?.(eventData(data), picture);
  if (!told) return undefined;
  const [text, tone = 'plain'] = told;
  return { at, text: plain(text), tone };
}

const lines: Readonly<Record<string, Tell>> = {
  'loop.started': () => ['The run begins'],
  'loop.resumed': () => ['The run goes on where the one before ended'],
  'loop.stopped': stopped,

  'step.started': (data) => {
    const again = data.number('visit') > 1 ? ` again (${data.number('visit')})` : '';
    return [`${data.text('step')} begins${again}`];
  },
  'step.passed': (data) => [`${data.text('step')} passed`, 'good'],
  'step.failed': (data) => [`${data.text('step')} failed`, 'bad'],
  'step.blocked': (data) => [`${data.text('step')} is blocked`, 'wait'],
  'step.reopened': (data) => [`${data.text('step')} is open again`],

  'plan.submitted': planned,
  'plan.edited': planned,
  'effect.failed': (data) => [`${lastPart(data.text('effect'))} failed${because(data.text('message'))}`, 'bad'],

  'evaluation.reported': (data) => {
    const failed = data.text('verdict') === 'FAIL';
    const why = failed ? because(firstFinding(data)) : '';
    return [`Gate ${data.text('evaluator')}: ${data.text('verdict')}${why}`, failed ? 'bad' : 'good'];
  },
  'board.opened': (data) => [
    `The board meets (${data.text('kind')}): ${data
      .records('directors')
      .map((seat) => seat.text('id'))
      .join(', ')}`,
  ],
  // In a full meeting the vote says it again.
  'board.assessed': (data, { board }) => (board?.kind === 'quick' ? opinion(data, 'finds') : undefined),
  'board.voted': (data) => opinion(data, 'votes'),
  'board.abstained': (data) => [`Director ${data.text('director')} abstains: ${data.text('reason')}`, 'wait'],
  'board.concluded': (data) => {
    const approved = data.text('verdict').startsWith('APPROVED');
    return [`The board's verdict: ${data.text('verdict')} ${data.text('summary')}`, approved ? 'good' : 'bad'];
  },
  'condition.added': (data) => [`Condition: ${data.text('text')}`, 'wait'],
  'condition.verified': (data, { conditions }) => {
    const text = conditions.get(data.text('conditionId'))?.text ?? data.text('conditionId');
    return data.flag('met') ? [`Condition met: ${text}`, 'good'] : [`Condition not met: ${text}`, 'bad'];
  },

  'task.started': (data, { tasks }) => {
    const again = data.number('attempt') > 1 ? `, attempt ${data.number('attempt')}` : '';
    return [`Task ${data.text('taskId')} begins${again}: ${tasks.get(data.text('taskId'))?.title ?? ''}`];
  },
  'task.completed': (data) => {
    const commit = data.text('commit') === '' ? '' : `, commit ${data.text('commit').slice(0, 7)}`;
    return [`Task ${data.text('taskId')} done${commit}: ${data.text('summary')}`, 'good'];
  },
  'task.failed': (data) => [`Task ${data.text('taskId')} failed${because(data.text('message'))}`, 'bad'],
  'task.interrupted': (data) => [`Task ${data.text('taskId')} interrupted${because(data.text('reason'))}`, 'wait'],
  'task.blocked': (data) => [`Task ${data.text('taskId')} is blocked${because(data.text('reason'))}`, 'wait'],
  'lease.waited': (data, { waits }) => {
    const wait = waits.get(data.text('taskId'));
    const holders = wait?.holders.map((holder) => `task ${holder}`).join(', ') ?? '';
    return [`Task ${data.text('taskId')} waits for ${wait?.files.join(', ') ?? 'a file'}, held by ${holders}`, 'wait'];
  },
  'work.discovered': (data) => [`Found on the way: ${data.text('description')}`],
  'phase.completed': (data) => [`${data.text('title')} complete`],

  'decision.requested': (data) => [`Question ${data.text('approvalId')}: ${data.text('summary')}`, 'wait'],
  'decision.given': (data) => [`Answer to ${data.text('approvalId')}: ${data.text('choice') || data.text('outcome')}`],
  'blocker.raised': (data) => [`Blocker: ${data.text('description')}`, 'wait'],
  'blocker.resolved': () => ['Blocker resolved', 'good'],
  'budget.exhausted': (data) => [
    `Budget used up: ${data.number('spent')} of ${data.number('limit')} ${data.text('kind')}`,
    'wait',
  ],
  'edit.noted': (data) => [`${data.text('path')} was edited by hand: ${data.text('disposition')}`],

  'track.paused': (data) => [`Track paused${because(data.text('reason'))}`, 'wait'],
  'track.failed': (data) => [`Track failed${because(data.text('reason'))}`, 'bad'],
  'track.cancelled': (data) => [`Track cancelled${because(data.text('reason'))}`, 'bad'],
  'track.completed': () => ['Track complete', 'good'],
};

function stopped(data: EventData): ReturnType<Tell> {
  const reason = data.text('reason');
  const error = data.record('error');
  if (error.text('code') !== '') return [`The run stops: ${error.text('code')} ${error.text('message')}`, 'bad'];
  return [`The run stops: ${reason}`, reason === 'completed' ? 'good' : 'wait'];
}

function planned(data: EventData): ReturnType<Tell> {
  const count = data.record('model').list('tasks').length;
  const why = data.text('cause') === '' ? '' : ` (${data.text('cause')})`;
  return [`Plan, revision ${data.number('revision')}: ${count} ${count === 1 ? 'task' : 'tasks'}${why}`];
}

function opinion(data: EventData, verb: string): ReturnType<Tell> {
  const verdict = data.text('verdict');
  const count = data.list('conditions').length;
  const conditions = count === 0 ? '' : `, with ${count} ${count === 1 ? 'condition' : 'conditions'}`;
  const tones: Readonly<Record<string, Tone>> = { APPROVE: 'good', REJECT: 'bad' };
  return [`Director ${data.text('director')} ${verb} ${verdict}${conditions}`, tones[verdict] ?? 'wait'];
}

function firstFinding(data: EventData): string {
  const findings = data.records('findings');
  const first = findings.find((finding) => finding.text('severity') === 'error') ?? findings[0];
  return first?.text('message') ?? '';
}

function because(text: string): string {
  return text === '' ? '' : `: ${text}`;
}

function lastPart(effect: string): string {
  return effect.slice(effect.lastIndexOf('/') + 1);
}
