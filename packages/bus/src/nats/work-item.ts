import { ConductorError, withTimeout } from '@conductor/core';
import type { Clock, Json, WorkItem } from '@conductor/core/ports';
import { lastAttempt } from '../memory-work-queue.js';
import { natsFailed } from './link.js';
import type { NatsLink } from './link.js';
import { whenServed } from './patience.js';
import type { Pulled } from './pull.js';

export interface HeldItemOptions {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly queue: string;
  readonly id: string;
  readonly body: Json;
  readonly pulled: Pulled;
  readonly visibleMs: number;
  /** The server offers an item again when it heard nothing of it for this long. */
  readonly ackWaitMs: number;
  readonly maxAttempts: number;
  /** Puts the item where those go that are given up; the item is acknowledged afterwards. */
  bury(attempt: number, reason: string): Promise<void>;
  /** Called once, whichever way it ends. */
  onEnd(): void;
}

/** An item that this taker holds. */
export interface HeldItem {
  readonly item: WorkItem;
  /** Gives it back without waiting for an answer, to be offered again at once or after a time. */
  release(delayMs?: number): void;
}

/** Part of the server's patience after which it hears of an item again. */
const beatsPerWait = 3;
/** The server counted its patience from when it sent the item, which was a moment before it came. */
const firstPatience = 0.9;
/** How long an answer may take, a lost connection included; the server takes the same one twice. */
const answerMs = 5_000;

/**
 * Holds an item: for the server by a heartbeat, so that it is offered again soon after its taker died; for the taker by
 * its own monotonic clock, for `visibleMs` and as far as it was extended, and never longer than the server knows of it.
 */
export function holdItem(options: HeldItemOptions): HeldItem {
  const { link, clock, queue, id, pulled, ackWaitMs, maxAttempts } = options;
  const { connection } = link;
  const attempt = pulled.deliveries;
  const over = new AbortController();
  let heldUntilMs = clock.monotonic() + options.visibleMs;
  let knownUntilMs = clock.monotonic() + ackWaitMs * firstPatience;

  const isHeld = () => !over.signal.aborted && clock.monotonic() < Math.min(heldUntilMs, knownUntilMs);
  const checkHeld = () => {
    if (connection.isClosed()) throw new ConductorError('CLOSED', 'This message bus is closed');
    if (!isHeld())
      throw new ConductorError('LEASE_EXPIRED', `Item ${id} was not finished in time and is offered again`, {
        details: { queue, attempt },
      });
  };
  const end = () => {
    if (over.signal.aborted) return;
    over.abort();
    options.onEnd();
  };
  const answer = async (word: string) => {
    const ask = () => connection.request(pulled.reply, word, { timeout: answerMs });
    try {
      await withTimeout((signal) => whenServed({ link, clock, signal }, ask), { timeoutMs: answerMs, clock });
    } catch (error) {
      throw natsFailed(`The answer for item ${id} did not reach the server`, error);
    }
  };
  const giveBack = (delayMs = 0) => {
    if (!connection.isClosed()) connection.publish(pulled.reply, givenBack(delayMs));
  };
  const beat = async () => {
    const sentMs = clock.monotonic();
    await answer('+WPI');
    knownUntilMs = sentMs + ackWaitMs;
  };
  const keep = async () => {
    let nextBeatMs = clock.monotonic() + ackWaitMs / beatsPerWait;
    while (!over.signal.aborted) {
      const nowMs = clock.monotonic();
      if (nowMs >= heldUntilMs) {
        giveBack();
        return end();
      }
      if (nowMs >= nextBeatMs) {
        nextBeatMs = nowMs + ackWaitMs / beatsPerWait;
        // One that is lost is followed by the next; when all are, the item is not held any more.
        await beat().catch(() => undefined);
        if (clock.monotonic() >= knownUntilMs) return end();
      }
      await clock.sleep(Math.max(0, Math.min(heldUntilMs, nextBeatMs) - clock.monotonic()), { signal: over.signal });
    }
  };
  // It rejects when the item ends while it sleeps; an item has nobody else to tell.
  keep().catch(() => undefined);

  const finish = async (work: () => Promise<void>) => {
    checkHeld();
    await work();
    end();
  };
  const bury = (reason: string) =>
    finish(async () => {
      await options.bury(Math.min(attempt, maxAttempts), reason);
      await answer('+ACK');
    });
  const item = Object.freeze<WorkItem>({
    id,
    body: options.body,
    attempt,
    ack: () => finish(() => answer('+ACK')),
    async extend(ms) {
      checkHeld();
      await beat();
      checkHeld();
      heldUntilMs = clock.monotonic() + ms;
    },
    async retry(delayMs) {
      if (attempt >= maxAttempts) return bury(lastAttempt(maxAttempts));
      return finish(() => answer(givenBack(delayMs)));
    },
    dead: (reason) => bury(reason),
  });
  return {
    item,
    release(delayMs) {
      if (over.signal.aborted) return;
      giveBack(delayMs);
      end();
    },
  };
}

/** What tells the server to offer an item again, at once or after a time. */
export function givenBack(delayMs: number): string {
  const delay = Math.ceil(delayMs) * 1e6;
  return delay > 0 ? `-NAK ${JSON.stringify({ delay })}` : '-NAK';
}
