import * as z from '@conductor/core/schema';
import { ConductorError, toConductorError } from '../kernel/error.js';
import { jsonValue, parseJson } from '../kernel/json.js';
import type { Instant, Json } from '../ports/values.js';
import type { Finding } from '../kernel/finding.js';
import { readPublishedTime } from './published-time.js';
import { isQueueType, queuePayloads } from './queue-payloads.js';

/** Longest line that is read or written, in bytes. */
export const maxQueueLineBytes = 1024 * 1024;

/** One line of `queue.jsonl` (7.2), as on disk. `ref` names the event that ours tell of; unknown keys live on. */
export const QueueMessage = z.looseObject({
  id: z.string().min(1).max(256),
  type: z.string().min(1).max(128),
  source: z.string().min(1).max(512),
  timestamp: z.string().refine((time) => readPublishedTime(time) !== undefined, { error: 'Not a time' }),
  payload: z.record(z.string(), jsonValue),
  ref: z.string().max(512).optional(),
});
export type QueueMessage = z.infer<typeof QueueMessage>;

export interface QueueRead {
  readonly messages: readonly QueueMessage[];
  /** `QUEUE_TORN`, `QUEUE_DAMAGED`, `QUEUE_NOT_ENVELOPE`, `QUEUE_PAYLOAD`, each with its line. */
  readonly findings: readonly Finding[];
  /** Bytes up to the end of the last complete line: where the next read of a growing file begins. */
  readonly completeBytes: number;
}

/**
 * Reads `queue.jsonl`. Blank lines are skipped; a last line without a newline is left for the next read, as its writer may
 * still be at it; what is damaged, too long or no envelope is reported and skipped. A known type whose payload misses its
 * schema is reported and kept. Never throws. O(bytes).
 */
export function parseQueue(bytes: Uint8Array, firstLine = 1): QueueRead {
  const newline = 10;
  const completeBytes = bytes.lastIndexOf(newline) + 1;
  const messages: QueueMessage[] = [];
  const findings: Finding[] = [];
  const decoder = new TextDecoder();
  const decode = (part: Uint8Array) => decoder.decode(part);
  let line = firstLine;
  for (let start = 0; start < completeBytes; line += 1) {
    const end = bytes.indexOf(newline, start);
    const read = readLine(bytes.subarray(start, end), line, decode);
    if (read.message) messages.push(read.message);
    if (read.finding) findings.push(read.finding);
    start = end + 1;
  }
  if (decode(bytes.subarray(completeBytes, completeBytes + maxQueueLineBytes)).trim() !== '') {
    findings.push(
      finding('QUEUE_TORN', line, 'The last line has no end: its writer stopped, or is still writing', 'warning'),
    );
  }
  return { messages, findings, completeBytes };
}

interface LineRead {
  readonly message?: QueueMessage;
  readonly finding?: Finding;
}

function readLine(bytes: Uint8Array, line: number, decode: (part: Uint8Array) => string): LineRead {
  if (bytes.length > maxQueueLineBytes)
    return { finding: finding('QUEUE_DAMAGED', line, `The line is longer than ${maxQueueLineBytes} bytes`) };
  const text = decode(bytes);
  if (text.trim() === '') return {};
  let value: Json;
  try {
    value = parseJson(text, { source: `Line ${line}` });
  } catch (error) {
    return { finding: finding('QUEUE_DAMAGED', line, toConductorError(error).message) };
  }
  const read = QueueMessage.safeParse(value);
  if (!read.success) {
    return { finding: finding('QUEUE_NOT_ENVELOPE', line, `The line is not an envelope (${issuesOf(read.error)[0]})`) };
  }
  return { message: read.data, ...payloadFinding(read.data, line) };
}

function payloadFinding({ type, payload }: QueueMessage, line: number): { finding?: Finding } {
  if (!isQueueType(type)) return {};
  const issue = queuePayloads[type].safeParse(payload).error?.issues[0];
  if (!issue) return {};
  const message = `The payload of ${type} is not as published (${issue.path.join('.')}: ${issue.message})`;
  return { finding: finding('QUEUE_PAYLOAD', line, message, 'warning') };
}

function finding(code: string, line: number, message: string, severity: 'error' | 'warning' = 'error'): Finding {
  return { severity, code, message, path: 'queue.jsonl', line };
}

/** The line of a message, newline included. Throws VALIDATION_FAILED, or TOO_LARGE above {@link maxQueueLineBytes}. */
export function formatQueueLine(message: QueueMessage): string {
  const read = QueueMessage.safeParse(message);
  if (!read.success) {
    const issues = issuesOf(read.error);
    throw new ConductorError('VALIDATION_FAILED', `Not a message of the queue: ${issues[0]}`, { details: { issues } });
  }
  const { id, type, source, timestamp, payload, ref, ...rest } = message;
  const line = JSON.stringify({ id, type, source, timestamp, payload, ref, ...rest });
  if (line.length > maxQueueLineBytes || new TextEncoder().encode(line).length > maxQueueLineBytes)
    throw new ConductorError('TOO_LARGE', `A line of the queue may have ${maxQueueLineBytes} bytes`, {
      details: { maxBytes: maxQueueLineBytes },
    });
  return `${line}\n`;
}

function issuesOf({ issues }: z.ZodError): readonly string[] {
  return issues.map(({ path, message }) => `${path.join('.') || 'line'}: ${message}`);
}

/** What a reader of the queue wants to see. */
export interface QueueFilter {
  /** Messages older than this instant are left out. */
  readonly since?: Instant | undefined;
  readonly types?: readonly string[] | undefined;
}

/** The messages that pass, in the order of the file. Times are compared as instants, whatever their zone. */
export function filterQueue(messages: readonly QueueMessage[], { since, types }: QueueFilter): readonly QueueMessage[] {
  const from = readPublishedTime(since);
  const wanted = types && new Set(types);
  return messages.filter(({ type, timestamp }) => {
    const at = readPublishedTime(timestamp);
    return (!wanted || wanted.has(type)) && (from === undefined || (at !== undefined && at >= from));
  });
}
