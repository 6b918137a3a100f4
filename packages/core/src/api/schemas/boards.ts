import { z } from 'zod';
import { jsonValue } from '../../kernel/json.js';
import type * as model from '../../track/model.js';
import { count, flag, text, texts } from './scalars.js';
import { cursorShape } from './values.js';

export type Condition = model.Condition;
export const Condition: z.ZodType<model.Condition> = z.looseObject({
  id: text,
  text,
  director: text,
  verify: z.looseObject({ kind: z.enum(['check', 'command', 'evaluator', 'person']), ref: text }),
  met: flag.exactOptional(),
  evidence: jsonValue.exactOptional(),
});

const Assessment: z.ZodType<model.Assessment> = z.looseObject({
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

const Remark: z.ZodType<model.Remark> = z.looseObject({
  from: text,
  to: text,
  kind: z.enum(['CHALLENGE', 'AGREE', 'QUESTION', 'CLARIFY']),
  message: text,
  changesMyVerdict: flag,
  round: count,
});

const Vote: z.ZodType<model.Vote> = z.looseObject({
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

export type BoardSession = model.BoardSession;
export const BoardSession: z.ZodType<model.BoardSession> = z.looseObject({
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
