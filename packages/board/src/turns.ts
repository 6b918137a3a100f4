import { jsonValue } from '@conductor/core';
import * as z from '@conductor/core/schema';
import { capped, plainText } from './plain-text.js';

/** Longest item of a list, in UTF-16 units; longer ones are cut, as they are somebody's text and not an error. */
const itemLength = 4096;
/** Longest remark, in UTF-16 units: the limit `remarkBytes` of a configuration may only be smaller. */
const remarkLength = 65_536;
const listLength = 100;

const line = z.string().transform((text) => capped(plainText(text), itemLength));
const lines = z.array(line.pipe(z.string().min(1))).max(listLength);
const code = z.string().min(1).max(128);

/** How a condition is to be proven. */
export const Verify = z.object({
  kind: z.enum(['check', 'command', 'evaluator', 'person']),
  ref: z.string().min(1).max(1024),
});

/** An assessment as a director may hand it in. Texts are cleaned and cut; unknown keys are dropped. */
export const AssessmentInput = z.object({
  verdict: z.enum(['APPROVE', 'CONCERNS', 'REJECT']),
  score: z.number().min(1).max(10),
  breakdown: jsonValue.exactOptional(),
  keyPoints: lines,
  concerns: lines,
  recommendations: lines,
  questions: lines.exactOptional(),
  blocking: z.boolean(),
  evidence: jsonValue.exactOptional(),
});

/** A remark as a director may hand it in: who speaks and in which round is known from the turn. */
export const RemarkInput = z.object({
  to: code,
  kind: z.enum(['CHALLENGE', 'AGREE', 'QUESTION', 'CLARIFY']),
  message: z
    .string()
    .transform((text) => capped(plainText(text), remarkLength))
    .pipe(z.string().min(1)),
  changesMyVerdict: z.boolean(),
});

/** The remarks of one director in one round. */
export const RemarksInput = z.array(RemarkInput).max(listLength);

/** A vote as a director may hand it in. */
export const VoteInput = z.object({
  verdict: z.enum(['APPROVE', 'REJECT', 'ABSTAIN']),
  confidence: z.number().min(0).max(1),
  conditions: z.array(z.object({ text: line.pipe(z.string().min(1)), verify: Verify })).max(listLength),
  dissentNoted: line.exactOptional(),
});

/** Phases in which directors speak, in order. */
export const speakingPhases = ['assess', 'discuss', 'vote'] as const;
export type SpeakingPhase = (typeof speakingPhases)[number];

/** Why a director stayed silent. */
export const abstainReasons = ['timeout', 'error', 'invalid'] as const;
export type AbstainReason = (typeof abstainReasons)[number];

/** One turn of a meeting. Only discussions have rounds, from 1; assessment and vote are round 0. */
export interface TurnKey {
  readonly director: string;
  readonly phase: SpeakingPhase;
  readonly round: number;
}

/** Id of the effect behind a turn, computed from state alone: `<boardId>/<phase>/<round>/<director>`. */
export function turnEffect(boardId: string, { phase, round, director }: TurnKey): string {
  return `${boardId}/${phase}/${round}/${director}`;
}
