import { jsonValue } from '@conductor/core';
import * as z from '@conductor/core/schema';
import { Verify, abstainReasons, speakingPhases } from './turns.js';

const id = z.string().min(1).max(256);
const text = z.string();
const round = z.int().min(0);
const texts = z.array(text);

/** Text in place, or a reference to an artifact when it is above the inline limit. */
export const ContentSchema = z.union([
  z.object({ text }),
  z.object({ artifact: text, bytes: round, mediaType: text.exactOptional() }),
]);

/** Who sits on a board. `id` is the code of the minutes (CA, LEGAL). */
export const Seat = z.object({
  id: z.string().min(1).max(64),
  /** Id of the plugin that speaks for the seat; absent for a person. */
  plugin: id.exactOptional(),
  title: z.string().max(256).exactOptional(),
  turnMs: z.int().min(1).exactOptional(),
  /** A person's turn: nobody is called, the host opens an approval and the answer may come days later. */
  human: z.boolean().exactOptional(),
});
export type Seat = z.infer<typeof Seat>;

const turn = { director: id, effect: id };
const usage = jsonValue.exactOptional();

const verdicts = z.enum(['APPROVED', 'APPROVED_WITH_REVIEW', 'REJECTED', 'ESCALATE']);

/** Votes counted. `approve + reject + abstain = of`. */
export const Tally = z.object({
  approve: round,
  reject: round,
  abstain: round,
  of: round,
  quorum: round,
  /** At least four fifths agree. */
  consensus: z.boolean(),
});
export type Tally = z.infer<typeof Tally>;

const conditionSchema = z.object({ id, text, director: text, verify: Verify });

/** Payload of every event of a stream `board/<id>`, all of version 1. */
export const boardEvents = {
  'board.opened': z.object({
    subject: text,
    subjectRevision: round,
    checkpoint: text,
    kind: text,
    directors: z.array(Seat).min(1),
    quorum: z.int().min(1),
    maxRounds: round,
    title: text,
    proposal: ContentSchema,
    facts: ContentSchema.exactOptional(),
  }),
  'board.asked': z.object({
    ...turn,
    phase: z.enum(speakingPhases),
    round,
    approvalId: id.exactOptional(),
  }),
  'board.assessed': z.object({
    ...turn,
    verdict: z.enum(['APPROVE', 'CONCERNS', 'REJECT']),
    score: z.number(),
    breakdown: jsonValue.exactOptional(),
    keyPoints: texts,
    concerns: texts,
    recommendations: texts,
    questions: texts.exactOptional(),
    blocking: z.boolean(),
    evidence: jsonValue.exactOptional(),
    usage,
  }),
  'board.discussed': z.object({
    ...turn,
    round: z.int().min(1),
    remarks: z.array(
      z.object({
        to: text,
        kind: z.enum(['CHALLENGE', 'AGREE', 'QUESTION', 'CLARIFY']),
        message: text,
        changesMyVerdict: z.boolean(),
      }),
    ),
    usage,
  }),
  'board.voted': z.object({
    ...turn,
    verdict: z.enum(['APPROVE', 'REJECT', 'ABSTAIN']),
    confidence: z.number(),
    conditions: z.array(z.object({ text, verify: Verify })),
    dissentNoted: text.exactOptional(),
    usage,
  }),
  'board.abstained': z.object({
    ...turn,
    phase: z.enum(speakingPhases),
    round,
    reason: z.enum(abstainReasons),
    message: text.exactOptional(),
  }),
  'board.advanced': z.object({ phase: z.enum(['discuss', 'vote', 'resolve']), round }),
  'board.resolved': z.object({
    verdict: verdicts,
    tally: Tally,
    conditions: z.array(conditionSchema),
    dissent: texts,
    minutes: ContentSchema,
  }),
  'board.cancelled': z.object({ reason: text }),
} as const;

export type BoardEventType = keyof typeof boardEvents;
/** Payload of one type of event. */
export type BoardEventData<T extends BoardEventType> = z.infer<(typeof boardEvents)[T]>;
