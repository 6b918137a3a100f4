import { ConductorError, delayMs, systemClock } from '@conductor/core';
import type {
  BusMessage,
  Claim,
  Clock,
  EventEnvelope,
  Filter,
  MessageBus,
  Opt,
  OwnerId,
  SettleResult,
  Subscriptions,
  SubscriptionSpec,
} from '@conductor/core/ports';

export interface RelayOptions extends Opt, Filter {
  /** Of the subscription: its place in the log is kept in the store. */
  readonly name: string;
  /** Who relays; of several with one name one works, and the others stand by. */
  readonly owner: OwnerId;
  /** Where a new subscription begins; default `start`. */
  readonly from?: SubscriptionSpec['from'];
  /** What is told of an event, or nothing. Default: {@link pointerTo}. */
  messageOf?(event: EventEnvelope): BusMessage | undefined;
  /** Events of one claim; default 1,000, which is one page of the log. */
  readonly max?: number;
  /** After this time another may go on where a relay died; default 30 s. */
  readonly visibleMs?: number;
  readonly clock?: Clock;
}

const backoff = { baseMs: 100, maxMs: 5_000 };
/** Counts relays that died with an event in hand; what a bus refuses is dead at once, and one that is down costs no try. */
const maxAttempts = 1_000;

/**
 * Tells a bus what the log of a store gains, in the order of the log: the outbox. Messages of one claim are on their way
 * together; the place is kept after the bus has them, so one that dies in between tells them again, under the same ids: a
 * bus that knows an id takes it once. While the bus is down it waits and tries again. What the bus refuses, too large or no
 * message, is dead in the subscription, with the reason, and the rest goes on. Runs until the signal aborts, and then
 * rejects with its reason; throws CLOSED when the store or the bus is closed, and what else the store throws.
 */
export async function relay(subscriptions: Subscriptions, bus: MessageBus, options: RelayOptions): Promise<never> {
  const { name, owner, kinds, types, from = 'start', max = 1_000, visibleMs = 30_000, signal } = options;
  const { clock = systemClock(), messageOf = pointerTo } = options;
  await subscriptions.ensure({ name, kinds, types, from, order: 'all', maxAttempts, backoff });
  /** Answers why not all of a claim could be told; the rest of it is back in the log then. */
  const relayClaim = async (): Promise<unknown> => {
    const claim = await subscriptions.claim(name, { owner, max, visibleMs, signal });
    const { results, failure } = await tell(bus, claim, messageOf, signal);
    await settle(subscriptions, claim, results);
    signal?.throwIfAborted();
    return failure;
  };
  for (let failures = 0; ;) {
    signal?.throwIfAborted();
    const failure = await relayClaim().catch(retryable);
    failures = failure === undefined ? 0 : failures + 1;
    if (failures > 0) await clock.sleep(delayMs(backoff, Math.min(failures, 10)), { signal });
  }
}

/**
 * A wake-up with a pointer: on the topic `log/<stream>`, under the id of the event, where the event is and of what type.
 * Whoever wants to know more reads the store.
 */
export function pointerTo({ id, seq, stream, version, type, at }: EventEnvelope): BusMessage {
  return { id, topic: `log/${stream}`, body: { seq, stream, version, type }, at };
}

interface Told {
  readonly results: readonly SettleResult[];
  readonly failure: unknown;
}

async function tell(
  bus: MessageBus,
  { deliveries }: Claim,
  messageOf: (event: EventEnvelope) => BusMessage | undefined,
  signal: AbortSignal | undefined,
): Promise<Told> {
  const pairs = deliveries.map(({ event }) => ({ seq: event.seq, message: messageOf(event) }));
  const messages = pairs.flatMap(({ message }) => message ?? []);
  try {
    await bus.publish(messages, { signal });
    return { results: pairs.map(({ seq }) => ({ seq, outcome: 'done' })), failure: undefined };
  } catch (error) {
    if (!isRefusal(error)) return { results: [], failure: failureOf(error, signal) };
  }
  // One of them is no message: alone each of the others gets through.
  const results: SettleResult[] = [];
  for (const { seq, message } of pairs) {
    try {
      if (message) await bus.publish([message], { signal });
      results.push({ seq, outcome: 'done' });
    } catch (error) {
      if (!isRefusal(error)) return { results, failure: failureOf(error, signal) };
      results.push({ seq, outcome: 'dead', error: error.message });
    }
  }
  return { results, failure: undefined };
}

/** Everything that an unchanged message would be refused for again. */
function isRefusal(error: unknown): error is ConductorError {
  return ConductorError.is(error, 'TOO_LARGE', 'VALIDATION_FAILED');
}

/** An abort is not thrown before what was told is settled. */
function failureOf(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted || (ConductorError.is(error) && error.retryable)) return error;
  throw error;
}

/** Not aborted: what was told should be known as told. */
async function settle(subscriptions: Subscriptions, claim: Claim, results: readonly SettleResult[]): Promise<void> {
  try {
    await subscriptions.settle(claim, results);
  } catch (error) {
    // Another one took over, and tells the same under the same ids.
    if (!ConductorError.is(error, 'FENCED')) throw error;
  }
}

function retryable(error: unknown): unknown {
  if (ConductorError.is(error) && error.retryable) return error;
  throw error;
}
