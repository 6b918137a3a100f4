import { anySignal, ConductorError, raceAbort } from '@conductor/core';
import type { Clock, Json, WorkItem, WorkQueue } from '@conductor/core/ports';
import { checkedBody, checkTake } from './messages.js';
import { createRecentIds } from './recent-ids.js';
import type { RecentIds } from './recent-ids.js';
import { checkTopic } from './topics.js';

/** Ids of finished items that a push is compared with; above it the oldest are forgotten. */
const rememberedIds = 10_000;

export interface WorkQueueContext {
  readonly clock: Clock;
  readonly messageBytes: number;
  readonly maxAttempts: number;
  checkOpen(): void;
  onDead(queue: string, id: string, attempt: number, reason: string): Promise<void>;
}

/** One item. While `out` names a take, the item is invisible until `dueMs`; else it can be taken from `dueMs` on. */
interface Entry {
  readonly id: string;
  readonly body: Json;
  attempt: number;
  dueMs: number;
  out: object | undefined;
}

interface Line {
  readonly name: string;
  readonly entries: Map<string, Entry>;
  readonly finished: RecentIds;
  /** Resolved and renewed at every change, so that waiting takers look again. */
  changed: { readonly promise: Promise<void>; readonly resolve: () => void };
}

/**
 * Work queues in memory: at least once, in the order of pushing as far as delays allow. An item that is neither acked nor
 * given back before its visibility ends is offered again, with the next attempt. Monotonic time of the clock.
 */
export function createWorkQueue(context: WorkQueueContext): { readonly port: WorkQueue; close(): void } {
  const lines = new Map<string, Line>();
  const closing = new AbortController();
  const lineOf = (name: string) => {
    checkTopic(name);
    const line: Line = lines.get(name) ?? {
      name,
      entries: new Map(),
      finished: createRecentIds(rememberedIds),
      changed: openSignal(),
    };
    lines.set(name, line);
    return line;
  };

  const port: WorkQueue = Object.freeze<WorkQueue>({
    async push(queue, items, { signal } = {}) {
      signal?.throwIfAborted();
      context.checkOpen();
      const line = lineOf(queue);
      const nowMs = context.clock.monotonic();
      // All are checked before the first is there: items are taken or refused together.
      const copies = items.map((item) => copied(queue, item, context.messageBytes));
      for (const { id, body, delayMs = 0 } of copies) {
        if (line.entries.has(id) || line.finished.has(id)) continue;
        line.entries.set(id, {
          id,
          body,
          attempt: 0,
          dueMs: nowMs + Math.max(0, delayMs),
          out: undefined,
        });
      }
      wake(line);
    },

    async *take(queue, { max, visibleMs, signal }) {
      signal?.throwIfAborted();
      context.checkOpen();
      checkTake({ max, visibleMs });
      const line = lineOf(queue);
      const mine = new Map<object, Entry>();
      const either = anySignal([signal, closing.signal]);
      try {
        for (;;) {
          signal?.throwIfAborted();
          context.checkOpen();
          const nowMs = context.clock.monotonic();
          forgetLost(mine, nowMs);
          const entry = mine.size < max ? firstVisible(line, nowMs) : undefined;
          // Nobody finished it as often as it was offered: this time it goes to the others of its kind.
          if (entry && entry.attempt >= context.maxAttempts)
            await takeEntry(entry, { line, mine, visibleMs, context }).dead(lastAttempt(context.maxAttempts));
          else if (entry) yield takeEntry(entry, { line, mine, visibleMs, context });
          else await changeOrDue(line, context.clock, either.signal);
        }
      } finally {
        either.dispose();
      }
    },
  });
  return { port, close: () => closing.abort(new ConductorError('CLOSED', 'This message bus is closed')) };
}

function firstVisible(line: Line, nowMs: number): Entry | undefined {
  for (const entry of line.entries.values()) if (entry.dueMs <= nowMs) return entry;
  return undefined;
}

/** What this taker has out and did not finish in time is not its own any more. */
function forgetLost(mine: Map<object, Entry>, nowMs: number): void {
  for (const [take, entry] of mine) if (entry.out !== take || entry.dueMs <= nowMs) mine.delete(take);
}

function nextDue(line: Line, nowMs: number): number {
  let dueMs = Infinity;
  for (const entry of line.entries.values()) if (entry.dueMs > nowMs && entry.dueMs < dueMs) dueMs = entry.dueMs;
  return dueMs;
}

interface TakeContext {
  readonly line: Line;
  readonly mine: Map<object, Entry>;
  readonly visibleMs: number;
  readonly context: WorkQueueContext;
}

function takeEntry(entry: Entry, { line, mine, visibleMs, context }: TakeContext): WorkItem {
  const take = {};
  const { clock } = context;
  entry.attempt += 1;
  entry.out = take;
  entry.dueMs = clock.monotonic() + visibleMs;
  mine.set(take, entry);

  const attempt = entry.attempt;
  const checkHeld = () => {
    context.checkOpen();
    if (entry.out !== take || entry.dueMs <= clock.monotonic())
      throw new ConductorError('LEASE_EXPIRED', `Item ${entry.id} was not finished in time and is offered again`, {
        details: { queue: line.name, attempt },
      });
  };
  const letGo = () => {
    entry.out = undefined;
    mine.delete(take);
    wake(line);
  };
  const finish = () => {
    line.entries.delete(entry.id);
    line.finished.add(entry.id);
    letGo();
  };
  const dead = async (reason: string) => {
    checkHeld();
    finish();
    await context.onDead(line.name, entry.id, Math.min(attempt, context.maxAttempts), reason);
  };
  return Object.freeze<WorkItem>({
    id: entry.id,
    body: structuredClone(entry.body),
    attempt,
    async ack() {
      checkHeld();
      finish();
    },
    async extend(ms) {
      checkHeld();
      entry.dueMs = clock.monotonic() + ms;
      wake(line);
    },
    async retry(delayMs) {
      if (attempt >= context.maxAttempts) return dead(lastAttempt(context.maxAttempts));
      checkHeld();
      entry.dueMs = clock.monotonic() + Math.max(0, delayMs);
      letGo();
    },
    dead,
  });
}

/** Why an item is given up that nobody gave up. */
export function lastAttempt(maxAttempts: number): string {
  return `Not finished in ${maxAttempts} attempts`;
}

interface PushedItem {
  readonly id: string;
  readonly body: Json;
  readonly delayMs?: number;
}

function copied(queue: string, { id, body, delayMs }: PushedItem, maxBytes: number): PushedItem {
  const text = checkedBody(`an item of ${queue}`, { id, body }, maxBytes);
  return { id, body: JSON.parse(text) as Json, ...(delayMs !== undefined && { delayMs }) }; // what was a Json value
}

/** Ends at the next change of the line, or when its next item is due. */
async function changeOrDue(line: Line, clock: Clock, signal: AbortSignal): Promise<void> {
  const nowMs = clock.monotonic();
  const dueMs = nextDue(line, nowMs);
  const timer = new AbortController();
  const either = anySignal([signal, timer.signal]);
  const waits = [line.changed.promise];
  if (Number.isFinite(dueMs)) waits.push(clock.sleep(dueMs - nowMs, { signal: either.signal }));
  try {
    await raceAbort(Promise.race(waits), signal);
  } finally {
    timer.abort();
    either.dispose();
  }
}

function wake(line: Line): void {
  line.changed.resolve();
  line.changed = openSignal();
}

function openSignal(): Line['changed'] {
  let resolve = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
