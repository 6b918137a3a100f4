import { ConductorError, deepFreeze, instant, systemClock } from '@conductor/core';
import type { BusCapabilities, BusMessage, Clock, DriverInfo, Json, MessageBus, Opt } from '@conductor/core/ports';
import { EventEmitter } from 'eventemitter3';
import { createHistory, type Delivered } from './history.js';
import { createMailbox } from './mailbox.js';
import { createWorkQueue } from './memory-work-queue.js';
import { checkedMessage, defaultMessageBytes, isLossy, rejecting } from './messages.js';
import { createRecentIds } from './recent-ids.js';
import { isPattern, topicMatcher } from './topics.js';

/** Bounds of a bus in memory; each has a default. */
export interface MemoryBusLimits {
  /** Of a message's body as JSON; default 64 KiB. */
  readonly messageBytes?: number;
  /** Messages that wait for one slow reader; default 1,024. */
  readonly buffered?: number;
  /** Messages that a returning reader can still get; default 4,096. */
  readonly replayed?: number;
  /** Ids of messages that are known when they come again; default 10,000. */
  readonly remembered?: number;
  /** An item that was offered so often and not finished is given up; default 20. */
  readonly maxAttempts?: number;
}

export interface MemoryBusOptions {
  readonly clock?: Clock;
  readonly limits?: MemoryBusLimits;
}

/** The event of all messages, for subscriptions to a pattern. No topic: topics have no empty segments. */
const everything = '/';

/**
 * A bus in this process. A reader gets what is published from its `subscribe` on, or after its cursor, in the order of
 * publishing and once an id; one that is slow loses the oldest progress first, then the oldest. Bodies are copied and
 * frozen. After
 * `close` subscriptions end with what they have, and every call rejects with CLOSED. A publish costs O(readers of the
 * topic + readers of patterns).
 */
export function memoryBus({ clock = systemClock(), limits = {} }: MemoryBusOptions = {}): MessageBus {
  const {
    messageBytes = defaultMessageBytes,
    buffered = 1024,
    replayed = 4096,
    remembered = 10_000,
    maxAttempts = 20,
  } = limits;
  const emitter = new EventEmitter<Record<string, [Delivered]>>();
  const history = createHistory(replayed, clock.now().toString(36));
  const told = createRecentIds(remembered);
  const open = new Set<() => void>();
  let closed = false;

  const checkOpen = () => {
    if (closed) throw new ConductorError('CLOSED', 'This message bus is closed');
  };

  const readerOf = (topic: string, { signal, after }: SubscribeOptions) => {
    checkOpen();
    const matches = topicMatcher(topic);
    const event = isPattern(topic) ? everything : topic;
    const missed = after === undefined ? [] : history.after(after).filter((message) => matches(message.topic));
    const deliver = (message: Delivered) => {
      if (matches(message.topic)) mailbox.push(message);
    };
    const mailbox = createMailbox<Delivered>({
      maxItems: buffered,
      isLossy,
      signal,
      onEnd: () => {
        emitter.off(event, deliver);
        open.delete(mailbox.end);
      },
    });
    for (const message of missed) mailbox.push(message);
    emitter.on(event, deliver);
    open.add(mailbox.end);
    return mailbox.iterator;
  };

  const publish = async (messages: readonly BusMessage[], { signal }: Opt = {}) => {
    signal?.throwIfAborted();
    checkOpen();
    // All are checked before the first is told: a batch is accepted or refused.
    for (const message of messages.map((offered) => acceptedMessage(offered, messageBytes))) {
      const key = `${message.topic}\n${message.id}`;
      if (told.has(key)) continue;
      told.add(key);
      const delivered = history.add(message);
      emitter.emit(message.topic, delivered);
      emitter.emit(everything, delivered);
    }
  };

  const onDead = (queue: string, id: string, attempt: number, reason: string) =>
    publish([
      { id: `${id}/dead`, topic: `queue/${queue}/dead`, body: { id, attempt, reason }, at: instant(clock.now()) },
    ]);
  const queue = createWorkQueue({ clock, messageBytes, maxAttempts, checkOpen, onDead });

  return Object.freeze<MessageBus>({
    driver,
    publish,
    queue: queue.port,
    subscribe(topic, options = {}) {
      if (options.signal?.aborted) return rejecting(options.signal.reason);
      try {
        return readerOf(topic, options);
      } catch (error) {
        return rejecting(error);
      }
    },
    async close() {
      closed = true;
      for (const end of [...open]) end();
      queue.close();
    },
  });
}

type SubscribeOptions = Opt & { readonly after?: string };

const driver: DriverInfo<BusCapabilities> = Object.freeze({
  port: 'MessageBus',
  name: 'memory',
  version: '1',
  api: 1,
  capabilities: Object.freeze({ replay: true, workQueue: true, reach: 'process' }),
});

function acceptedMessage(message: BusMessage, maxBytes: number): BusMessage {
  const { id, topic, at } = message;
  const body = JSON.parse(checkedMessage(message, maxBytes)) as Json; // parsed from what was a Json value
  return { id, topic, body: deepFreeze(body), at };
}
