import { ConductorError, deepFreeze, isJson } from '@conductor/core';
import type { BusMessage, Json, MessageBus, Opt } from '@conductor/core/ports';

const maxBytes = 64 * 1024;
const maxTopic = 512;
const maxWaiting = 1024;
const maxRemembered = 10_000;

interface Reader {
  readonly matches: (topic: string) => boolean;
  readonly waiting: BusMessage[];
  /** Set while somebody waits for the next message. */
  wake: () => void;
  ended: boolean;
}

/** A bus in this process: a Map of readers. Claims neither replay nor queues, so the suite asks for neither. */
export function mapBus(): MessageBus {
  const readers = new Map<object, Reader>();
  const told = new Set<string>();
  let closed = false;
  const checkOpen = () => {
    if (closed) throw new ConductorError('CLOSED', 'This bus is closed');
  };

  return Object.freeze<MessageBus>({
    driver: {
      port: 'MessageBus',
      name: 'map',
      version: '1',
      api: 1,
      capabilities: { replay: false, workQueue: false, reach: 'process' },
    },

    async publish(messages, { signal } = {}) {
      signal?.throwIfAborted();
      checkOpen();
      for (const message of messages.map(accepted)) {
        const key = `${message.topic}\n${message.id}`;
        if (told.has(key)) continue;
        told.add(key);
        const [oldest] = told;
        if (told.size > maxRemembered && oldest !== undefined) told.delete(oldest);
        for (const reader of readers.values()) if (reader.matches(message.topic)) deliver(reader, message);
      }
    },

    subscribe(topic, { signal, after }: Opt & { readonly after?: string } = {}) {
      try {
        signal?.throwIfAborted();
        checkOpen();
        if (after !== undefined) throw new ConductorError('UNSUPPORTED', 'This bus keeps nothing to go on with');
        const reader: Reader = { matches: matcher(topic), waiting: [], wake: () => {}, ended: false };
        const key = {};
        readers.set(key, reader); // from here on it hears of everything, read or not
        return reading(reader, signal, () => readers.delete(key));
      } catch (error) {
        return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
      }
    },

    async close() {
      closed = true;
      for (const reader of readers.values()) {
        reader.ended = true;
        reader.wake();
      }
      readers.clear();
    },
  });
}

function reading(
  reader: Reader,
  signal: AbortSignal | undefined,
  forget: () => void,
): AsyncIterableIterator<BusMessage> {
  const end = () => {
    reader.ended = true;
    forget();
    reader.wake();
  };
  signal?.addEventListener('abort', end, { once: true });
  const iterator: AsyncIterableIterator<BusMessage> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      for (;;) {
        signal?.throwIfAborted();
        const message = reader.waiting.shift();
        if (message) return { done: false, value: message };
        if (reader.ended) {
          signal?.removeEventListener('abort', end);
          return { done: true, value: undefined };
        }
        await new Promise<void>((resolve) => (reader.wake = resolve));
      }
    },
    async return() {
      reader.waiting.length = 0;
      signal?.removeEventListener('abort', end);
      end();
      return { done: true, value: undefined };
    },
  };
  return iterator;
}

/** A slow reader holds nobody up: it loses the oldest progress, and only where there is none, the oldest. */
function deliver({ waiting, wake }: Reader, message: BusMessage): void {
  if (waiting.length >= maxWaiting) {
    const lossy = waiting.findIndex(({ topic }) => /(?:^|\/)(?:progress|heartbeat|output)$/u.test(topic));
    waiting.splice(Math.max(0, lossy), 1);
  }
  waiting.push(message);
  wake();
}

function accepted({ id, topic, body, at }: BusMessage): BusMessage {
  if (segmentsOf(topic).some((segment) => segment.includes('*'))) throw refused(topic);
  if (id === '' || !isJson(body)) throw new ConductorError('VALIDATION_FAILED', 'A message has an id and a JSON body');
  const text = JSON.stringify(body);
  if (new TextEncoder().encode(text).length > maxBytes)
    throw new ConductorError('TOO_LARGE', `The body of a message is larger than ${maxBytes} bytes`);
  return Object.freeze({ id, topic, body: deepFreeze(JSON.parse(text) as Json), at }); // what was a Json value
}

function matcher(pattern: string): (topic: string) => boolean {
  const wanted = segmentsOf(pattern);
  const open = wanted.at(-1) === '**';
  const fixed = open ? wanted.slice(0, -1) : wanted;
  if (fixed.some((segment) => segment !== '*' && segment.includes('*'))) throw refused(pattern);
  return (topic) => {
    const segments = topic.split('/');
    const fits = open ? segments.length > fixed.length : segments.length === fixed.length;
    return fits && fixed.every((segment, index) => segment === '*' || segment === segments[index]);
  };
}

function segmentsOf(topic: string): readonly string[] {
  const segments = topic.split('/');
  if (topic.length > maxTopic || segments.includes('') || /\p{Cc}/u.test(topic)) throw refused(topic);
  return segments;
}

function refused(topic: string): ConductorError {
  return new ConductorError('VALIDATION_FAILED', `${JSON.stringify(topic.slice(0, 100))} is no topic`);
}
