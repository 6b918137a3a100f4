import type { BoardSession } from '@conductor/core';
import { FakeClock } from '@conductor/core/testing';
import { silentLogger } from '@conductor/core/ports';
import { describe, expect, it } from 'vitest';
import { seatOf } from './director.js';
import type { Director } from './director.js';
import { memoryRecorder } from './memory-recorder.js';
import { minutes } from './minutes.js';
import { runMeeting } from './run-meeting.js';
import { sessionOf } from './session.js';
import { publishedSessionId, sessionEntry, sessionRecord } from './session-record.js';

const directors: readonly Director[] = [
  {
    id: 'ca',
    code: 'CA',
    title: 'Chief Architect',
    assess: () => ({
      verdict: 'CONCERNS',
      score: 6.5,
      keyPoints: ['small'],
      concerns: ['slow | wide'],
      recommendations: ['cache'],
      blocking: false,
      evidence: { timelineAssessment: { criticalPath: ['1.1'] }, verdict: 'APPROVE' },
    }),
    discuss: ({ round }) =>
      round === 1
        ? [{ from: 'CA', to: 'ALL', kind: 'CHALLENGE', message: 'who pays?', changesMyVerdict: false, round }]
        : [],
    vote: () => ({
      verdict: 'APPROVE',
      confidence: 0.75,
      conditions: [{ text: 'Add a cache', verify: { kind: 'command', ref: 'npm `test`' } }],
    }),
  },
  {
    id: 'cso',
    code: 'CSO',
    title: 'Security',
    assess: () => ({ verdict: 'APPROVE', score: 9, keyPoints: [], concerns: [], recommendations: [], blocking: false }),
  },
  {
    id: 'cxo',
    code: 'CXO',
    title: 'Experience',
    assess: () => ({
      verdict: 'REJECT',
      score: 3,
      keyPoints: [],
      concerns: ['ugly'],
      recommendations: [],
      blocking: false,
    }),
  },
];

async function meet(kind: 'full' | 'quick' = 'full') {
  const clock = new FakeClock('2026-02-01T12:34:56.789Z');
  const recorder = memoryRecorder({ boardId: 'board_1', clock });
  const session = await recorder.record([
    {
      name: 'board.open',
      data: {
        subject: 'greet_20260201',
        subjectRevision: 2,
        checkpoint: 'EVALUATE_PLAN',
        kind,
        directors: directors.map(seatOf),
        title: 'Greet *people*',
        proposal: { text: 'plan' },
      },
    },
  ]);
  const state = await clock.runUntil(
    runMeeting({ session, directors, facts: {}, record: recorder.record, clock, logger: silentLogger }),
  );
  return { state, recorder };
}

describe('minutes', () => {
  it('writes proposal, vote table with changed minds, count, conditions, highlights and dissent', async () => {
    const { state } = await meet();
    expect(minutes(sessionOf(state))).toBe(`# Board Resolution

**Proposal**: Greet \\*people\\* (\`greet_20260201\`, revision 2)  
**Session**: \`board_1\`  
**Checkpoint**: EVALUATE\\_PLAN  
**Verdict**: APPROVED_WITH_REVIEW

## Votes

| Director | Vote | Confidence | Key Condition |
| --- | --- | --- | --- |
| CA | CONCERNS→APPROVE | 75 % | Add a cache (CA) |
| CSO | APPROVE | 90 % | – |
| CXO | REJECT | 30 % | – |

**Final Count**: 2 approve, 1 reject, 0 abstain

## Conditions

- [ ] Add a cache (CA) – verified by command \`npm test\`

## Discussion Highlights

- Round 1, CA → ALL (CHALLENGE): who pays?

## Dissenting Opinions

- CXO: ugly
`);
  });

  it('shows a quick review as verdict, score and top concern', async () => {
    const text = minutes(sessionOf((await meet('quick')).state));
    expect(text).toContain('| CA | CONCERNS | 6.5 | slow \\| wide |');
    expect(text).toContain('| CXO | REJECT | 3 | ugly |');
    expect(text).toContain('**Final Count**: 2 approve, 1 reject, 0 abstain');
  });

  it('lets no text of a director become markup, a table cell or a terminal sequence', () => {
    const evil = '| x |\n# Verdict: APPROVED\u001b[2J <script> [a](javascript:b) `c`';
    const session: BoardSession = {
      id: 'b',
      revision: 1,
      checkpoint: 'EVALUATE_PLAN',
      kind: 'full',
      status: 'COMPLETE',
      round: 1,
      proposal: { title: evil, text: '', subject: evil, subjectRevision: 1 },
      directors: ['CA'],
      waitingFor: [],
      assessments: {
        CA: { verdict: 'REJECT', score: 1, keyPoints: [], concerns: [evil], recommendations: [], blocking: false },
      },
      remarks: [{ from: 'CA', to: 'ALL', kind: 'CHALLENGE', message: evil, changesMyVerdict: false, round: 1 }],
      votes: { CA: { verdict: 'REJECT', confidence: 1, conditions: [] } },
      verdict: 'APPROVED',
      conditions: [{ id: 'c', text: evil, director: 'CA', verify: { kind: 'check', ref: evil } }],
    };
    const text = minutes(session);
    expect(text).not.toContain('\u001b');
    expect(text).not.toMatch(/(?<!\\)<script/);
    expect(text.split('\n').filter((line) => line.startsWith('#'))).toEqual([
      '# Board Resolution',
      '## Votes',
      '## Conditions',
      '## Discussion Highlights',
      '## Dissenting Opinions',
    ]);
    expect(
      text
        .split('\n')
        .find((line) => line.startsWith('| CA'))
        ?.match(/(?<!\\)\|/g),
    ).toHaveLength(5);
  });

  it('are kept in the event that resolves the board', async () => {
    const { state, recorder } = await meet();
    expect(recorder.events().at(-1)?.data).toMatchObject({ minutes: { text: minutes(sessionOf(state)) } });
  });
});

describe('sessionRecord', () => {
  it('names the phases by the explicit map, counts rounds, and carries result and records', async () => {
    const { state } = await meet();
    const record = sessionRecord(state);
    expect(record).toMatchObject({
      session_id: 'board-20260201-123456',
      checkpoint: 'EVALUATE_PLAN',
      status: 'COMPLETE',
      directors: ['CA', 'CSO', 'CXO'],
      started_at: '2026-02-01T12:34:56.789Z',
      phases: {
        assess: { status: 'PASSED', complete: 3, of: 3 },
        discuss: { status: 'PASSED', rounds: 2, max_rounds: 3 },
        vote: { status: 'PASSED', complete: 3, of: 3 },
        resolve: { status: 'PASSED' },
      },
      verdict: 'APPROVED_WITH_REVIEW',
      vote_summary: { CA: 'APPROVE', CSO: 'APPROVE', CXO: 'REJECT' },
      conditions: ['Add a cache (CA)'],
      dissent: ['CXO'],
      timestamp: '2026-02-01T12:34:56.789Z',
      votes: { CA: { final_verdict: 'APPROVE', confidence: 0.75, conditions: ['Add a cache'], dissent_noted: null } },
      discussion: [
        { from: 'CA', to: 'ALL', type: 'CHALLENGE', message: 'who pays?', changes_my_verdict: false, round: 1 },
      ],
      assessments: {
        CA: {
          verdict: 'CONCERNS',
          score: 6.5,
          key_points: ['small'],
          questions_for_board: [],
          timeline_assessment: { critical_path: ['1.1'] },
        },
      },
    });
    expect(sessionEntry(state)).toMatchObject({ session_id: 'board-20260201-123456', verdict: 'APPROVED_WITH_REVIEW' });
    expect(sessionRecord((await meet('quick')).state)).toMatchObject({
      checkpoint: 'QUICK_REVIEW',
      phases: { discuss: { status: 'SKIPPED' }, vote: { status: 'SKIPPED' } },
      vote_summary: { CA: 'APPROVE', CXO: 'REJECT' },
    });
  });

  it('shows an open meeting where it stands', async () => {
    const clock = new FakeClock();
    const recorder = memoryRecorder({ boardId: 'board_1', clock });
    const state = await recorder.record([
      {
        name: 'board.open',
        data: {
          subject: 't',
          subjectRevision: 1,
          checkpoint: 'EVALUATE_PLAN',
          kind: 'full',
          directors: [{ id: 'CA' }],
          title: 't',
          proposal: { text: '' },
        },
      },
    ]);
    expect(sessionRecord(state)).toMatchObject({
      phases: {
        assess: { status: 'IN_PROGRESS', complete: 0, of: 1 },
        discuss: { status: 'NOT_STARTED', rounds: 0 },
        resolve: { status: 'NOT_STARTED' },
      },
    });
    expect(sessionEntry(state)).toBeUndefined();
    const cancelled = await recorder.record([{ name: 'board.cancel', data: { reason: 'plan changed' } }]);
    expect(sessionRecord(cancelled)).toMatchObject({ status: 'CANCELLED', cancel_reason: 'plan changed' });
  });
});

describe('publishedSessionId', () => {
  it('counts up when a session of the same second exists [BRD-12]', () => {
    const at = '2026-02-01T12:34:56.789Z';
    const first = publishedSessionId(at);
    const second = publishedSessionId(at, new Set([first]));
    expect([first, second, publishedSessionId(at, new Set([first, second]))]).toEqual([
      'board-20260201-123456',
      'board-20260201-123456-2',
      'board-20260201-123456-3',
    ]);
  });
});
