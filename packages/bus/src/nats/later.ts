import { anySignal } from '@conductor/core';
import { nanos } from '@nats-io/transport-node';
import { whenServed } from './patience.js';
import { pull } from './pull.js';
import type { PullEnd, Pulled } from './pull.js';
import { itemOf } from './queue-context.js';
import type { NatsQueueContext } from './queue-context.js';
import { asked, ensureConsumer } from './streams.js';
import { givenBack } from './work-item.js';

/** The items of each queue that are not due yet. */
export interface LaterQueues {
  /** Looks after a queue as long as somebody takes from it; answers how to stop. */
  start(queue: string, signal: AbortSignal): () => void;
  done(): Promise<void>;
}

const batch = 64;
const againMs = 1_000;
/** The server is asked to wait no longer at once, so that a clock that was set is noticed. */
const longestWaitMs = 60 * 60_000;

/**
 * Moves an item to those that can be taken when it is due, by the clock of this host. The server only keeps the time until
 * it is worth looking again, so that the attempts of an item count from when it was offered. It is published under an
 * id of its own before it is acknowledged: a crash in between makes no second one.
 */
export function createLaterQueues(context: NatsQueueContext): LaterQueues {
  const running = new Map<string, { users: number; readonly stop: AbortController; readonly done: Promise<void> }>();
  const ended = new Set<Promise<void>>();
  return {
    start(queue, signal) {
      const known = running.get(queue);
      const stop = known?.stop ?? new AbortController();
      const entry = known ?? { users: 0, stop, done: lookAfter(context, queue, [signal, stop.signal]) };
      entry.users += 1;
      running.set(queue, entry);
      return () => {
        entry.users -= 1;
        if (entry.users > 0) return;
        running.delete(queue);
        ended.add(entry.done);
        void entry.done.finally(() => ended.delete(entry.done));
        stop.abort();
      };
    },
    async done() {
      await Promise.all([...[...running.values()].map((entry) => entry.done), ...ended]);
    },
  };
}

async function lookAfter(context: NatsQueueContext, queue: string, signals: readonly AbortSignal[]): Promise<void> {
  const either = anySignal(signals);
  const { signal } = either;
  try {
    while (!signal.aborted && !context.link.connection.isClosed()) {
      try {
        await moveDue(context, queue, signal);
      } catch {
        // Items wait in the stream, whatever fails here: it is tried again as long as somebody takes.
        if (!signal.aborted) await context.clock.sleep(againMs, { signal }).catch(() => undefined);
      }
    }
  } finally {
    either.dispose();
  }
}

async function moveDue(context: NatsQueueContext, queue: string, signal: AbortSignal): Promise<void> {
  const { streams, names, link, clock } = context;
  const { name, later } = names.ofQueue(queue);
  const consumer = `later_${name}`;
  await whenServed({ link, clock, signal }, async () => {
    await streams.work();
    return ensureConsumer(streams.manager, names.work, {
      durable_name: consumer,
      ack_policy: 'explicit',
      ack_wait: nanos(context.ackWaitMs),
      filter_subject: later,
      max_ack_pending: -1,
      max_deliver: -1,
    });
  });
  // What cannot be moved now is offered again when the server has heard nothing of it.
  const onMessage = (message: Pulled) => void move(context, queue, message).catch(() => undefined);
  let end: PullEnd = 'over';
  while (end !== 'lost') end = await pull({ link, clock, stream: names.work, consumer, max: batch, signal, onMessage });
}

async function move(context: NatsQueueContext, queue: string, pulled: Pulled): Promise<void> {
  const { link, names, publisher, clock } = context;
  const item = itemOf(pulled);
  const leftMs = (item?.dueMs ?? 0) - clock.now();
  if (item && leftMs > 0) {
    link.connection.publish(pulled.reply, givenBack(Math.min(leftMs, longestWaitMs)));
    return;
  }
  const { ready, name } = names.ofQueue(queue);
  const payload = item && JSON.stringify({ id: item.id, body: item.body });
  if (payload) await publisher.send([{ subject: ready, messageId: `${name}:due:${pulled.streamSeq}`, payload }]);
  await asked('An item that is due was not acknowledged', link.connection.request(pulled.reply, '+ACK'));
}
