import { ConductorError, isJson, parseJson } from '@conductor/core';
import type { Assignment, Json, Outcome, Usage } from '@conductor/core/ports';
import { plainText } from './plain-text.js';

type Role = Assignment['role'];
type Status = Outcome['status'];
type JsonObject = { readonly [key: string]: Json };

/** Larger answers belong in files. */
const answerBytes = 1024 * 1024;
const summaryCharacters = 4096;

const statuses: readonly Status[] = ['done', 'failed', 'blocked', 'cancelled'];
/** One of these makes an object an answer; others are output. */
const answerKeys = ['status', 'verdict', 'summary', 'answer'];

/**
 * The answer in one line of an agent's output, or `undefined` when the line is none: a JSON object with `status`, `summary`
 * or `answer`, or the one-line verdict of the published agents (`{"verdict":"PASS","summary":"…","files_changed":3}`).
 */
export function parseAnswer(line: string): JsonObject | undefined {
  const text = line.trim();
  if (!text.startsWith('{') || !text.endsWith('}') || !answerKeys.some((key) => text.includes(`"${key}"`)))
    return undefined;
  const value = parsedOrNothing(text);
  if (!isObject(value) || !answerKeys.some((key) => Object.hasOwn(value, key))) return undefined;
  return value;
}

/**
 * An answer as the outcome of an assignment. A verdict is the answer of whoever judges; for a worker FAIL means that its
 * work failed. What has another shape is `failed ANSWER_INVALID`: never a success by accident.
 */
export function outcomeOf(answer: JsonObject, role: Role): Outcome {
  const status = statusOf(answer, role);
  if (status === undefined)
    return failedOutcome(
      'ANSWER_INVALID',
      `The answer has the status ${JSON.stringify(answer['status']).slice(0, 100)}`,
      {
        hint: `Answer with one of: ${statuses.join(', ')}.`,
      },
    );
  const { summary, session } = answer;
  const usage = usageOf(answer['usage']);
  return {
    status,
    summary: plainText(typeof summary === 'string' ? summary : status, summaryCharacters),
    ...answerOf(answer),
    ...(usage === undefined ? {} : { usage }),
    ...(typeof session === 'string' && session.length <= 256 ? { session } : {}),
    ...(status === 'failed' ? { error: errorOf(answer) } : {}),
  };
}

/** What a function answered, whatever it is, as an outcome: a text is done with that summary. */
export function checkedOutcome(value: unknown, role: Role): Outcome {
  if (typeof value === 'string') return { status: 'done', summary: plainText(value, summaryCharacters) };
  if (isJson(value) && isObject(value) && typeof value['status'] === 'string') {
    const { transcript } = value as { readonly transcript?: Outcome['transcript'] }; // kept as it is: our own caller made it
    return { ...outcomeOf(value, role), ...(transcript === undefined ? {} : { transcript }) };
  }
  return failedOutcome('ANSWER_INVALID', 'The agent answered with something that is no outcome', {
    hint: 'Return a text, or an object with status and summary.',
  });
}

/** A failure by its code, with what the code says about trying again. */
export function failedOutcome(
  code:
    | 'ANSWER_INVALID'
    | 'COMMAND_MISSING'
    | 'EXECUTOR_ERROR'
    | 'EXECUTOR_NO_OUTCOME'
    | 'EXECUTOR_TIMEOUT'
    | 'WORKSPACE_GONE',
  message: string,
  { hint, retryable }: { readonly hint?: string; readonly retryable?: boolean } = {},
): Outcome {
  return failedWith(new ConductorError(code, plainText(message, summaryCharacters), { hint, retryable }));
}

/** An error as the failure of an attempt; anything that is no error of ours counts as EXECUTOR_ERROR. */
export function failedWith(thrown: unknown): Outcome {
  const error = ConductorError.is(thrown)
    ? thrown
    : new ConductorError(
        'EXECUTOR_ERROR',
        plainText(thrown instanceof Error ? thrown.message : String(thrown), summaryCharacters),
      );
  const { code, message, hint, retryable } = error;
  return {
    status: 'failed',
    summary: message,
    error: { code, message, retryable, ...(hint === undefined ? {} : { hint }) },
  };
}

function parsedOrNothing(text: string): Json {
  try {
    return parseJson(text, { maxBytes: answerBytes });
  } catch {
    return null; // a line that only looks like JSON is output like any other
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function statusOf(answer: JsonObject, role: Role): Status | undefined {
  const { status, verdict } = answer;
  if (status !== undefined) return statuses.find((known) => known === status);
  const works = role === 'worker' || role === 'fixer';
  return works && verdict === 'FAIL' ? 'failed' : 'done';
}

function answerOf(answer: JsonObject): { readonly answer?: Json } {
  if (answer['answer'] !== undefined) return { answer: answer['answer'] };
  return answer['verdict'] === undefined ? {} : { answer };
}

function errorOf(answer: JsonObject): NonNullable<Outcome['error']> {
  const given = isObject(answer['error']) ? answer['error'] : {};
  const { code, message, hint, retryable } = given;
  const summary = typeof answer['summary'] === 'string' ? answer['summary'] : 'The agent says that it failed';
  return {
    code: typeof code === 'string' && /^[A-Za-z0-9_/-]{1,64}$/.test(code) ? code : 'EXECUTOR_ERROR',
    message: plainText(typeof message === 'string' ? message : summary, summaryCharacters),
    retryable: typeof retryable === 'boolean' ? retryable : true,
    ...(typeof hint === 'string' ? { hint: plainText(hint, summaryCharacters) } : {}),
  };
}

const counts = ['inputTokens', 'outputTokens', 'costMicros', 'wallMs'] as const;

/** What an agent says it used; numbers that are none are left out. */
function usageOf(value: Json | undefined): Usage | undefined {
  if (!isObject(value)) return undefined;
  const usage: Record<string, number> = {};
  for (const name of counts) {
    const count = value[name];
    if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) usage[name] = count;
  }
  const { currency } = value;
  const known = Object.keys(usage).length > 0;
  return { ...usage, ...(typeof currency === 'string' && currency.length === 3 ? { currency } : {}), known };
}
