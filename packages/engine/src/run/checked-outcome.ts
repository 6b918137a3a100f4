import { ConductorError } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { Json, Outcome } from '@conductor/core/ports';

const statuses: readonly string[] = ['done', 'failed', 'blocked', 'cancelled'];

/**
 * What an executor answered, as the log can take it: a wrong shape or an answer above `answerBytes` is `ANSWER_INVALID`, a
 * summary is cut at `findingBytes` characters. Executors are foreign code, whatever their types say.
 */
export function checkedOutcome(answer: unknown, limits: Pick<Limits, 'answerBytes' | 'findingBytes'>): Outcome {
  if (!isOutcome(answer)) throw invalid('The executor answered neither a text nor an outcome');
  if (sizeOf(answer.answer) > limits.answerBytes)
    throw invalid(`The executor's answer is longer than ${limits.answerBytes} bytes`);
  const { findingBytes: max } = limits;
  return {
    ...answer,
    summary: cut(answer.summary, max),
    ...(answer.error && { error: { ...answer.error, message: cut(answer.error.message, max) } }),
  };
}

function isOutcome(value: unknown): value is Outcome {
  return (
    typeof value === 'object' &&
    value !== null &&
    'status' in value &&
    statuses.includes(value.status as string) && // includes compares, whatever it is
    'summary' in value &&
    typeof value.summary === 'string'
  );
}

/** Bytes as JSON; what JSON cannot say is as good as endless. */
function sizeOf(answer: Json | undefined): number {
  if (answer === undefined) return 0;
  try {
    return new TextEncoder().encode(JSON.stringify(answer)).length;
  } catch {
    return Number.POSITIVE_INFINITY; // a cycle or a bigint: refused by the caller
  }
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

function invalid(message: string): ConductorError {
  return new ConductorError('ANSWER_INVALID', message, {
    hint: 'Answer a text, or {status, summary}; large results belong into files.',
    retryable: true,
  });
}
