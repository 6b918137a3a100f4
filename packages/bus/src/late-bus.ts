import { ConductorError, delayMs, raceAbort, systemClock, withTimeout } from '@conductor/core';
import type { BusMessage, Clock, MessageBus, Opt, WorkItem } from '@conductor/core/ports';
import { rejecting } from './messages.js';

export interface LateBusOptions extends Opt {
  /** Of the bus that is to come: who holds it asks before it is there. */
  readonly driver: MessageBus['driver'];
  /** Opens the bus; called again after each failure. */
  connect(o: Opt): Promise<MessageBus>;
  /** How long opening waits for the first try; default 1 s. */
  readonly patienceMs?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Told once, when the first try failed or took too long: `BUS_FAILED`. */
  onDown?(error: ConductorError): void;
  /** Told once, when the bus is there after all. */
  onUp?(): void;
}

type Cursored = BusMessage & { readonly cursor?: string };

const backoff = { baseMs: 250, maxMs: 5_000 };

/**
 * A bus whose server may be away when it is opened: a bus is a wake-up, so nobody has to wait for it. With a server that answers in
 * time it is what `connect` opens. Else it tries again until it is closed, every five seconds at last; meanwhile a publish and a push
 * throw BUS_FAILED at once, readers and takers wait, and a reader hears what is published through this bus after it is there. Throws what
 * `connect` throws other than BUS_FAILED.
 */
export async function lateBus(options: LateBusOptions): Promise<MessageBus> {
  const { connect, clock = systemClock(), patienceMs: timeoutMs = 1_000, signal, onDown = () => {} } = options;
  signal?.throwIfAborted();
  const closing = new AbortController();
  const first = connect({ signal: closing.signal });
  const error = () => new ConductorError('BUS_FAILED', `The bus did not answer within ${timeoutMs} ms`);
  try {
    return await withTimeout(first, { timeoutMs, clock, signal, error });
  } catch (failure) {
    if (signal?.aborted || !ConductorError.is(failure, 'BUS_FAILED')) {
      closing.abort(failure);
      closeLate(first);
      throw failure;
    }
    onDown(failure);
    return absentBus({ ...options, clock }, { first, failure, closing });
  }
}

interface Absence {
  readonly first: Promise<MessageBus>;
  readonly failure: ConductorError;
  readonly closing: AbortController;
}

function absentBus(options: LateBusOptions & { readonly clock: Clock }, absence: Absence): MessageBus {
  const { driver, onUp = () => {} } = options;
  const { closing } = absence;
  let failure: unknown = absence.failure;
  let bus: MessageBus | undefined;
  const waiting = new Set<(bus: MessageBus) => void>();
  const isClosed = () => closing.signal.aborted;
  const coming = untilThere(options, absence, (error) => (failure = error)).then(
    (found) => {
      bus = found;
      // Before anybody can publish: who subscribed earlier hears it.
      for (const begin of waiting) begin(found);
      waiting.clear();
      onUp();
    },
    () => waiting.clear(), // closed
  );
  const there = (): MessageBus => {
    if (isClosed()) throw new ConductorError('CLOSED', 'This message bus is closed');
    if (bus) return bus;
    throw ConductorError.is(failure, 'BUS_FAILED') ? failure : notThere(failure);
  };
  const whenThere = <T>(begin: (bus: MessageBus) => AsyncIterable<T>, signal: AbortSignal | undefined) => {
    if (isClosed()) return rejecting(new ConductorError('CLOSED', 'This message bus is closed'));
    if (bus) return begin(bus);
    let source: AsyncIterable<T> | undefined;
    const start = (found: MessageBus) => void (source = begin(found));
    waiting.add(start);
    return (async function* (): AsyncGenerator<T, void, undefined> {
      try {
        await raceAbort(coming, signal);
      } finally {
        waiting.delete(start);
      }
      if (source) yield* source;
    })();
  };
  return Object.freeze<MessageBus>({
    driver,
    async publish(messages, o) {
      o?.signal?.throwIfAborted();
      return there().publish(messages, o);
    },
    subscribe: (topic, o): AsyncIterable<Cursored> => whenThere((found) => found.subscribe(topic, o), o?.signal),
    ...(driver.capabilities.workQueue && {
      queue: {
        async push(queue, items, o) {
          o?.signal?.throwIfAborted();
          return queueOf(there()).push(queue, items, o);
        },
        take: (queue, o): AsyncIterable<WorkItem> => whenThere((found) => queueOf(found).take(queue, o), o.signal),
      },
    }),
    async close() {
      closing.abort(new ConductorError('CLOSED', 'This message bus is closed'));
      await coming;
      await bus?.close();
    },
  });
}

/** Resolves with the bus, however late; rejects when `closing` aborts, and closes what comes after that. */
async function untilThere(
  { connect, clock }: LateBusOptions & { readonly clock: Clock },
  { first, closing: { signal } }: Absence,
  onFailure: (error: unknown) => void,
): Promise<MessageBus> {
  let attempt = first;
  for (let failures = 1; ; failures += 1) {
    try {
      return await raceAbort(attempt, signal);
    } catch (error) {
      if (signal.aborted) closeLate(attempt);
      signal.throwIfAborted();
      onFailure(error);
    }
    await clock.sleep(delayMs(backoff, Math.min(failures, 10)), { signal });
    attempt = connect({ signal });
  }
}

/** Nobody else will close what a try that was called off comes to. */
function closeLate(attempt: Promise<MessageBus>): void {
  attempt.then((late) => late.close()).catch(() => {}); // it has failed, as it may
}

function notThere(cause: unknown): ConductorError {
  return new ConductorError('BUS_FAILED', `The bus is not there yet: ${String(cause)}`, { cause });
}

function queueOf({ queue, driver }: MessageBus): NonNullable<MessageBus['queue']> {
  if (queue) return queue;
  throw new ConductorError('CAPABILITY_MISSING', `The bus ${driver.name} has no work queue`);
}
