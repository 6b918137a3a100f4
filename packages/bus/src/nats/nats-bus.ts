import { ConductorError, randomIds, raceAbort, systemClock } from '@conductor/core';
import type {
  BusCapabilities,
  BusMessage,
  Clock,
  DriverInfo,
  Ids,
  MessageBus,
  Opt,
  WorkQueue,
} from '@conductor/core/ports';
import { connect, errors } from '@nats-io/transport-node';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { checkedMessage, defaultMessageBytes, rejecting } from '../messages.js';
import { createBurials } from './dead-letters.js';
import type { DeadLetter } from './dead-letters.js';
import { createLink, natsFailed } from './link.js';
import { createPublisher } from './publisher.js';
import { parseNatsUrl } from './server-url.js';
import { createStreams } from './streams.js';
import { encodeId, natsNames } from './subjects.js';
import { openTopicReader, wireOf } from './topic-reader.js';
import type { TopicReader } from './topic-reader.js';
import { createNatsQueue } from './work-queue.js';

/** Bounds of a NATS bus; each has a default. */
export interface NatsBusLimits {
  /** Of a body as JSON; default 64 KiB. */
  readonly messageBytes?: number;
  /** Messages that wait here for one slow reader; default 1,024. */
  readonly buffered?: number;
  /** Messages on their way to the server at one time; default 1,024. */
  readonly window?: number;
  /** How long a publish waits for the server, a lost connection included; default 5 s. */
  readonly publishMs?: number;
  /** How long the server keeps messages of topics for readers that come back; default 24 h. */
  readonly topicAgeMs?: number;
  /** How much of them; default 64 MiB, which the server sets aside. */
  readonly topicBytes?: number;
  /** How long the server knows the id of a message or an item; default 2 min. */
  readonly dedupeMs?: number;
  /** How long items that were given up are kept; default 30 days. */
  readonly deadAgeMs?: number;
  /** An item is offered again when its taker was not heard of for this long; default 10 s. The first taker of a queue decides. */
  readonly ackWaitMs?: number;
  /** An item that was offered so often and not finished is given up; default 20. */
  readonly maxAttempts?: number;
  /** Copies of each stream in a cluster; default 1. */
  readonly replicas?: number;
}

interface CommonOptions extends Opt {
  /** Part of the server that this bus uses: buses with another prefix know nothing of it; default `conductor`. */
  readonly prefix?: string | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
  readonly storage?: 'file' | 'memory' | undefined;
  readonly limits?: NatsBusLimits | undefined;
}

export type NatsBusOptions = CommonOptions &
  (
    | {
        /** `nats://host:4222`, `nats://user:password@a:4222,b:4222/prefix`, or `tls://…`. */
        readonly servers: string;
        /** What a URL cannot say: certificates, authenticators, timeouts. */
        readonly connect?: Omit<ConnectionOptions, 'servers' | 'port'> | undefined;
        readonly connection?: undefined;
      }
    | {
        /** A connection of the host's own; `close` leaves it open. Let it reconnect for ever. */
        readonly connection: NatsConnection;
        readonly servers?: undefined;
      }
  );

/** A bus on NATS JetStream. */
export interface NatsBus extends MessageBus {
  readonly queue: WorkQueue;
  /** The items of a queue that were given up, oldest first, as far as the server keeps them. */
  deadLetters(queue: string, o?: Opt): AsyncIterable<DeadLetter>;
}

/** What every NATS bus says of itself: for whoever asks before one is open. */
export const natsDriver: DriverInfo<BusCapabilities> = Object.freeze({
  port: 'MessageBus',
  name: 'nats',
  version: '1',
  api: 1,
  capabilities: Object.freeze({ replay: true, workQueue: true, reach: 'network' }),
});

/** What listens and says nothing is no NATS server; the client tries each a few times. */
const connectMs = 5_000;
const day = 24 * 60 * 60_000;
const defaults: Required<NatsBusLimits> = {
  messageBytes: defaultMessageBytes,
  buffered: 1024,
  window: 1024,
  publishMs: 5_000,
  topicAgeMs: day,
  topicBytes: 64 * 1024 * 1024,
  dedupeMs: 120_000,
  deadAgeMs: 30 * day,
  ackWaitMs: 10_000,
  maxAttempts: 20,
  replicas: 1,
};

/**
 * A bus on a NATS server with JetStream, for hosts on several machines. Topics are a stream that is kept for a time; a
 * publish resolves when the server has the messages, once an id; a reader goes on without a gap when the connection comes
 * back. Queues are a stream that forgets what is acknowledged. Throws CONFIG_INVALID for an address that cannot be read,
 * BUS_FAILED where no server with JetStream answers.
 */
export async function natsBus(options: NatsBusOptions): Promise<NatsBus> {
  const { signal, clock = systemClock(), ids = randomIds(), storage = 'file' } = options;
  signal?.throwIfAborted();
  const limits = { ...defaults, ...options.limits };
  const place = options.servers === undefined ? undefined : parseNatsUrl(options.servers);
  const names = natsNames(options.prefix ?? place?.prefix ?? 'conductor');
  const connection = options.connection ?? (await connected(options, ids));
  const release = async () => {
    if (options.connection === undefined) await connection.close();
  };
  try {
    const link = createLink(connection, clock);
    const streams = await raceAbort(createStreams(link, names, { ...limits, storage }), signal);
    await raceAbort(streams.topics(), signal);
    return assemble({ link, streams, names, clock, limits, release });
  } catch (error) {
    await release();
    throw error;
  }
}

/** The part of the options that says where the server is. */
async function connected(
  { servers, connect: more, signal }: NatsBusOptions & { readonly connect?: object | undefined },
  ids: Ids,
) {
  const { servers: hosts, user, pass, token, tls } = parseNatsUrl(servers ?? '');
  const connecting = connect({
    name: `conductor ${ids.id('bus')}`,
    // It comes back whenever the server does; a caller in between waits or hears BUS_FAILED.
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    pingInterval: 10_000,
    timeout: connectMs,
    ...(user !== undefined && { user, pass: pass ?? '' }),
    ...(token !== undefined && { token }),
    ...(tls && { tls: {} }),
    ...more,
    servers: [...hosts],
  });
  try {
    return await raceAbort(connecting, signal);
  } catch (error) {
    // Aborted while it connects: nobody will close what comes of it.
    connecting.then(
      (late) => late.close(),
      () => {},
    );
    if (signal?.aborted) throw error;
    throw unreachable(hosts, error);
  }
}

function unreachable(hosts: readonly string[], cause: unknown): ConductorError {
  const place = hosts.join(', ');
  if (!(cause instanceof errors.AuthorizationError)) return natsFailed(`No NATS server answers at ${place}`, cause);
  return new ConductorError('BUS_FAILED', `The NATS server at ${place} does not let this user in`, {
    hint: 'Look at user and password of the address: nats://user:password@host:4222.',
    cause,
  });
}

interface Parts {
  readonly link: ReturnType<typeof createLink>;
  readonly streams: Awaited<ReturnType<typeof createStreams>>;
  readonly names: ReturnType<typeof natsNames>;
  readonly clock: Clock;
  readonly limits: Required<NatsBusLimits>;
  release(): Promise<void>;
}

function assemble({ link, streams, names, clock, limits, release }: Parts): NatsBus {
  const readers = new Set<TopicReader>();
  const { publishMs: timeoutMs, window } = limits;
  const publisher = createPublisher({ link, clock, timeoutMs, window, mend: () => streams.again() });
  const underWay = new Set<Promise<void>>();
  let closed: Promise<void> | undefined;
  const checkOpen = () => {
    if (closed) throw new ConductorError('CLOSED', 'This message bus is closed');
  };
  const publish = async (messages: readonly BusMessage[], { signal }: Opt = {}) => {
    signal?.throwIfAborted();
    checkOpen();
    // All are checked before the first is sent: a batch is accepted or refused.
    const outgoing = messages.map((message) => ({
      subject: names.ofTopic(message.topic),
      messageId: encodeId(`${message.topic}\n${message.id}`),
      payload: wireOf(message, checkedMessage(message, limits.messageBytes)),
    }));
    // Whoever subscribed before this call gets its messages.
    const sending = raceAbort(Promise.all([...readers].map((reader) => reader.opened)), signal).then(() =>
      publisher.send(outgoing, { signal }),
    );
    underWay.add(sending);
    await sending.finally(() => underWay.delete(sending));
  };
  const burials = createBurials({ streams, names, publisher, clock, publish });
  const queue = createNatsQueue({ ...limits, link, streams, names, publisher, clock, burials, checkOpen });

  const subscribe: MessageBus['subscribe'] = (topic, { after, signal } = {}) => {
    if (signal?.aborted) return rejecting(signal.reason);
    try {
      checkOpen();
      const { buffered } = limits;
      const reader = openTopicReader({ link, streams, names, clock, topic, after, signal, buffered });
      readers.add(reader);
      void reader.done.then(() => readers.delete(reader));
      return reader.iterator;
    } catch (error) {
      return rejecting(error);
    }
  };
  const close = async () => {
    await queue.close();
    await Promise.allSettled(underWay);
    await publisher.close();
    await Promise.all([...readers].map((reader) => reader.finish()));
    await release();
  };
  return Object.freeze<NatsBus>({
    driver: natsDriver,
    publish,
    subscribe,
    queue: queue.port,
    deadLetters(name, o) {
      try {
        checkOpen();
        return burials.read(name, o);
      } catch (error) {
        return rejecting(error);
      }
    },
    close: () => (closed ??= close()),
  });
}
