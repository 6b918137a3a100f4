import { anySignal, ConductorError, raceAbort } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { createInbox, nanos } from '@nats-io/transport-node';
import type { Msg } from '@nats-io/transport-node';
import { linkOver } from './link.js';
import type { NatsLink } from './link.js';

/** A message with what the server wrote into its reply subject. */
export interface Pulled {
  readonly data: string;
  /** Where to answer: acknowledge, give back, still at work. */
  readonly reply: string;
  /** From 1: how often it was handed out. */
  readonly deliveries: number;
  /** Its place in the stream, and among what this consumer was handed. */
  readonly streamSeq: number;
  readonly consumerSeq: number;
}

export interface PullOptions {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly stream: string;
  readonly consumer: string;
  readonly max: number;
  readonly signal: AbortSignal;
  onMessage(message: Pulled): void;
}

/**
 * How a pull ended: all `max` messages came, or none came any more in its time, or its request was lost, with the
 * connection or with the consumer: then look whether the consumer is still there.
 */
export type PullEnd = 'full' | 'over' | 'lost';

/** A request waits this long on the server. */
const expiresMs = 15_000;
/** And that much longer here, before it counts as lost: a server forgets requests without a word. */
const graceMs = 5_000;

/** Asks a consumer for messages, once. On abort no more come, and it rejects with the reason. Throws BUS_FAILED. */
export async function pull(options: PullOptions): Promise<PullEnd> {
  const { link, clock, stream, consumer, max, signal, onMessage } = options;
  await raceAbort(link.whenConnected(), signal); // a server may stay away for good
  signal.throwIfAborted();
  const { connection } = link;
  const inbox = createInbox();
  const timer = new AbortController();
  const either = anySignal([signal, timer.signal]);
  let stop = () => {};
  try {
    return await new Promise<PullEnd>((resolve, reject) => {
      let left = max;
      const callback = (error: Error | null, message: Msg) => {
        if (error) return reject(error);
        const status = message.headers?.code ?? 0;
        if (status > 0) return resolve(status === 404 || status === 408 ? 'over' : 'lost');
        try {
          onMessage(pulledOf(message));
        } catch (failure) {
          return reject(failure);
        }
        left -= 1;
        if (left === 0) resolve('full');
      };
      const subscription = connection.subscribe(inbox, { callback });
      const unwatch = link.onChange((state) => (state === 'over' ? reject(linkOver()) : resolve('lost')));
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      stop = () => {
        unwatch();
        signal.removeEventListener('abort', onAbort);
        if (!connection.isClosed()) subscription.unsubscribe();
      };
      clock.sleep(expiresMs + graceMs, { signal: either.signal }).then(
        () => resolve('lost'),
        () => {}, // called off: the pull has ended
      );
      const request = JSON.stringify({ batch: max, expires: nanos(expiresMs) });
      connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, { reply: inbox });
    });
  } finally {
    timer.abort();
    either.dispose();
    stop();
  }
}

/** `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>[.<token>]` */
function pulledOf(message: Msg): Pulled {
  const reply = message.reply ?? '';
  const tokens = reply.split('.');
  const [deliveries, streamSeq, consumerSeq] = tokens.slice(tokens.length === 9 ? 4 : 6).map(Number);
  if (deliveries === undefined || streamSeq === undefined || consumerSeq === undefined || Number.isNaN(deliveries))
    throw new ConductorError('BUS_FAILED', `A message of NATS came without its place: ${reply.slice(0, 200)}`);
  return { data: message.string(), reply, deliveries, streamSeq, consumerSeq };
}
