import { ConductorError, deepFreeze, raceAbort, withTimeout } from '@conductor/core';
import type { BusMessage, Clock, Json } from '@conductor/core/ports';
import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Delivered } from '../history.js';
import { createMailbox } from '../mailbox.js';
import { isLossy } from '../messages.js';
import { topicMatcher } from '../topics.js';
import type { NatsLink } from './link.js';
import { whenServed } from './patience.js';
import { pullInOrder } from './pull-in-order.js';
import type { Pulled } from './pull.js';
import { asked } from './streams.js';
import type { NatsStreams } from './streams.js';
import type { NatsNames } from './subjects.js';

export interface TopicReaderOptions {
  readonly link: NatsLink;
  readonly streams: NatsStreams;
  readonly names: NatsNames;
  readonly clock: Clock;
  readonly topic: string;
  readonly after: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Messages that wait for the reader; above it the server is asked for no more, and progress is lost. */
  readonly buffered: number;
}

export interface TopicReader {
  readonly iterator: AsyncIterableIterator<Delivered>;
  /** Resolves when what is published from now on will be read. Never rejects: the reader hears of a failure. */
  readonly opened: Promise<void>;
  /** Resolves when nothing of the reader is left on the server. */
  readonly done: Promise<void>;
  /** Ends the reading behind what the topic holds now, unless the reader is far behind: then behind what it has. */
  finish(): Promise<void>;
}

const batch = 256;
const finishMs = 5_000;
/** A consumer of a reader that died is forgotten by the server after this time. */
const forgottenMs = 60_000;

/**
 * Reads a topic of the stream from now or from a cursor on. It holds a consumer without acknowledgements, remembers its
 * own place, and makes a new consumer behind that place whenever a message is missing or the connection was lost ("ordered
 * consumer" of the NATS clients). Throws VALIDATION_FAILED for a topic that is none.
 */
export function openTopicReader(options: TopicReaderOptions): TopicReader {
  const { link, streams, names, clock, topic, signal, buffered } = options;
  const matches = topicMatcher(topic);
  const filter = names.ofPattern(topic);
  const ending = new AbortController();
  const moved = createBell();
  const mailbox = createMailbox<Delivered>({
    maxItems: buffered,
    isLossy,
    signal,
    onEnd: () => ending.abort(new ConductorError('CLOSED', 'This subscription has ended')),
    onTaken: () => moved.ring(),
  });
  let opened = () => {};
  const isOpen = new Promise<void>((resolve) => (opened = resolve));
  let place = 0;
  let isPaused = false;

  const accept = ({ data, streamSeq }: Pulled, epoch: string) => {
    place = streamSeq;
    const message = messageOf(data);
    // A subject may stand for more than the topic, and what somebody else wrote there is no message of ours.
    if (message && matches(message.topic)) mailbox.push(Object.freeze({ ...message, cursor: `${epoch}-${streamSeq}` }));
    moved.ring();
  };
  const room = async () => {
    isPaused = mailbox.waiting + batch > buffered && mailbox.waiting > 0;
    while (mailbox.waiting + batch > buffered && mailbox.waiting > 0) {
      moved.ring();
      await raceAbort(moved.next(), ending.signal);
    }
    isPaused = false;
  };
  const max = Math.min(batch, buffered);
  const reading = { link, clock, stream: names.topics, max, signal: ending.signal, room };
  const run = async () => {
    const info = await whenServed({ link, clock, signal: ending.signal }, () => topicsNow(options));
    const epoch = epochOf(info);
    place = options.after === undefined ? info.state.last_seq : placeOf(options.after, info);
    opened();
    while (!ending.signal.aborted) {
      const consumer = await makeConsumer(options, filter, place + 1, ending.signal);
      const onMessage = (message: Pulled) => accept(message, epoch);
      try {
        await pullInOrder({ ...reading, consumer, onMessage });
      } finally {
        // One that cannot be deleted now is forgotten by the server itself.
        if (link.connected) await streams.manager.consumers.delete(names.topics, consumer).catch(() => undefined);
      }
    }
  };
  const done = run()
    .catch((error: unknown) => mailbox.fail(error))
    .finally(opened);

  return {
    iterator: mailbox.iterator,
    opened: isOpen,
    done,
    async finish() {
      const caughtUp = async () => {
        await isOpen;
        const last = await lastOf(streams.manager, names.topics, filter);
        while (place < last && !isPaused && link.connected && !ending.signal.aborted)
          await raceAbort(moved.next(), ending.signal);
      };
      // Whatever keeps it from catching up, the reading ends: with what is here.
      if (link.connected) await withTimeout(caughtUp(), { timeoutMs: finishMs, clock }).catch(() => undefined);
      mailbox.end();
      await done;
    },
  };
}

async function topicsNow({ streams, names }: TopicReaderOptions): Promise<StreamInfo> {
  await streams.topics();
  return asked('The topics cannot be read', streams.manager.streams.info(names.topics));
}

function makeConsumer(options: TopicReaderOptions, filter: string, from: number, signal: AbortSignal): Promise<string> {
  const { link, streams, names, clock } = options;
  return whenServed({ link, clock, signal }, async () => {
    const config = {
      ack_policy: 'none',
      deliver_policy: 'by_start_sequence',
      opt_start_seq: from,
      filter_subject: filter,
      inactive_threshold: nanos(forgottenMs),
      mem_storage: true,
      num_replicas: 1,
    } as const;
    const made = await asked('The topics cannot be read', streams.manager.consumers.add(names.topics, config));
    return made.name;
  });
}

async function lastOf(manager: JetStreamManager, stream: string, filter: string): Promise<number> {
  const message = await manager.streams.getMessage(stream, { last_by_subj: filter });
  return message?.seq ?? 0;
}

/** A stream that was deleted and made again counts from 1 again: its cursors are other ones. */
function epochOf({ created }: StreamInfo): string {
  return created.replaceAll(/[^0-9]/gu, '');
}

function placeOf(cursor: string, info: StreamInfo): number {
  const [, epoch, seq] = /^([0-9]{8,40})-([0-9]{1,15})$/u.exec(cursor) ?? [];
  if (epoch !== epochOf(info) || Number(seq) > info.state.last_seq)
    throw new ConductorError('CURSOR_INVALID', `${JSON.stringify(cursor.slice(0, 64))} is no cursor of this bus`);
  return Number(seq);
}

/** What a message is on the wire. */
export function wireOf({ id, topic, at }: BusMessage, body: string): string {
  return `{"id":${JSON.stringify(id)},"topic":${JSON.stringify(topic)},"at":${JSON.stringify(at)},"body":${body}}`;
}

function messageOf(data: string): BusMessage | undefined {
  try {
    const { id, topic, at, body } = JSON.parse(data) as Partial<BusMessage>; // each is looked at below
    if (typeof id !== 'string' || typeof topic !== 'string' || typeof at !== 'string') return undefined;
    return { id, topic, at, body: deepFreeze((body ?? null) as Json) }; // parsed from JSON
  } catch {
    return undefined; // not JSON, or no object: not written by a bus
  }
}

/** Lets others wait for the next ring. */
function createBell(): { ring(): void; next(): Promise<void> } {
  let ring = () => {};
  let promise = new Promise<void>((resolve) => (ring = resolve));
  return {
    ring() {
      ring();
      promise = new Promise<void>((resolve) => (ring = resolve));
    },
    next: () => promise,
  };
}
