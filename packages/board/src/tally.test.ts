import type { Assessment, Vote } from '@conductor/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { launchTally, quickTally, tally, voteOf } from './tally.js';

const votesOf = (approve: number, reject: number, abstain = 0): Pick<Vote, 'verdict'>[] => [
  ...Array.from({ length: approve }, () => ({ verdict: 'APPROVE' as const })),
  ...Array.from({ length: reject }, () => ({ verdict: 'REJECT' as const })),
  ...Array.from({ length: abstain }, () => ({ verdict: 'ABSTAIN' as const })),
];

const assessmentOf = (verdict: Assessment['verdict'], more: Partial<Assessment> = {}): Assessment => ({
  verdict,
  score: 7,
  keyPoints: [],
  concerns: [],
  recommendations: [],
  blocking: false,
  ...more,
});

/** The whole table of five, by hand: [approve, reject, abstain, verdict]. */
const five = [
  [5, 0, 0, 'APPROVED'],
  [4, 1, 0, 'APPROVED'],
  [4, 0, 1, 'APPROVED'],
  [3, 2, 0, 'APPROVED_WITH_REVIEW'],
  [3, 1, 1, 'APPROVED_WITH_REVIEW'],
  [3, 0, 2, 'APPROVED_WITH_REVIEW'],
  [2, 3, 0, 'REJECTED'],
  [1, 4, 0, 'REJECTED'],
  [0, 5, 0, 'REJECTED'],
  [1, 3, 1, 'REJECTED'],
  [0, 4, 1, 'REJECTED'],
  [0, 3, 2, 'REJECTED'],
  [2, 2, 1, 'ESCALATE'],
  [2, 1, 2, 'ESCALATE'],
  [2, 0, 3, 'ESCALATE'],
  [1, 2, 2, 'ESCALATE'],
  [1, 1, 3, 'ESCALATE'],
  [1, 0, 4, 'ESCALATE'],
  [0, 2, 3, 'ESCALATE'],
  [0, 1, 4, 'ESCALATE'],
  [0, 0, 5, 'ESCALATE'],
] as const;

describe('tally', () => {
  it('decides all 21 combinations of five votes as the table says, a missing vote being an abstention [BRD-08]', () => {
    expect(new Set(five.map(([approve, reject, abstain]) => `${approve}${reject}${abstain}`)).size).toBe(21);
    for (const [approve, reject, abstain, verdict] of five) {
      const name = `${approve}-${reject}-${abstain}`;
      expect(tally(votesOf(approve, reject, abstain), 5).verdict, name).toBe(verdict);
      expect(tally(votesOf(approve, reject), 5), `${name}, silent`).toEqual(
        tally(votesOf(approve, reject, abstain), 5),
      );
    }
  });

  it('keeps its proportions on boards of other sizes', () => {
    expect(tally(votesOf(1, 0), 1).verdict).toBe('APPROVED');
    expect(tally(votesOf(1, 1), 2).verdict).toBe('ESCALATE');
    expect(tally(votesOf(2, 1), 3).verdict).toBe('APPROVED_WITH_REVIEW');
    expect(tally(votesOf(3, 0), 3).verdict).toBe('APPROVED');
    expect(tally(votesOf(3, 4), 7).verdict).toBe('REJECTED');
    expect(tally(votesOf(6, 1), 7).verdict).toBe('APPROVED');
    expect(tally(votesOf(5, 2), 7).verdict).toBe('APPROVED_WITH_REVIEW');
    expect(tally([], 0).verdict).toBe('ESCALATE');
  });

  it('escalates below the quorum, however clear the votes are', () => {
    expect(tally(votesOf(4, 0), 5, 5).verdict).toBe('ESCALATE');
    expect(tally(votesOf(0, 4), 5, 5).verdict).toBe('ESCALATE');
    expect(tally(votesOf(4, 1), 5, 5)).toEqual({
      verdict: 'APPROVED',
      tally: { approve: 4, reject: 1, abstain: 0, of: 5, quorum: 5, consensus: true },
    });
  });

  it('never depends on the order or the confidence of the votes', () => {
    const vote = fc.record({
      verdict: fc.constantFrom('APPROVE', 'REJECT', 'ABSTAIN'),
      confidence: fc.double({ min: 0, max: 1 }),
    });
    fc.assert(
      fc.property(fc.array(vote, { maxLength: 9 }), fc.nat(4), (votes, missing) => {
        const of = votes.length + missing;
        const turned = votes.toReversed().map((other) => ({ ...other, confidence: 0 }));
        expect(tally(turned, of)).toEqual(tally(votes, of));
        const { approve, reject, abstain } = tally(votes, of).tally;
        expect(approve + reject + abstain).toBe(of);
      }),
    );
  });
});

describe('quickTally', () => {
  it('approves with three of five where concerns count as approval, and has consensus from four; a blocking red flag is not outvoted [BRD-15]', () => {
    const three = [assessmentOf('APPROVE'), assessmentOf('CONCERNS'), assessmentOf('CONCERNS')];
    const against = assessmentOf('REJECT');
    expect(quickTally([...three, against, against], 5)).toMatchObject({
      verdict: 'APPROVED',
      tally: { approve: 3, reject: 2, consensus: false },
    });
    expect(quickTally([...three, assessmentOf('APPROVE'), against], 5)).toMatchObject({
      verdict: 'APPROVED',
      tally: { consensus: true },
    });
    expect(quickTally([assessmentOf('APPROVE'), assessmentOf('APPROVE'), against, against], 5).verdict).toBe(
      'REJECTED',
    );
    expect(quickTally([], 5).verdict).toBe('REJECTED');
    const flagged = assessmentOf('REJECT', { blocking: true, evidence: { redFlags: ['a key in the code'] } });
    expect(quickTally([...three, assessmentOf('APPROVE'), flagged], 5).verdict).toBe('REJECTED');
    expect(quickTally([...three, assessmentOf('APPROVE'), { ...flagged, evidence: { redFlags: [] } }], 5).verdict).toBe(
      'APPROVED',
    );
  });
});

describe('launchTally', () => {
  it('needs the approval of every seat: silence and abstention are a no', () => {
    expect(launchTally(votesOf(2, 0), 2).verdict).toBe('APPROVED');
    expect(launchTally(votesOf(1, 1), 2).verdict).toBe('REJECTED');
    expect(launchTally(votesOf(1, 0, 1), 2).verdict).toBe('REJECTED');
    expect(launchTally(votesOf(1, 0), 2).verdict).toBe('REJECTED');
    expect(launchTally([], 0).verdict).toBe('REJECTED');
  });
});

describe('voteOf', () => {
  it('follows the assessment: concerns approve and are noted', () => {
    expect(voteOf(assessmentOf('CONCERNS', { concerns: ['slow'] }))).toEqual({
      verdict: 'APPROVE',
      confidence: 0.7,
      conditions: [],
      dissentNoted: 'slow',
    });
    expect(voteOf(assessmentOf('REJECT')).verdict).toBe('REJECT');
    expect(voteOf(assessmentOf('APPROVE', { concerns: ['small'] }))).not.toHaveProperty('dissentNoted');
  });
});
