import { anySignal, ConductorError, raceAbort } from '@conductor/core';
import type { Opt, WorkItem, WorkQueue } from '@conductor/core/ports';
import { nanos } from '@nats-io/transport-node';
import { lastAttempt } from '../memory-work-queue.js';
import { checkedBody, checkTake } from '../messages.js';
import { createLaterQueues } from './later.js';
import { whenServed } from './patience.js';
import { pull } from './pull.js';
import type { Pulled } from './pull.js';
import { itemOf } from './queue-context.js';
import type { NatsQueueContext } from './queue-context.js';
import { ensureConsumer } from './streams.js';
import { encodeId } from './subjects.js';
import { givenBack, holdItem } from './work-item.js';
import type { HeldItem } from './work-item.js';

/**
 * Work queues in a stream that forgets what is acknowledged: each queue has one durable consumer, and each taker asks it
 * for one item at a time, so that nobody holds what another could do.
 */
export function createNatsQueue(context: NatsQueueContext): { readonly port: WorkQueue; close(): Promise<void> } {
  const { streams, names, publisher, clock } = context;
  const closing = new AbortController();
  const held = new Set<HeldItem>();
  const takes = new Set<Promise<unknown>>();
  const later = createLaterQueues(context);

  const port: WorkQueue = Object.freeze<WorkQueue>({
    async push(queue, items, { signal } = {}) {
      signal?.throwIfAborted();
      context.checkOpen();
      const { ready, later: waiting, name } = names.ofQueue(queue);
      const outgoing = items.map(({ id, body, delayMs = 0 }) => {
        const text = checkedBody(`an item of ${queue}`, { id, body }, context.messageBytes);
        const due = delayMs > 0 ? `,"dueMs":${Math.ceil(clock.now() + delayMs)}` : '';
        return {
          subject: delayMs > 0 ? waiting : ready,
          messageId: `${name}:${encodeId(id)}`,
          payload: `{"id":${JSON.stringify(id)},"body":${text}${due}}`,
        };
      });
      await raceAbort(streams.work(), signal);
      await publisher.send(outgoing, { signal });
    },

    async *take(queue, { max, visibleMs, signal }) {
      signal?.throwIfAborted();
      context.checkOpen();
      checkTake({ max, visibleMs });
      const either = anySignal([signal, closing.signal]);
      const stopLater = later.start(queue, closing.signal);
      try {
        yield* takeFrom({ ...context, queue, max, visibleMs, held, takes, signal: either.signal });
      } finally {
        stopLater();
        either.dispose();
      }
    },
  });
  return {
    port,
    async close() {
      closing.abort(new ConductorError('CLOSED', 'This message bus is closed'));
      await Promise.allSettled([...takes, later.done()]);
      for (const item of [...held]) item.release();
    },
  };
}

interface TakeContext extends NatsQueueContext, Opt {
  readonly queue: string;
  readonly max: number;
  readonly visibleMs: number;
  readonly held: Set<HeldItem>;
  readonly takes: Set<Promise<unknown>>;
  readonly signal: AbortSignal;
}

async function* takeFrom(context: TakeContext): AsyncGenerator<WorkItem, void, undefined> {
  const { queue, names, max, held, takes, signal } = context;
  const { name, ready } = names.ofQueue(queue);
  const ackWaitMs = await whenServed(context, () => readyConsumer(context, name, ready));
  let mine = 0;
  let freed = () => {};
  for (;;) {
    while (mine >= max) await raceAbort(new Promise<void>((resolve) => (freed = resolve)), signal);
    const asking = pullOne(context, name, ready);
    takes.add(asking);
    const pulled = await asking.finally(() => takes.delete(asking));
    if (!pulled) continue;
    const item = itemOf(pulled);
    if (!item) {
      // Nobody could ever finish it: without this word it would be offered for ever.
      if (!context.link.connection.isClosed()) context.link.connection.publish(pulled.reply, '+TERM');
      continue;
    }
    const onEnd = () => {
      mine -= 1;
      held.delete(holding);
      freed();
    };
    const bury = (attempt: number, reason: string) => context.burials.bury(queue, item, attempt, reason);
    const holding: HeldItem = holdItem({ ...context, ...item, pulled, ackWaitMs, bury, onEnd });
    mine += 1;
    held.add(holding);
    // Nobody finished it as often as it was handed out: this time it goes to the others of its kind.
    if (pulled.deliveries > context.maxAttempts) await givenUp(holding, context.maxAttempts);
    else yield holding.item;
  }
}

const buryAgainMs = 10_000;

/** One that cannot be buried now comes again after a while: it must not hold up, or end, the taking of others. */
async function givenUp({ item, release }: HeldItem, maxAttempts: number): Promise<void> {
  try {
    await item.dead(lastAttempt(maxAttempts));
  } catch (error) {
    if (!ConductorError.is(error)) throw error;
    release(buryAgainMs);
  }
}

/** Makes the consumer of a queue and answers how patient it is; the first taker ever decided that. */
async function readyConsumer(context: NatsQueueContext, name: string, subject: string): Promise<number> {
  await context.streams.work();
  const { config } = await ensureConsumer(context.streams.manager, context.names.work, {
    durable_name: `ready_${name}`,
    ack_policy: 'explicit',
    ack_wait: nanos(context.ackWaitMs),
    filter_subject: subject,
    max_ack_pending: -1,
    max_deliver: -1,
  });
  return (config.ack_wait ?? nanos(context.ackWaitMs)) / 1e6;
}

/** One item, or nothing when the request has to be made again. What comes too late for an aborted one is given back. */
async function pullOne(context: TakeContext, name: string, subject: string): Promise<Pulled | undefined> {
  const { link, clock, names, signal } = context;
  let came: Pulled | undefined;
  try {
    const end = await pull({
      link,
      clock,
      stream: names.work,
      consumer: `ready_${name}`,
      max: 1,
      signal,
      onMessage: (message) => (came = message),
    });
    // A server without its consumer does not answer at all.
    if (end === 'lost') await whenServed(context, () => readyConsumer(context, name, subject));
    return came;
  } catch (error) {
    if (came && !link.connection.isClosed()) link.connection.publish(came.reply, givenBack(0));
    throw error;
  }
}
