import { FakeClock } from '@conductor/core/testing';
import { silentLogger } from '@conductor/core/ports';
import type { Assessment } from '@conductor/core';
import { describe, expect, it } from 'vitest';
import type { BoardState } from './board-state.js';
import type { BoardCommand } from './commands.js';
import { seatOf } from './director.js';
import type { Director } from './director.js';
import { memoryRecorder } from './memory-recorder.js';
import { runMeeting } from './run-meeting.js';
import type { MeetingOptions } from './run-meeting.js';
import { sessionOf } from './session.js';

const assessment = {
  verdict: 'APPROVE',
  score: 8,
  keyPoints: [],
  concerns: [],
  recommendations: [],
  blocking: false,
} satisfies Assessment;
const codes = ['CA', 'CPO', 'CSO', 'COO', 'CXO'];
const directorOf = (code: string, more: Partial<Director> = {}): Director => ({
  id: code.toLowerCase(),
  code,
  title: code,
  assess: () => assessment,
  ...more,
});
const never = () => new Promise<never>(() => {});

async function opened(
  directors: readonly Director[],
  more: Partial<Extract<BoardCommand, { name: 'board.open' }>['data']> = {},
) {
  const clock = new FakeClock();
  const recorder = memoryRecorder({ boardId: 'board_1', clock });
  const session = await recorder.record([
    {
      name: 'board.open',
      data: {
        subject: 't',
        subjectRevision: 1,
        checkpoint: 'EVALUATE_PLAN',
        kind: 'full',
        directors: directors.map(seatOf),
        title: 'Greet',
        proposal: { text: 'the plan' },
        ...more,
      },
    },
  ]);
  const groups: (readonly BoardCommand[])[] = [];
  const record = async (commands: readonly BoardCommand[]): Promise<BoardState> => {
    groups.push(commands);
    return recorder.record(commands);
  };
  const options = {
    session,
    directors,
    facts: { topic: { words: ['a'] } },
    record,
    clock,
    logger: silentLogger,
  } satisfies MeetingOptions;
  return {
    clock,
    recorder,
    groups,
    options,
    run: (o: Partial<MeetingOptions> = {}) => clock.runUntil(runMeeting({ ...options, ...o })),
  };
}

describe('runMeeting', () => {
  it('lets directors assess without seeing each other, and shows them all assessments and what is addressed to them afterwards [BRD-05]', async () => {
    const seen: unknown[] = [];
    const heard = new Map<string, { assessments: number; remarks: string[] }>();
    const directors = codes.map((code) =>
      directorOf(code, {
        assess(context) {
          seen.push(Object.keys(context).sort());
          return assessment;
        },
        discuss({ assessments, remarks, round }) {
          heard.set(`${code}/${round}`, {
            assessments: assessments.size,
            remarks: remarks.map((remark) => remark.message),
          });
          if (round > 1) return [];
          const remark = { from: 'x', kind: 'QUESTION', changesMyVerdict: false, round: 9 } as const;
          return code === 'CA'
            ? [
                { ...remark, to: 'CSO', message: 'only you' },
                { ...remark, to: 'ALL', message: 'all of you' },
              ]
            : [];
        },
        vote({ remarks, own }) {
          heard.set(`${code}/vote`, { assessments: own.score, remarks: remarks.map((remark) => remark.message) });
          return { verdict: 'APPROVE', confidence: 1, conditions: [] };
        },
      }),
    );
    const { run } = await opened(directors);
    const state = await run();
    expect(new Set(seen.map(String))).toEqual(new Set(['clock,deadlineMs,facts,form,logger,options,proposal,signal']));
    expect(seen).toHaveLength(5);
    expect(heard.get('CSO/1')).toEqual({ assessments: 5, remarks: [] });
    expect(heard.get('CSO/2')).toEqual({ assessments: 5, remarks: ['only you', 'all of you'] });
    expect(heard.get('COO/2')).toEqual({ assessments: 5, remarks: ['all of you'] });
    expect(heard.get('CA/2')?.remarks).toEqual(['only you', 'all of you']);
    expect(heard.get('CSO/vote')).toEqual({ assessments: 8, remarks: ['only you', 'all of you'] });
    expect(sessionOf(state).remarks[0]).toMatchObject({ from: 'CA', round: 1 });
    expect(sessionOf(state).verdict).toBe('APPROVED');
  });

  it('records each turn as asked before it calls the director, and answers that come together as one group', async () => {
    const directors = codes.map((code) => directorOf(code));
    const { run, groups, recorder } = await opened(directors);
    await run();
    expect(groups.map((group) => [group[0]?.name, group.length])).toEqual([
      ['board.ask', 5],
      ['board.answer', 5],
      ['board.advance', 1],
      ['board.ask', 5],
      ['board.answer', 5],
      ['board.advance', 1],
      ['board.ask', 5],
      ['board.answer', 5],
      ['board.advance', 1],
      ['board.resolve', 1],
    ]);
    expect(recorder.events()[1]?.data).toMatchObject({ director: 'CA', effect: 'board_1/assess/0/CA' });
  });

  it('ends a turn at its own limit and at the limit of the phase, and counts it as an abstention [BRD-18]', async () => {
    const slow = (ms: number): Partial<Director> => ({
      assess: async ({ clock }) => (await clock.sleep(ms), assessment),
    });
    const directors = [
      directorOf('CA', slow(1000)),
      directorOf('CPO', { ...slow(6000), timeoutMs: 10_000 }),
      directorOf('CSO', slow(6000)),
      directorOf('COO', { assess: never, timeoutMs: 60_000 }),
      directorOf('CXO'),
    ];
    const { run, clock } = await opened(directors);
    const began = clock.now();
    const state = await run({ limits: { directorTurnMs: 5000, boardPhaseMs: 8000 } });
    expect(clock.now() - began).toBe(8000);
    expect([...state.assessments.keys()].sort()).toEqual(['CA', 'CPO', 'CXO']);
    expect([...state.abstained].map(([key, { reason }]) => [key, reason])).toEqual([
      ['assess/0/CSO', 'timeout'],
      ['assess/0/COO', 'timeout'],
    ]);
    expect(state.resolution).toMatchObject({ verdict: 'APPROVED_WITH_REVIEW', tally: { approve: 3, abstain: 2 } });
  });

  it('ends the signal of a turn that is late', async () => {
    let ended: unknown;
    const waits: Partial<Director> = {
      assess: ({ signal, deadlineMs }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject((ended = [signal.reason.code, deadlineMs])));
        }),
    };
    const { run } = await opened([directorOf('CA', waits)]);
    await run({ limits: { directorTurnMs: 700 } });
    expect(ended).toEqual(['PLUGIN_TIMEOUT', 700]);
  });

  it('takes a throw, a wrong shape and a missing director as abstentions with their reason', async () => {
    const directors = [
      directorOf('CA', {
        assess() {
          throw new Error('no model');
        },
      }),
      directorOf('CPO', { assess: () => ({ ...assessment, score: 99 }) }),
      directorOf('CSO', { assess: () => undefined as never }),
      directorOf('COO', {
        discuss: () => [{ from: 'COO', to: 'CEO', kind: 'AGREE', message: 'hello', changesMyVerdict: false, round: 1 }],
      }),
      directorOf('CXO'),
    ];
    const { options, clock } = await opened(directors);
    const state = await clock.runUntil(runMeeting({ ...options, directors: directors.slice(0, 4) }));
    expect([...state.abstained].map(([key, { reason }]) => `${key} ${reason}`)).toEqual([
      'assess/0/CA error',
      'assess/0/CPO invalid',
      'assess/0/CSO invalid',
      'assess/0/CXO error',
    ]);
    expect([...state.abstained.values()][0]?.message).toBe('no model');
    expect(state.resolution?.verdict).toBe('ESCALATE');
    const two = await opened([directorOf('COO', directors[3]), directorOf('CXO')]);
    expect([...(await two.run()).abstained.keys()]).toEqual(['discuss/1/COO']);
  });

  it('goes on from every point without asking a director again whose turn is on record', async () => {
    const asked: string[] = [];
    const counting = codes.map((code) =>
      directorOf(code, {
        assess: () => (asked.push(`assess ${code}`), assessment),
        discuss: ({ round }) => (
          asked.push(`discuss ${round} ${code}`),
          code === 'CA' && round === 1
            ? [{ from: code, to: 'ALL', kind: 'CHALLENGE', message: 'why?', changesMyVerdict: false, round }]
            : []
        ),
        vote: ({ own }) => (
          asked.push(`vote ${code}`),
          { verdict: 'APPROVE', confidence: own.score / 10, conditions: [] }
        ),
      }),
    );
    const whole = await opened(counting);
    const end = sessionOf(await whole.run());
    const all = asked.splice(0).sort();
    expect(all).toHaveLength(20);
    for (let stop = 0; stop < whole.groups.length; stop += 1) {
      const { clock, options, recorder } = await opened(counting);
      let left = stop;
      const dying = async (commands: readonly BoardCommand[]) => {
        if (left === 0) throw new Error('killed');
        left -= 1;
        return recorder.record(commands);
      };
      await expect(clock.runUntil(runMeeting({ ...options, record: dying }))).rejects.toThrow('killed');
      const done = new Set([...recorder.state().taken].map((key) => key.replace('/0/', ' ').replaceAll('/', ' ')));
      asked.splice(0);
      const state = await clock.runUntil(runMeeting({ ...options, session: recorder.state() }));
      expect(sessionOf(state)).toEqual(end);
      expect(asked.toSorted()).toEqual(all.filter((turn) => !done.has(turn)));
    }
  });

  it('lets a director who speaks after a crash hear no more of its round than the others did', async () => {
    const heard: string[] = [];
    const listens: Partial<Director> = {
      discuss: ({ remarks, round }) => (heard.push(`${round}: ${remarks.map((remark) => remark.message).join()}`), []),
    };
    const { recorder, options, clock } = await opened([directorOf('CA'), directorOf('CSO', listens)]);
    const remark = { to: 'ALL', kind: 'QUESTION', message: 'who pays?', changesMyVerdict: false } as const;
    const session = await recorder.record([
      { name: 'board.answer', data: { director: 'CA', phase: 'assess', assessment } },
      { name: 'board.answer', data: { director: 'CSO', phase: 'assess', assessment } },
      { name: 'board.advance', data: { phase: 'discuss', round: 1 } },
      { name: 'board.answer', data: { director: 'CA', phase: 'discuss', round: 1, remarks: [remark] } },
    ]);
    await clock.runUntil(runMeeting({ ...options, session }));
    expect(heard).toEqual(['1: ', '2: who pays?']);
  });

  it('stops at the signal with its reason and leaves what was recorded', async () => {
    const stop = new AbortController();
    const directors = [directorOf('CA'), directorOf('CPO', { assess: never })];
    const { clock, options, recorder } = await opened(directors);
    const meeting = runMeeting({ ...options, signal: stop.signal });
    const ended = expect(meeting).rejects.toThrow('enough');
    await clock.advance(10);
    stop.abort(new Error('enough'));
    await ended;
    expect([...recorder.state().taken]).toEqual(['assess/0/CA']);
    await expect(runMeeting({ ...options, signal: stop.signal })).rejects.toThrow('enough');
    expect(clock.pending).toBe(0);
  });

  it('asks people through the host while the others work, and returns when only people owe a turn', async () => {
    const directors = [directorOf('CA'), directorOf('CSO')];
    const seats = { directors: [...directors.map(seatOf), { id: 'LEGAL', human: true }] };
    const { run, recorder, options, clock } = await opened(directors, seats);
    const askPeople: NonNullable<MeetingOptions['askPeople']> = (turns) =>
      recorder.record(turns.map((turn) => ({ name: 'board.ask', data: { ...turn, approvalId: 'approval_1' } })));
    const unasked = await run();
    expect(unasked.status).toBe('ASSESSING');
    expect(unasked.asked.has('assess/0/LEGAL')).toBe(false);
    const waiting = await clock.runUntil(runMeeting({ ...options, session: unasked, askPeople }));
    expect(waiting.asked.get('assess/0/LEGAL')).toBe('approval_1');
    const answered = await recorder.record([
      {
        name: 'board.answer',
        data: {
          director: 'LEGAL',
          phase: 'assess',
          assessment,
        },
      },
    ]);
    const talking = await clock.runUntil(runMeeting({ ...options, session: answered, askPeople }));
    expect([talking.status, [...talking.assessments.keys()].sort()]).toEqual(['DISCUSSING', ['CA', 'CSO', 'LEGAL']]);
  });

  it('keeps one director from changing the facts of another', async () => {
    const found: unknown[] = [];
    const meddler: Partial<Director> = {
      assess({ facts }) {
        (facts['topic'] as { words: string[] }).words.push('b');
        return assessment;
      },
    };
    const { run } = await opened([
      directorOf('CA', meddler),
      directorOf('CSO', { assess: ({ facts }) => (found.push(facts), assessment) }),
    ]);
    const state = await run();
    expect(found).toEqual([{ topic: { words: ['a'] } }]);
    expect([...state.abstained.keys()]).toEqual(['assess/0/CA']);
  });

  it('refuses a recorder that writes nothing instead of turning for ever', async () => {
    const { options, clock, recorder } = await opened([directorOf('CA')]);
    await expect(clock.runUntil(runMeeting({ ...options, record: async () => recorder.state() }))).rejects.toThrow(
      'its recorder wrote nothing',
    );
  });
});
