import { ConductorError, isJson } from '@conductor/core';
import type { BusMessage, Json } from '@conductor/core/ports';
import { checkTopic } from './topics.js';

/** Of a body as JSON, unless a bus was given another limit. */
export const defaultMessageBytes = 64 * 1024;

/** Last segments of topics whose messages only say how far something is: a newer one makes the older worthless. */
const lossyTopics = new Set(['progress', 'heartbeat', 'output']);

/** Whether a newer message makes this one worthless, so that a slow reader may lose it first. */
export function isLossy({ topic, body }: BusMessage): boolean {
  const last = topic.slice(topic.lastIndexOf('/') + 1);
  if (lossyTopics.has(last)) return true;
  return last === 'queue' && typeof body === 'object' && body !== null && 'type' in body && body.type === 'PROGRESS';
}

/** The body of a message that may be published, as JSON. Throws VALIDATION_FAILED, TOO_LARGE. */
export function checkedMessage({ id, topic, body }: BusMessage, maxBytes: number): string {
  checkTopic(topic);
  return checkedBody(`a message of ${topic}`, { id, body }, maxBytes);
}

/** An item of a queue has the same bounds as a message. Throws VALIDATION_FAILED, TOO_LARGE. */
export function checkedBody(
  what: string,
  { id, body }: { readonly id: string; readonly body: Json },
  maxBytes: number,
): string {
  if (id === '' || !isJson(body))
    throw new ConductorError('VALIDATION_FAILED', `The id of ${what} is empty, or its body is no JSON value`);
  const text = JSON.stringify(body);
  if (isLarger(text, maxBytes))
    throw new ConductorError('TOO_LARGE', `The body of ${what} is larger than ${maxBytes} bytes`, {
      hint: 'Publish a pointer: the content belongs into an artifact or the log.',
      details: { maxBytes, id: id.slice(0, 256) },
    });
  return text;
}

function isLarger(text: string, maxBytes: number): boolean {
  // A letter takes one to three bytes: most texts need no count.
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes;
}

/** An iteration says what is wrong when it is read, as the others do. */
export function rejecting(reason: unknown): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(reason) }) };
}

/** What a taker asks for: whole numbers from 1. Throws VALIDATION_FAILED. */
export function checkTake({ max, visibleMs }: { readonly max: number; readonly visibleMs: number }): void {
  for (const [name, value] of Object.entries({ max, visibleMs })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new ConductorError('VALIDATION_FAILED', `${name} of a taker must be a whole number from 1, not ${value}`);
  }
}
