import type { Clock, Logger, MessageBus } from '@conductor/core/ports';
import type { Limits } from '@conductor/core';
import { runQueue } from './run-log.js';
import type { Mailbox } from './mailbox.js';

/** Tells an idle worker when to look for runs. */
export interface WakeUps {
  /** Resolves when runs were offered, or after `monitorMs`: a lost message costs that time and nothing else. */
  next(): Promise<void>;
}

export interface WakeUpOptions {
  readonly bus: MessageBus | undefined;
  readonly mailbox: Pick<Mailbox, 'offers'>;
  readonly projectId: string;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'monitorMs' | 'claimLeaseMs'>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Where there is a work queue, one idle worker is woken for one run; else all of them by the feed of the store. A worker that is
 * busy takes nothing from the queue, so that another is woken.
 */
export function wakeUps({ bus, mailbox, projectId, clock, limits, logger, signal }: WakeUpOptions): WakeUps {
  const knocks = async function* (): AsyncGenerator<void> {
    const { queue } = bus ?? {};
    if (queue) {
      const items = queue.take(runQueue(projectId), { max: 1, visibleMs: limits.claimLeaseMs, signal });
      for await (const item of items) {
        await item.ack().catch(() => {}); // taken too late: somebody else was woken as well
        yield;
      }
    } else for await (const _ of mailbox.offers({ signal })) yield;
  };
  let source: AsyncIterator<void> | undefined;
  let pending: Promise<void> | undefined;
  const knock = async () => {
    source ??= knocks();
    try {
      if ((await source.next()).done !== true) return;
      source = undefined;
    } catch (error) {
      source = undefined;
      if (!signal.aborted) logger.warn('Nobody tells of new runs now', { error: String(error) });
    }
    await clock.sleep(limits.monitorMs, { signal });
  };
  return {
    async next() {
      const timer = new AbortController();
      pending ??= knock().finally(() => (pending = undefined));
      const knocked = pending.catch(() => {}); // aborted: whoever waits looks at the signal
      const looked = clock.sleep(limits.monitorMs, { signal: timer.signal }).catch(() => {});
      await Promise.race([knocked, looked]).finally(() => timer.abort());
    },
  };
}
