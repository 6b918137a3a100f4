import { given } from '@conductor/core/testing';
import type { Assessment, Vote } from '@conductor/core';
import type { EventEnvelope } from '@conductor/core/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { board } from './board.js';
import type { BoardState } from './board-state.js';
import type { BoardCommand } from './commands.js';
import { nextTurn } from './next-turn.js';
import { sessionOf } from './session.js';

const at = '2026-02-01T12:34:56.000Z';
const context = { at, actor: { kind: 'engine', id: 'test' } } as const;
const five = ['CA', 'CPO', 'CSO', 'COO', 'CXO'];

const open = (more: Partial<Extract<BoardCommand, { name: 'board.open' }>['data']> = {}): BoardCommand => ({
  name: 'board.open',
  data: {
    subject: 'greet_20260201',
    subjectRevision: 3,
    checkpoint: 'EVALUATE_PLAN',
    kind: 'full',
    directors: five.map((id) => ({ id })),
    title: 'Greet people',
    proposal: { text: '# Plan' },
    ...more,
  },
});
const assessment = (more: Partial<Assessment> = {}): Assessment => ({
  verdict: 'APPROVE',
  score: 8,
  keyPoints: [],
  concerns: [],
  recommendations: [],
  blocking: false,
  ...more,
});
const assess = (director: string, more: Partial<Assessment> = {}) =>
  ({ name: 'board.answer', data: { director, phase: 'assess', assessment: assessment(more) } }) as BoardCommand;
const discuss = (
  director: string,
  round: number,
  ...remarks: { to?: string; kind?: string; message?: string; changesMyVerdict?: boolean }[]
) =>
  ({
    name: 'board.answer',
    data: {
      director,
      phase: 'discuss',
      round,
      remarks: remarks.map((remark) => ({
        to: 'ALL',
        kind: 'CHALLENGE',
        message: 'why',
        changesMyVerdict: false,
        ...remark,
      })),
    },
  }) as BoardCommand;
const vote = (director: string, verdict: Vote['verdict'] = 'APPROVE', more: Partial<Vote> = {}) =>
  ({
    name: 'board.answer',
    data: { director, phase: 'vote', vote: { verdict, confidence: 0.8, conditions: [], ...more } },
  }) as BoardCommand;
const advance = (phase: 'discuss' | 'vote' | 'resolve', round = 0): BoardCommand => ({
  name: 'board.advance',
  data: { phase, round },
});
const resolve: BoardCommand = { name: 'board.resolve', data: {} };

function play(commands: readonly BoardCommand[], from = board.initial('board_7')): BoardState {
  let state = from;
  for (const command of commands) {
    for (const event of board.decide(state, command, context)) {
      const version = state.version + 1;
      const envelope: EventEnvelope = {
        ...event,
        ...context,
        id: `board/7@${version}`,
        seq: version,
        stream: 'board/board_7',
        version,
        commit: version,
        correlation: {},
      };
      state = board.evolve(state, envelope);
    }
  }
  return state;
}
/** Turns the crank until somebody owes something. */
function onwards(state: BoardState): BoardState {
  const next = nextTurn(state);
  return next.do === 'advance' ? onwards(play([advance(next.phase, next.round)], state)) : state;
}
const assessed = (...commands: readonly BoardCommand[]) =>
  onwards(play([open(), ...(commands.length > 0 ? commands : five.map((id) => assess(id)))]));
const refusal = (commands: readonly BoardCommand[], from?: BoardState) => {
  try {
    play(commands, from);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'accepted';
};

describe('board', () => {
  it('goes through ASSESSING, DISCUSSING, VOTING and RESOLVING to COMPLETE [BRD-04]', () => {
    let state = play([open()]);
    const seen = [state.status];
    const step = (commands: readonly BoardCommand[]) => seen.push((state = play(commands, state)).status);
    expect(nextTurn(state)).toEqual({ do: 'speak', phase: 'assess', round: 0, directors: five, people: [] });
    step([...five.map((id) => assess(id)), advance('discuss', 1)]);
    step([...five.map((id) => discuss(id, 1)), advance('vote')]);
    step([...five.map((id) => vote(id)), advance('resolve')]);
    step([resolve]);
    expect(seen).toEqual(['ASSESSING', 'DISCUSSING', 'VOTING', 'RESOLVING', 'COMPLETE']);
    expect(sessionOf(state)).toMatchObject({
      verdict: 'APPROVED',
      revision: state.version,
      round: 1,
      waitingFor: [],
      conditions: [],
    });
    expect(nextTurn(state)).toEqual({ do: 'done' });
  });

  it('refuses a second record of one director in a phase and round', () => {
    given(board, 'board_7').when(assess('CA')).then('BOARD_NOT_FOUND');
    expect(refusal([open(), assess('CA'), assess('CA')])).toBe('TURN_TAKEN');
    const silent: BoardCommand = {
      name: 'board.abstain',
      data: { director: 'CA', phase: 'assess', round: 0, reason: 'timeout' },
    };
    expect(refusal([open(), silent, assess('CA')])).toBe('TURN_TAKEN');
    expect(refusal([discuss('CA', 1), discuss('CA', 1)], assessed())).toBe('TURN_TAKEN');
    expect(refusal([assess('CA')], assessed())).toBe('TURN_TAKEN');
  });

  it('refuses what the phase does not wait for, strangers, and steps out of turn', () => {
    expect(refusal([open(), vote('CA')])).toBe('INVALID_STATE');
    expect(refusal([open(), assess('CEO')])).toBe('VALIDATION_FAILED');
    expect(refusal([open(), advance('discuss', 1)])).toBe('INVALID_STATE');
    expect(refusal([discuss('CA', 2)], assessed())).toBe('INVALID_STATE');
    expect(refusal([advance('discuss', 2)], assessed())).toBe('INVALID_STATE');
    expect(refusal([open(), resolve])).toBe('INVALID_STATE');
    expect(refusal([open(), open()])).toBe('INVALID_STATE');
    expect(refusal([open({ directors: [{ id: 'CA' }, { id: 'CA' }] })])).toBe('VALIDATION_FAILED');
    expect(refusal([open({ directors: [{ id: 'ALL' }] })])).toBe('VALIDATION_FAILED');
    expect(refusal([open({ quorum: 6 })])).toBe('VALIDATION_FAILED');
    expect(refusal([{ name: 'board.dance', data: {} } as never])).toBe('VALIDATION_FAILED');
  });

  it('takes repeats that change nothing as already so', () => {
    const state = assessed();
    expect(board.decide(state, advance('discuss', 1), context)).toEqual([]);
    const asked = play([{ name: 'board.ask', data: { director: 'CA', phase: 'discuss', round: 1 } }], state);
    expect(
      board.decide(asked, { name: 'board.ask', data: { director: 'CA', phase: 'discuss', round: 1 } }, context),
    ).toEqual([]);
    const cancelled = play([{ name: 'board.cancel', data: { reason: 'the plan changed' } }], state);
    expect(board.decide(cancelled, { name: 'board.cancel', data: { reason: 'again' } }, context)).toEqual([]);
    expect(sessionOf(cancelled).status).toBe('CANCELLED');
    expect(nextTurn(cancelled)).toEqual({ do: 'done' });
    expect(refusal([discuss('CA', 1)], cancelled)).toBe('INVALID_STATE');
  });

  it('holds at most three rounds, of four kinds of remark to one director or to ALL, and stops after a round that leaves nothing open [BRD-06]', () => {
    let state = assessed();
    for (const round of [1, 2, 3]) {
      expect(nextTurn(state)).toMatchObject({ do: 'speak', phase: 'discuss', round });
      state = onwards(
        play(
          [discuss('CA', round, { to: 'CSO', kind: 'QUESTION' }), ...five.slice(1).map((id) => discuss(id, round))],
          state,
        ),
      );
    }
    expect(state.status).toBe('VOTING');
    expect(sessionOf(state).remarks.map(({ from, to, round }) => [from, to, round])).toEqual(
      [1, 2, 3].map((round) => ['CA', 'CSO', round]),
    );

    const quiet = onwards(
      play(
        five.map((id) => discuss(id, 1)),
        assessed(),
      ),
    );
    expect(quiet.status).toBe('VOTING');
    const agreed = onwards(
      play(
        five.map((id) => discuss(id, 1, { kind: id === 'CA' ? 'AGREE' : 'CLARIFY' })),
        assessed(),
      ),
    );
    expect(agreed.status).toBe('VOTING');
    expect(refusal([discuss('CA', 1, { to: 'CEO' })], assessed())).toBe('VALIDATION_FAILED');
    expect(refusal([discuss('CA', 1, { kind: 'SHOUT' })], assessed())).toBe('VALIDATION_FAILED');
    expect(refusal([open({ maxRounds: 4 })])).toBe('VALIDATION_FAILED');
    expect(onwards(play([open({ maxRounds: 0 }), ...five.map((id) => assess(id))])).status).toBe('VOTING');
  });

  it('takes a vote with a confidence from 0 to 1 and conditions, and nothing else [BRD-07]', () => {
    const voting = onwards(
      play(
        five.map((id) => discuss(id, 1)),
        assessed(),
      ),
    );
    const conditions = [{ text: 'Add a cache', verify: { kind: 'command', ref: 'npm test' } }] as const;
    const state = play(
      [
        vote('CA', 'APPROVE', { confidence: 1, conditions, dissentNoted: 'slow' }),
        vote('CPO', 'REJECT', { confidence: 0 }),
      ],
      voting,
    );
    expect(sessionOf(state).votes['CA']).toEqual({
      verdict: 'APPROVE',
      confidence: 1,
      conditions,
      dissentNoted: 'slow',
    });
    expect(refusal([vote('CA', 'APPROVE', { confidence: 1.01 })], voting)).toBe('VALIDATION_FAILED');
    expect(refusal([vote('CA', 'APPROVE', { confidence: -0.1 })], voting)).toBe('VALIDATION_FAILED');
    expect(refusal([vote('CA', 'MAYBE' as never)], voting)).toBe('VALIDATION_FAILED');
    expect(
      refusal(
        [vote('CA', 'APPROVE', { conditions: [{ text: 'x', verify: { kind: 'hope', ref: 'y' } }] as never })],
        voting,
      ),
    ).toBe('VALIDATION_FAILED');
  });

  const decided = (votes: readonly BoardCommand[], from = assessed()) =>
    play(
      [resolve],
      onwards(
        play(
          votes,
          onwards(
            play(
              five.filter((id) => from.assessments.has(id)).map((id) => discuss(id, 1)),
              from,
            ),
          ),
        ),
      ),
    );

  it('signs every condition with its director and lists who voted the other way [BRD-09]', () => {
    const conditions = (text: string) => ({ conditions: [{ text, verify: { kind: 'check', ref: 'lint' } as const }] });
    const state = decided([
      vote('CA', 'APPROVE', conditions('Add a cache')),
      vote('CPO', 'REJECT', conditions('Ask users (CPO)')),
      vote('CSO', 'APPROVE', conditions('Add a cache')),
      vote('COO'),
      vote('CXO'),
    ]);
    expect(sessionOf(state)).toMatchObject({
      verdict: 'APPROVED',
      conditions: [
        { id: 'cond_7_1', text: 'Add a cache (CA)', director: 'CA', verify: { kind: 'check', ref: 'lint' } },
        { id: 'cond_7_2', text: 'Ask users (CPO)', director: 'CPO' },
        { id: 'cond_7_3', text: 'Add a cache (CSO)', director: 'CSO' },
      ],
    });
    expect(state.resolution?.dissent).toEqual(['CPO']);
    const rejected = decided([vote('CA'), ...five.slice(1).map((id) => vote(id, 'REJECT'))]);
    expect(rejected.resolution).toMatchObject({ verdict: 'REJECTED', dissent: ['CA'] });
  });

  it('makes a red flag that director’s own REJECT, in the assessment and in the vote, until it is taken back [BRD-02]', () => {
    const flagged = { verdict: 'APPROVE', evidence: { redFlags: ['a key in the plan'] } } as const;
    const from = assessed(assess('CSO', flagged), ...five.filter((id) => id !== 'CSO').map((id) => assess(id)));
    expect(sessionOf(from).assessments['CSO']).toMatchObject({ verdict: 'REJECT', blocking: true });
    const outvoted = decided(
      five.map((id) => vote(id)),
      from,
    );
    expect(sessionOf(outvoted).votes['CSO']?.verdict).toBe('REJECT');
    expect(outvoted.resolution).toMatchObject({
      verdict: 'APPROVED',
      dissent: ['CSO'],
      tally: { approve: 4, reject: 1 },
    });

    const takenBack = play(
      [
        discuss('CSO', 1, { changesMyVerdict: true, kind: 'AGREE' }),
        ...five.filter((id) => id !== 'CSO').map((id) => discuss(id, 1)),
      ],
      from,
    );
    const state = play(
      [resolve],
      onwards(
        play(
          five.map((id) => vote(id)),
          onwards(takenBack),
        ),
      ),
    );
    expect(state.resolution).toMatchObject({ tally: { approve: 5 }, conditions: [] });
  });

  it('adds a mandatory condition for a blocking assessment that is still open at the vote, and leaves the count alone', () => {
    const blocking = { verdict: 'CONCERNS', blocking: true, concerns: ['no rollback', 'no owner'] } as const;
    const state = decided(
      five.map((id) => vote(id)),
      assessed(assess('COO', blocking), ...five.filter((id) => id !== 'COO').map((id) => assess(id))),
    );
    expect(state.resolution).toMatchObject({
      verdict: 'APPROVED',
      tally: { approve: 5 },
      conditions: [
        {
          id: 'cond_7_1',
          text: 'Resolve first: no rollback; no owner (COO)',
          director: 'COO',
          verify: { kind: 'person', ref: 'COO' },
        },
      ],
    });
  });

  it('goes on without a director who gave no assessment and counts it as an abstention', () => {
    const silent: BoardCommand = {
      name: 'board.abstain',
      data: { director: 'CXO', phase: 'assess', round: 0, reason: 'error', message: 'no model' },
    };
    const from = onwards(play([open(), ...five.slice(0, 4).map((id) => assess(id)), silent]));
    expect(nextTurn(from)).toMatchObject({ do: 'speak', phase: 'discuss', directors: five.slice(0, 4) });
    const state = decided(
      five.slice(0, 4).map((id) => vote(id)),
      from,
    );
    expect(state.resolution).toMatchObject({ verdict: 'APPROVED', tally: { approve: 4, abstain: 1, of: 5 } });
    const nobody = onwards(
      play([open(), ...five.map((director) => ({ ...silent, data: { ...silent.data, director } }) as BoardCommand)]),
    );
    expect(play([resolve], nobody).resolution?.verdict).toBe('ESCALATE');
  });

  it('ends a quick review after the assessments', () => {
    const state = onwards(
      play([
        open({ kind: 'quick' }),
        ...five.slice(0, 3).map((id) => assess(id, { verdict: 'CONCERNS' })),
        ...five.slice(3).map((id) => assess(id, { verdict: 'REJECT' })),
      ]),
    );
    expect(state.status).toBe('RESOLVING');
    expect(play([resolve], state).resolution).toMatchObject({
      verdict: 'APPROVED',
      dissent: ['COO', 'CXO'],
      tally: { approve: 3, reject: 2 },
    });
  });

  it('lets CSO and COO alone decide before a launch: both must approve [BRD-17]', () => {
    const seats = {
      checkpoint: 'PRE_LAUNCH',
      kind: 'deepDive',
      directors: [{ id: 'CSO' }, { id: 'COO' }],
      maxRounds: 0,
    } as const;
    const voting = onwards(play([open({ ...seats, directors: [...seats.directors] }), assess('CSO'), assess('COO')]));
    const launch = (...votes: readonly BoardCommand[]) =>
      play([resolve], onwards(play(votes, voting))).resolution?.verdict;
    expect(launch(vote('CSO'), vote('COO'))).toBe('APPROVED');
    expect(launch(vote('CSO'), vote('COO', 'REJECT'))).toBe('REJECTED');
    expect(launch(vote('CSO', 'ABSTAIN'), vote('COO'))).toBe('REJECTED');
    expect(
      launch(
        { name: 'board.abstain', data: { director: 'CSO', phase: 'vote', round: 0, reason: 'timeout' } },
        vote('COO'),
      ),
    ).toBe('REJECTED');
  });

  it('waits for people it has asked, and names who has not been asked yet', () => {
    const directors = [{ id: 'CA' }, { id: 'LEGAL', human: true }];
    const state = play([open({ directors }), assess('CA')]);
    expect(nextTurn(state)).toEqual({ do: 'speak', phase: 'assess', round: 0, directors: [], people: ['LEGAL'] });
    const asked = play(
      [{ name: 'board.ask', data: { director: 'LEGAL', phase: 'assess', round: 0, approvalId: 'approval_1' } }],
      state,
    );
    expect(nextTurn(asked)).toEqual({ do: 'waiting', phase: 'assess', round: 0, people: ['LEGAL'] });
    expect(sessionOf(asked).waitingFor).toEqual(['LEGAL']);
    expect(nextTurn(play([assess('LEGAL')], asked))).toMatchObject({ do: 'advance', phase: 'discuss' });
    const anew = play(
      [{ name: 'board.ask', data: { director: 'LEGAL', phase: 'assess', round: 0, approvalId: 'approval_2' } }],
      asked,
    );
    expect(anew.asked.get('assess/0/LEGAL')).toBe('approval_2');
  });

  it('cleans and cuts what directors write', () => {
    const state = play([
      open(),
      assess('CA', { keyPoints: ['\u001b[31mred\u001b[0m\u0007 bell'], concerns: ['x'.repeat(9999)] }),
    ]);
    expect(sessionOf(state).assessments['CA']?.keyPoints).toEqual(['red bell']);
    expect(sessionOf(state).assessments['CA']?.concerns[0]).toHaveLength(4096);
    expect(refusal([open(), assess('CA', { keyPoints: ['\u0000'] })])).toBe('VALIDATION_FAILED');
    expect(refusal([open(), assess('CA', { score: 11 })])).toBe('VALIDATION_FAILED');
    expect(refusal([open(), assess('CA', { breakdown: JSON.parse('{"__proto__": 1}') })])).toBe('VALIDATION_FAILED');
  });

  it('keeps a director called __proto__ an ordinary key', () => {
    const state = play([open({ directors: [{ id: '__proto__' }, { id: 'CA' }] }), assess('__proto__', { score: 3 })]);
    expect(Object.keys(sessionOf(state).assessments)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['score']).toBeUndefined();
  });

  it('ignores foreign events, and decides nothing after one of ours that it cannot read', () => {
    const state = play([open()]);
    const place = { ...context, id: 'x', seq: 2, stream: 'board/board_7', version: 2, commit: 2, correlation: {} };
    expect(board.evolve(state, { ...place, type: 'acme/board.applauded', v: 1, data: {} })).toEqual({
      ...state,
      version: 2,
    });
    expect(board.evolve(state, { ...place, type: 'toString', v: 1, data: {} })).toEqual({ ...state, version: 2 });
    for (const event of [
      { type: 'board.assessed', v: 2, data: {} },
      { type: 'board.assessed', v: 1, data: { director: 7 } },
      { type: 'board.voted', v: 1, data: null },
    ]) {
      const after = board.evolve(state, { ...place, ...event });
      expect(after).toMatchObject({ degraded: true, version: 2 });
      expect(refusal([assess('CA')], after)).toBe('INVALID_STATE');
    }
  });

  it('comes to the same session, whatever the order in which directors were recorded', () => {
    const order = fc.shuffledSubarray(five, { minLength: 5 });
    const choice = fc.record({
      verdict: fc.constantFrom('APPROVE', 'CONCERNS', 'REJECT'),
      blocking: fc.boolean(),
      flags: fc.constantFrom([], ['flag']),
      vote: fc.constantFrom('APPROVE', 'REJECT', 'ABSTAIN'),
      condition: fc.constantFrom([], [{ text: 'same for all', verify: { kind: 'check', ref: 'c' } as const }]),
    });
    fc.assert(
      fc.property(
        fc.tuple(choice, choice, choice, choice, choice),
        order,
        order,
        order,
        (choices, first, second, third) => {
          const of = (id: string) => choices[five.indexOf(id)] ?? choices[0];
          const meet = (orders: readonly (readonly string[])[]) => {
            const [early = five, middle = five, late = five] = orders;
            let state = assessed(
              ...early.map((id) =>
                assess(id, {
                  verdict: of(id).verdict,
                  blocking: of(id).blocking,
                  concerns: ['c'],
                  evidence: { redFlags: of(id).flags },
                }),
              ),
            );
            state = onwards(
              play(
                middle.map((id) =>
                  discuss(id, 1, { kind: 'AGREE', message: id }, { kind: 'CLARIFY', message: `${id}!` }),
                ),
                state,
              ),
            );
            return play(
              [resolve],
              onwards(
                play(
                  late.map((id) => vote(id, of(id).vote, { conditions: of(id).condition })),
                  state,
                ),
              ),
            );
          };
          const [one, two] = [meet([five, five, five]), meet([first, second, third])];
          expect(sessionOf(two)).toEqual(sessionOf(one));
          expect(JSON.stringify(sessionOf(two))).toBe(JSON.stringify(sessionOf(one)));
          expect(two.resolution).toEqual(one.resolution);
        },
      ),
      { numRuns: 60 },
    );
  });
});
