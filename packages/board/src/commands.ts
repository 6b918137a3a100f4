import { jsonValue } from '@conductor/core';
import * as z from '@conductor/core/schema';
import { ContentSchema, Seat } from './events.js';
import { AssessmentInput, RemarksInput, VoteInput, abstainReasons, speakingPhases } from './turns.js';
import { capped, plainText } from './plain-text.js';

const id = z.string().min(1).max(256);
const round = z.int().min(0);
const note = z.string().transform((text) => capped(plainText(text), 4096));
const turn = { director: z.string().min(1).max(64) };
const usage = jsonValue.exactOptional();

/** More rounds than this never help (C-20); a configuration may only allow fewer. */
export const maxRounds = 3;

/** Payload of every command to a stream `board/<id>`. */
export const boardCommands = {
  'board.open': z.object({
    subject: id,
    subjectRevision: round,
    checkpoint: z.string().min(1).max(64),
    kind: z.enum(['full', 'quick', 'deepDive', 'tieBreak', 'postMortem']),
    directors: z.array(Seat).min(1).max(64),
    /** Votes for or against that a verdict needs; default: more than half of the seats. */
    quorum: z.int().min(1).exactOptional(),
    maxRounds: z.int().min(0).max(maxRounds).default(maxRounds),
    title: z.string().transform((text) => capped(plainText(text), 1024)),
    proposal: ContentSchema,
    facts: ContentSchema.exactOptional(),
  }),
  'board.ask': z.object({ ...turn, phase: z.enum(speakingPhases), round, approvalId: id.exactOptional() }),
  'board.answer': z.discriminatedUnion('phase', [
    z.object({ ...turn, phase: z.literal('assess'), assessment: AssessmentInput, usage }),
    z.object({ ...turn, phase: z.literal('discuss'), round: z.int().min(1), remarks: RemarksInput, usage }),
    z.object({ ...turn, phase: z.literal('vote'), vote: VoteInput, usage }),
  ]),
  'board.abstain': z.object({
    ...turn,
    phase: z.enum(speakingPhases),
    round,
    reason: z.enum(abstainReasons),
    message: note.exactOptional(),
  }),
  'board.advance': z.object({ phase: z.enum(['discuss', 'vote', 'resolve']), round }),
  /** `minutes`: a reference, where the host stored them as an artifact; default: in place. */
  'board.resolve': z.object({ minutes: ContentSchema.exactOptional() }),
  'board.cancel': z.object({ reason: note }),
} as const;

export type BoardCommandName = keyof typeof boardCommands;

/** A command to a board, before it is parsed: `data` may come from outside. */
export type BoardCommand = {
  readonly [N in BoardCommandName]: { readonly name: N; readonly data: z.input<(typeof boardCommands)[N]> };
}[BoardCommandName];

/** What a command carries once it is parsed. */
export type BoardCommandData<N extends BoardCommandName> = z.output<(typeof boardCommands)[N]>;
