import { raceAbort } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { JetStreamApiError } from '@nats-io/jetstream';
import { linkOver } from './link.js';
import type { NatsLink } from './link.js';

export interface PatienceOptions {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const againMs = 250;

/**
 * Does something as soon as the server lets it be done: again and again while it is away or not ready. What the server
 * refuses is thrown, BUS_FAILED when the connection is over, and the reason of the signal.
 */
export async function whenServed<T>({ link, clock, signal }: PatienceOptions, work: () => Promise<T>): Promise<T> {
  for (;;) {
    await raceAbort(link.whenConnected(), signal);
    try {
      return await raceAbort(untilDown(link, work()), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (link.connection.isClosed()) throw linkOver();
      if (isRefusal(error)) throw error;
    }
    if (link.connected) await clock.sleep(againMs, { signal });
  }
}

/** An answer that was asked for over a connection that is lost will not come: it is asked for again at once. */
async function untilDown<T>(link: NatsLink, answer: Promise<T>): Promise<T> {
  let stop = () => {};
  const down = new Promise<never>((_, reject) => {
    stop = link.onChange(() => reject(linkOver()));
  });
  try {
    return await Promise.race([answer, down]);
  } finally {
    stop();
  }
}

/** The server was there and said no; with 5xx it says that it cannot answer yet. */
function isRefusal(error: unknown): boolean {
  const cause = error instanceof JetStreamApiError ? error : error instanceof Error ? error.cause : undefined;
  return cause instanceof JetStreamApiError && cause.status < 500;
}
