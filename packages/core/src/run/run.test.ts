import { describe, expect, it } from 'vitest';
import { given } from '../testing/given.js';
import type { Json, NewEvent } from '../ports/values.js';
import { remoteRun } from './run.js';
import type { RemoteRun, RemoteRunCommand } from './run.js';
import { runEvents } from './run-events.js';
import type { RunEventData, RunEventType } from './run-events.js';

const offer: RunEventData<'run.offered'> = {
  effect: 't/EXECUTE/1.1@1/1',
  trackId: 't',
  taskId: '1.1',
  role: 'worker',
  taskType: 'code',
  base: { branch: 'conductor/base/p', commit: 'c0ffee' },
  assignment: { text: '{}' },
};
const report = { outcome: { status: 'done', summary: 'Did it' } } as const satisfies RunEventData<'run.reported'>;
const fact = <T extends RunEventType>(type: T, data: RunEventData<T>): NewEvent => ({
  type,
  v: 1,
  data: data as Json, // the schemas describe plain JSON
});
const offered = fact('run.offered', offer);
const claimed = fact('run.claimed', { owner: 'w1', host: 'there' });

/** Facts that lead to each status. */
const inStatus: Readonly<Record<RemoteRun['status'], readonly NewEvent[]>> = {
  none: [],
  offered: [offered],
  claimed: [offered, claimed],
  reported: [offered, claimed, fact('run.reported', report)],
  released: [offered, claimed, fact('run.released', { reason: 'lost' })],
};

describe('a run for another machine', () => {
  it('is offered once, claimed once and ended once; every other command changes nothing or is refused', () => {
    const commands = {
      offer: { name: 'run.offer', data: offer },
      claim: { name: 'run.claim', data: { owner: 'w2', host: 'here' } },
      again: { name: 'run.claim', data: { owner: 'w1', host: 'there' } },
      report: { name: 'run.report', data: { ...report, owner: 'w1' } },
      late: { name: 'run.report', data: { ...report, owner: 'w2' } },
      release: { name: 'run.release', data: { reason: 'withdrawn' } },
    } as const satisfies Record<string, RemoteRunCommand>;
    const no = 'INVALID_STATE';
    const table: Readonly<Record<RemoteRun['status'], Readonly<Record<keyof typeof commands, string>>>> = {
      none: { offer: 'offered', claim: no, again: no, report: 'FENCED', late: 'FENCED', release: no },
      offered: { offer: no, claim: 'claimed', again: 'claimed', report: 'FENCED', late: 'FENCED', release: 'released' },
      claimed: { offer: no, claim: no, again: '', report: 'reported', late: 'FENCED', release: 'released' },
      reported: { offer: no, claim: no, again: no, report: '', late: 'FENCED', release: no },
      released: { offer: no, claim: no, again: no, report: 'FENCED', late: 'FENCED', release: '' },
    };
    for (const [status, row] of Object.entries(table)) {
      const there = given(remoteRun, 'r1', inStatus[status as RemoteRun['status']]); // the keys of the table
      expect(there.state.status).toBe(status);
      for (const [name, expected] of Object.entries(row)) {
        const asked = there.when(commands[name as keyof typeof commands]); // the keys of a row
        if (/^[A-Z]/u.test(expected)) asked.then(expected as 'FENCED');
        else asked.then(expected === '' ? [] : [`run.${expected}`]);
      }
    }
  });

  it('remembers what was offered, who took it and how it ended, and minds no fact that it does not know', () => {
    const { state } = given(remoteRun, 'r1', [...inStatus.reported, { type: 'vendor/x.done', v: 1, data: {} }]);
    expect(state).toEqual({
      id: 'r1',
      version: 4,
      status: 'reported',
      offer,
      claim: { owner: 'w1', host: 'there' },
      report,
    });
    expect(given(remoteRun, 'r1', inStatus.released).state.release).toEqual({ reason: 'lost' });
  });

  it('writes what its schemas describe', () => {
    for (const { type, data } of [...inStatus.reported, ...inStatus.released])
      expect(runEvents[type as RunEventType].parse(data)).toEqual(data); // the types above
  });
});
