import * as z from '@conductor/core/schema';
import { jsonValue } from '../../kernel/json.js';
import type * as board from '../../track/board-model.js';
import { count, flag, text, texts } from './scalars.js';
import { cursorShape } from './values.js';

export type Condition = board.Condition;
export const Condition: z.ZodType<board.Condition> = z.looseObject({
  id: text,
  text,
  director: text,
  verify: z.looseObject({ kind: z.enum(['check', 'command', 'evaluator', 'person']), ref: text }),
  met: flag.exactOptional(),
  evidence: jsonValue.exactOptional(),
});

const Assessment: z.ZodType<board.Assessment> = z.looseObject({
  verdict: z.enum(['APPROVE', 'CONCERNS', 'REJECT']),
  score: z.number(),
  breakdown: jsonValue.exactOptional(),
  keyPoints: texts,
  concerns: texts,
  recommendations: texts,
  questions: texts.exactOptional(),
  blocking: flag,
  evidence: jsonValue.exactOptional(),
});

const Remark: z.ZodType<board.Remark> = z.looseObject({
  from: text,
  to: text,
  kind: z.enum(['CHALLENGE', 'AGREE', 'QUESTION', 'CLARIFY']),
  message: text,
  changesMyVerdict: flag,
  round: count,
});

const Vote: z.ZodType<board.Vote> = z.looseObject({
  verdict: z.enum(['APPROVE', 'REJECT', 'ABSTAIN']),
  confidence: z.number(),
  conditions: z.array(
    z.looseObject({
      text,
      verify: z.looseObject({ kind: z.enum(['check', 'command', 'evaluator', 'person']), ref: text }),
      met: flag.exactOptional(),
      evidence: jsonValue.exactOptional(),
    }),
  ),
  dissentNoted: text.exactOptional(),
});

export type BoardSession = board.BoardSession;
export const BoardSession: z.ZodType<board.BoardSession> = z.looseObject({
  id: text,
  revision: count,
  checkpoint: text,
  kind: text,
  status: z.enum(['ASSESSING', 'DISCUSSING', 'VOTING', 'RESOLVING', 'COMPLETE', 'CANCELLED']),
  round: count,
  proposal: z.looseObject({ title: text, text, subject: text, subjectRevision: count }),
  directors: texts,
  waitingFor: texts,
  assessments: z.record(text, Assessment),
  remarks: z.array(Remark),
  votes: z.record(text, Vote),
  verdict: z.enum(['APPROVED', 'APPROVED_WITH_REVIEW', 'REJECTED', 'ESCALATE']).exactOptional(),
  conditions: z.array(Condition),
});
export const BoardQuery = z.strictObject({ ...cursorShape, trackId: text.optional() });
