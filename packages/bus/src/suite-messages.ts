import type { AnyErrorCode } from '@conductor/core';
import type { BusMessage, Clock, Json, MessageBus } from '@conductor/core/ports';
import type { FakeClock } from '@conductor/core/testing';
import { expect } from 'vitest';

/** What the suite hands to a driver. Bodies of at most 64 KiB are the driver's own default. */
export interface OpenMessageBus {
  (options: {
    readonly clock: Clock;
    /** Two buses of one space are one bus to their users; where a bus does not reach further than itself, it has no meaning. */
    readonly space: string;
    /** An item of a queue that was offered so often is given up. */
    readonly maxAttempts: number;
  }): Promise<MessageBus>;
}

/** Opens a bus of this test; `another` is a second one of the same space, where the driver reaches so far. */
export type OpenBus = () => Promise<{
  readonly clock: FakeClock;
  readonly bus: MessageBus;
  another(o?: { readonly space?: string }): Promise<MessageBus>;
}>;

export const maxAttempts = 3;

const at = '2026-02-01T12:00:00.000Z';
export const message = (id: string, topic: string, body: Json = { id }): BusMessage => ({ id, topic, body, at });
export const refusal = (code: AnyErrorCode) => expect.objectContaining({ code });

/** Reads exactly `count` messages and stops. */
export async function take(
  source: AsyncIterable<BusMessage>,
  count: number,
): Promise<(BusMessage & { cursor?: string })[]> {
  const read: BusMessage[] = [];
  for await (const one of source) if (read.push(one) === count) break;
  return read;
}
export const ids = (messages: readonly { readonly id: string }[]) => messages.map(({ id }) => id);

/** Words that mean something to a file system, a protocol, a shell or JavaScript, and pairs that an encoding may confuse. */
export const hostileWords: readonly string[] = [
  'a.b',
  'a b',
  'a_b',
  'a=2Eb',
  'a=2eb',
  'A.B',
  '>',
  'a>',
  '..',
  '.',
  '$SYS',
  '_INBOX',
  '%2F',
  'ü',
  'u\u0308',
  '日本語',
  '🙂',
  '\ud83d',
  '\ude42',
  '__proto__',
  'constructor',
  '-',
  '=h',
  'x'.repeat(300),
  `${'x'.repeat(299)}y`,
  'ü'.repeat(200),
  `${'ü'.repeat(199)}u`,
];
