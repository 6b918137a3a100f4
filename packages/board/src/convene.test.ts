import { describe, expect, it } from 'vitest';
import { boardDue } from './convene.js';
import type { BoardDueInput } from './convene.js';

const quiet: BoardDueInput = {
  checkpoint: 'EVALUATE_PLAN',
  type: 'feature',
  taskCount: 4,
  priority: 'P2',
  planRevision: 1,
  texts: ['Authors write prefixes; a stripe pattern'.replace('stripe ', '')],
  limits: { majorTaskCount: 5 },
};

describe('boardDue', () => {
  it('calls the full board on a plan when any one criterion holds, and not otherwise [BRD-03]', () => {
    expect(boardDue(quiet)).toEqual({ due: false, form: 'full', reasons: [] });
    const cases: [Partial<BoardDueInput>, string][] = [
      [{ type: 'architecture' }, 'type architecture'],
      [{ type: 'integration' }, 'type integration'],
      [{ type: 'Infrastructure' }, 'type Infrastructure'],
      [{ taskCount: 5 }, '5 tasks, 5 or more'],
      [{ priority: 'P0' }, 'priority P0'],
      [{ planRevision: 2 }, 'plan version 2'],
      [{ texts: ['Add OAuth to the page'] }, 'touches auth'],
      [{ texts: ['', 'a refund is sent'] }, 'touches payments'],
      [{ texts: ['under the GDPR'] }, 'touches data protection'],
      [{ texts: ['data-protection rules'] }, 'touches data protection'],
      [{ requested: true }, 'requested'],
    ];
    for (const [change, reason] of cases)
      expect(boardDue({ ...quiet, ...change })).toEqual({ due: true, form: 'full', reasons: [reason] });
    expect(boardDue({ ...quiet, checkpoint: 'EVALUATE_EXECUTION' })).toMatchObject({ due: true, form: 'quick' });
    expect(boardDue({ ...quiet, checkpoint: 'PRE_LAUNCH' })).toMatchObject({
      due: true,
      form: 'deepDive',
      directors: ['CSO', 'COO'],
    });
    expect(boardDue({ ...quiet, checkpoint: 'CONFLICT' })).toMatchObject({ due: false, form: 'tieBreak' });
    expect(boardDue({ ...quiet, checkpoint: 'CONFLICT', requested: true })).toMatchObject({ due: true });
    expect(boardDue({ ...quiet, checkpoint: 'POST_MORTEM', requested: true })).toMatchObject({
      due: true,
      form: 'postMortem',
    });
  });

  it('takes whole words only, in any script', () => {
    for (const text of ['the author', 'loginx', 'xpayment', 'épayments', 'authority_matrix', 'striped'])
      expect(boardDue({ ...quiet, texts: [text] }).due, text).toBe(false);
    for (const text of ['login.', '(payments)', 'AUTH', 'auth-flow'])
      expect(boardDue({ ...quiet, texts: [text] }).due, text).toBe(true);
  });
});
