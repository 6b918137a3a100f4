import * as z from '@conductor/core/schema';
import type { EventEnvelope, Instant, Json } from '../ports/values.js';
import type { Draft } from './message-draft.js';

/** What the lines of a board carry beside the turn itself, so that the published files can be made from the lines alone. */
export interface PublishedBoard {
  /** `board-YYYYMMDD-HHMMSS`. */
  readonly sessionId: string;
  readonly checkpoint: string;
  readonly title: string;
  readonly directors: readonly string[];
  readonly startedAt: Instant;
  /** Director → vote, for the resolution; the counts when absent. */
  readonly voteSummary?: Readonly<Record<string, string>> | undefined;
}

const text = z.string();
const texts = z.array(text);
const director = text;

/** Payloads of the board's stream, as far as they are published: `core` does not know the board's own schemas. */
const boardPayloads = {
  'board.assessed': z.object({
    director,
    verdict: text,
    score: z.number(),
    breakdown: z.json().optional(),
    keyPoints: texts,
    concerns: texts,
    recommendations: texts,
    questions: texts.optional(),
    blocking: z.boolean(),
  }),
  'board.discussed': z.object({
    director,
    round: z.int(),
    remarks: z.array(z.object({ to: text, kind: text, message: text, changesMyVerdict: z.boolean() })),
  }),
  'board.voted': z.object({
    director,
    verdict: text,
    confidence: z.number(),
    conditions: z.array(z.object({ text })),
    dissentNoted: text.optional(),
  }),
  'board.abstained': z.object({ director, phase: text, round: z.int(), reason: text }),
  'board.resolved': z.object({
    verdict: text,
    tally: z.record(text, z.json()),
    conditions: z.array(z.object({ text, director })),
    dissent: texts,
    minutes: z.union([z.object({ text }), z.object({ artifact: text })]),
  }),
} as const;

type BoardType = keyof typeof boardPayloads;
type BoardData<T extends BoardType> = z.infer<(typeof boardPayloads)[T]>;
type Payload = Readonly<Record<string, Json>>;

const table: { readonly [T in BoardType]: (data: BoardData<T>, board: PublishedBoard) => readonly Draft[] } = {
  'board.assessed': (data, board) => [
    turn('BOARD_ASSESS', data.director, board, {
      director: data.director,
      verdict: data.verdict,
      score: data.score,
      ...(data.breakdown !== undefined && { breakdown: data.breakdown }),
      key_points: data.keyPoints,
      concerns: data.concerns,
      recommendations: data.recommendations,
      ...(data.questions && { questions_for_board: data.questions }),
      blocking: data.blocking,
    }),
  ],

  'board.discussed': (data, board) =>
    data.remarks.map(({ to, kind, message, changesMyVerdict }) =>
      turn('BOARD_DISCUSS', data.director, board, {
        from: data.director,
        to,
        type: kind,
        message,
        changes_my_verdict: changesMyVerdict,
        round: data.round,
      }),
    ),

  'board.voted': (data, board) => [
    turn('BOARD_VOTE', data.director, board, {
      director: data.director,
      final_verdict: data.verdict,
      confidence: data.confidence,
      conditions: data.conditions.map((condition) => condition.text),
      ...(data.dissentNoted !== undefined && { dissent_noted: data.dissentNoted }),
    }),
  ],

  // A missed turn is told as the word ABSTAIN in the place of the turn; silence in a discussion is silence.
  'board.abstained': (data, board) => {
    const who = { director: data.director, reason: data.reason };
    if (data.phase === 'vote')
      return [
        turn('BOARD_VOTE', data.director, board, { ...who, final_verdict: 'ABSTAIN', confidence: 0, conditions: [] }),
      ];
    if (data.phase !== 'assess') return [];
    const nothing = { verdict: 'ABSTAIN', score: 0, concerns: [], recommendations: [] };
    return [turn('BOARD_ASSESS', data.director, board, { ...who, ...nothing })];
  },

  'board.resolved': (data, board) => [
    turn('BOARD_RESOLVE', 'orchestrator', board, {
      verdict: data.verdict,
      vote_summary: board.voteSummary ?? data.tally,
      conditions: data.conditions.map((condition) => `${condition.director}: ${condition.text}`),
      dissent: data.dissent,
      ...('text' in data.minutes && { minutes: data.minutes.text }),
    }),
  ],
};

function turn(type: Draft['type'], source: string, board: PublishedBoard, payload: Payload): Draft {
  const session = {
    session_id: board.sessionId,
    checkpoint: board.checkpoint,
    title: board.title,
    directors: board.directors,
    started_at: board.startedAt,
  };
  return { type, source, payload: { ...payload, ...session } };
}

/** The lines of an event of a board's stream; none for the others. */
export function boardMessages(event: EventEnvelope, board: PublishedBoard): readonly Draft[] {
  return Object.hasOwn(boardPayloads, event.type) ? tell(event.type as BoardType, event.data, board) : [];
}

function tell<T extends BoardType>(type: T, data: Json, board: PublishedBoard): readonly Draft[] {
  const read = boardPayloads[type].safeParse(data);
  // The cast ties the payload to T, as in words.ts.
  return read.success ? table[type](read.data as BoardData<T>, board) : [];
}
