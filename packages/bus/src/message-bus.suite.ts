import { ConductorError, type AnyErrorCode } from '@conductor/core';
import type { BusMessage, Clock, Json, MessageBus, WorkItem, WorkQueue } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';

/** What the suite hands to a driver: bodies of at most 64 KiB are the driver's own default. */
export interface OpenMessageBus {
  (options: { readonly clock: Clock }): Promise<MessageBus>;
}

const at = '2026-02-01T12:00:00.000Z';
const message = (id: string, topic: string, body: Json = { id }): BusMessage => ({ id, topic, body, at });
const refusal = (code: AnyErrorCode) => expect.objectContaining({ code });

/** Reads exactly `count` messages and stops. */
async function take(source: AsyncIterable<BusMessage>, count: number): Promise<(BusMessage & { cursor?: string })[]> {
  const read: BusMessage[] = [];
  for await (const one of source) if (read.push(one) === count) break;
  return read;
}
const ids = (messages: readonly { readonly id: string }[]) => messages.map(({ id }) => id);

/**
 * The contract of the MessageBus port: order, patterns, bounds, abort, close, and behind the capabilities `replay` and
 * `workQueue` what they claim. A driver is a driver when this passes, unchanged. `open` is called once a test and gives a
 * bus that nobody else publishes on.
 */
export function messageBusSuite(name: string, open: OpenMessageBus): void {
  describe(`MessageBus contract: ${name}`, () => {
    const openBus = async () => {
      const clock = new FakeClock();
      return { clock, bus: await open({ clock }) };
    };
    deliveryTests(openBus);
    endingTests(openBus);
    replayTests(openBus);
    queueTests(openBus);
  });
}

type OpenBus = () => Promise<{ readonly clock: FakeClock; readonly bus: MessageBus }>;

function deliveryTests(openBus: OpenBus): void {
  describe('delivery', () => {
    it('gives every reader of a topic every message, in the order of publishing', async () => {
      const { bus } = await openBus();
      const readers = [bus.subscribe('run/1/output'), bus.subscribe('run/1/output')];
      await bus.publish([message('a', 'run/1/output'), message('b', 'run/2/output')]);
      await bus.publish([message('c', 'run/1/output')]);
      for (const reader of readers) expect(ids(await take(reader, 2))).toEqual(['a', 'c']);
      await bus.close();
    });

    it('hands over id, topic, body and time as they were published', async () => {
      const { bus } = await openBus();
      const reader = bus.subscribe('feed');
      const sent = message('a', 'feed', { nested: [1, null, { text: 'ü' }], constructor: 'a word' });
      await bus.publish([sent]);
      expect((await take(reader, 1))[0]).toMatchObject(sent);
      await bus.close();
    });

    it('matches one segment with *, the rest with **, and neither with nothing', async () => {
      const { bus } = await openBus();
      const patterns = ['track/*/progress', 'track/**', 'track/x/*', 'track/*', '**'];
      const readers = patterns.map((pattern) => [pattern, bus.subscribe(pattern)] as const);
      const topics = ['track/x/progress', 'track/y/progress', 'track/x/queue/z', 'track', 'track/x', 'feed'];
      await bus.publish([...topics.map((topic) => message(topic, topic))]);
      const seen = new Map<string, readonly string[]>();
      await bus.close();
      for (const [pattern, reader] of readers) seen.set(pattern, ids(await take(reader, 99)));
      expect(Object.fromEntries(seen)).toEqual({
        'track/*/progress': ['track/x/progress', 'track/y/progress'],
        'track/**': ['track/x/progress', 'track/y/progress', 'track/x/queue/z', 'track/x'],
        'track/x/*': ['track/x/progress'],
        'track/*': ['track/x'],
        '**': topics,
      });
    });

    it('does not let a reader or the publisher change what others get', async () => {
      const { bus } = await openBus();
      const readers = [bus.subscribe('feed'), bus.subscribe('**')];
      const body = { list: [1] };
      await bus.publish([message('a', 'feed', body)]);
      body.list.push(2);
      for (const reader of readers) {
        const [read] = await take(reader, 1);
        expect(read?.body).toEqual({ list: [1] });
        const frozen = read?.body as { list: number[] };
        expect(() => frozen.list.push(3)).toThrow(TypeError);
      }
      await bus.close();
    });

    it('never lets a slow reader hold up a publisher, and loses progress before anything else', async () => {
      const { bus } = await openBus();
      const slow = bus.subscribe('track/**');
      await bus.publish([message('fact', 'track/x/step')]);
      const many = Array.from({ length: 20_000 }, (_, index) => message(`p${index}`, 'track/x/progress'));
      for (let index = 0; index < many.length; index += 500) await bus.publish(many.slice(index, index + 500));
      await bus.close();
      const read = ids(await take(slow, 30_000));
      expect(read.length).toBeLessThan(many.length);
      expect([read[0], read.at(-1)]).toEqual(['fact', 'p19999']);
    });

    it('refuses bodies above 64 KiB and topics that are none, and then tells nothing of the batch', async () => {
      const { bus } = await openBus();
      const reader = bus.subscribe('**');
      const big = message('big', 'feed', 'ü'.repeat(40_000));
      await expect(bus.publish([message('a', 'feed'), big])).rejects.toEqual(refusal('TOO_LARGE'));
      for (const topic of ['', 'a//b', 'a/*', '/a', 'a\nb'])
        await expect(bus.publish([message('a', 'feed'), message('b', topic)])).rejects.toEqual(
          refusal('VALIDATION_FAILED'),
        );
      await expect(bus.publish([message('a', 'feed', NaN)])).rejects.toEqual(refusal('VALIDATION_FAILED'));
      await bus.publish([message('end', 'feed')]);
      expect(ids(await take(reader, 1))).toEqual(['end']);
      for (const pattern of ['a//b', 'a/b*', '**/a'])
        await expect(take(bus.subscribe(pattern), 1)).rejects.toEqual(refusal('VALIDATION_FAILED'));
      await bus.close();
    });
  });
}

function endingTests(openBus: OpenBus): void {
  describe('ending', () => {
    it('rejects with the reason of an aborted signal, before and during a wait', async () => {
      const { bus } = await openBus();
      const reason = new Error('enough');
      const aborted = { signal: AbortSignal.abort(reason) };
      await expect(bus.publish([message('a', 'feed')], aborted)).rejects.toBe(reason);
      await expect(take(bus.subscribe('feed', aborted), 1)).rejects.toBe(reason);

      const abort = new AbortController();
      const waiting = take(bus.subscribe('feed', { signal: abort.signal }), 1);
      abort.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      await bus.close();
    });

    it('stops when its reader stops', async () => {
      const { bus } = await openBus();
      const reader = bus.subscribe('feed')[Symbol.asyncIterator]();
      const waiting = reader.next();
      await reader.return?.();
      await bus.publish([message('late', 'feed')]);
      expect(await waiting).toEqual({ done: true, value: undefined });
      expect(await reader.next()).toEqual({ done: true, value: undefined });
      await bus.close();
    });

    it('ends subscriptions on close, after what they have, and rejects everything later with CLOSED', async () => {
      const { bus } = await openBus();
      const [reader, idle] = [bus.subscribe('feed'), take(bus.subscribe('other'), 1)];
      await bus.publish([message('a', 'feed')]);
      await bus.close();
      await bus.close();
      expect(ids(await take(reader, 9))).toEqual(['a']);
      expect(await idle).toEqual([]);
      await expect(bus.publish([message('b', 'feed')])).rejects.toEqual(refusal('CLOSED'));
      await expect(take(bus.subscribe('feed'), 1)).rejects.toEqual(refusal('CLOSED'));
    });
  });
}

function replayTests(openBus: OpenBus): void {
  describe('replay', () => {
    it('goes on after a cursor without a gap or a repeat, or refuses the wish at once', async () => {
      const { bus } = await openBus();
      if (!bus.driver.capabilities.replay) {
        await expect(take(bus.subscribe('**', { after: 'x' }), 1)).rejects.toEqual(refusal('UNSUPPORTED'));
        return bus.close();
      }
      const reader = bus.subscribe('**');
      await bus.publish(['a', 'b', 'c', 'd'].map((id) => message(id, id === 'c' ? 'other' : 'feed')));
      const [, second] = await take(reader, 2);
      const again = bus.subscribe('feed', { after: second?.cursor ?? '' });
      await bus.publish([message('e', 'feed')]);
      expect(ids(await take(again, 2))).toEqual(['d', 'e']);
      for (const cursor of ['', 'nonsense', `${second?.cursor}9`, '__proto__'])
        await expect(take(bus.subscribe('feed', { after: cursor }), 1)).rejects.toEqual(refusal('CURSOR_INVALID'));
      return bus.close();
    });
  });
}

function queueTests(openBus: OpenBus): void {
  const openQueue = async (run: (tools: { queue: WorkQueue; clock: FakeClock; bus: MessageBus }) => Promise<void>) => {
    const { bus, clock } = await openBus();
    expect(bus.driver.capabilities.workQueue).toBe(bus.queue !== undefined);
    if (bus.queue) await run({ queue: bus.queue, clock, bus });
    await bus.close();
  };
  const taker = (queue: WorkQueue, o: { max?: number; visibleMs?: number; signal?: AbortSignal } = {}) =>
    queue.take('jobs', { max: 10, visibleMs: 1000, ...o })[Symbol.asyncIterator]();
  const next = async (items: AsyncIterator<WorkItem>): Promise<WorkItem> => {
    const { value, done } = await items.next();
    if (done) throw new Error('the queue ended');
    return value;
  };
  const push = (queue: WorkQueue, ...names: string[]) =>
    queue.push('jobs', names.map((id) => ({ id, body: { job: id } }))); // prettier-ignore

  describe('work queue', () => {
    it('gives each item to one taker, in the order of pushing', () =>
      openQueue(async ({ queue }) => {
        await push(queue, 'a', 'b', 'c');
        const [first, second] = [taker(queue), taker(queue)];
        const taken = [await next(first), await next(second), await next(first)];
        expect(taken.map(({ id, body, attempt }) => [id, body, attempt])).toEqual([
          ['a', { job: 'a' }, 1],
          ['b', { job: 'b' }, 1],
          ['c', { job: 'c' }, 1],
        ]);
      }));

    it('offers an item again when its time is over, and takes no late answer for it', () =>
      openQueue(async ({ queue, clock }) => {
        await push(queue, 'a');
        const [first, second] = [taker(queue), taker(queue)];
        const lost = await next(first);
        const waiting = next(second);
        await clock.advance(1000);
        const again = await waiting;
        expect([again.id, again.attempt]).toEqual(['a', 2]);
        await expect(lost.ack()).rejects.toEqual(refusal('LEASE_EXPIRED'));
        await again.ack();
        await expect(again.ack()).rejects.toEqual(refusal('LEASE_EXPIRED'));
      }));

    it('keeps an item invisible while its time is extended', () =>
      openQueue(async ({ queue, clock }) => {
        await push(queue, 'a');
        const item = await next(taker(queue));
        await clock.advance(900);
        await item.extend(1000);
        await clock.advance(900);
        await item.ack();
      }));

    it('waits with an item that was pushed or given back with a delay', () =>
      openQueue(async ({ queue, clock }) => {
        await queue.push('jobs', [{ id: 'later', body: 1, delayMs: 500 }]);
        await push(queue, 'now');
        const items = taker(queue);
        const now = await next(items);
        expect(now.id).toBe('now');
        await now.retry(200);
        const first = next(items);
        await clock.advance(200);
        expect([(await first).id, (await first).attempt]).toEqual(['now', 2]);
        const second = next(items);
        await clock.advance(300);
        expect((await second).id).toBe('later');
      }));

    it('takes the same id once, also after it is done', () =>
      openQueue(async ({ queue }) => {
        await push(queue, 'a', 'a');
        const items = taker(queue);
        await (await next(items)).ack();
        await push(queue, 'a', 'b');
        expect((await next(items)).id).toBe('b');
      }));

    it('gives a taker no more than it asked for until it has finished some', () =>
      openQueue(async ({ queue }) => {
        await push(queue, 'a', 'b');
        const items = taker(queue, { max: 1 });
        const first = await next(items);
        const waiting = next(items);
        expect(await Promise.race([waiting.then(() => 'second'), Promise.resolve('nothing')])).toBe('nothing');
        await first.ack();
        expect((await waiting).id).toBe('b');
      }));

    it('tells of an item that is given up, and does not offer it again', () =>
      openQueue(async ({ queue, bus }) => {
        const graves = bus.subscribe('queue/*/dead');
        await push(queue, 'a', 'b');
        const items = taker(queue);
        await (await next(items)).dead('cannot be read');
        expect((await next(items)).id).toBe('b');
        const [grave] = await take(graves, 1);
        expect(grave).toMatchObject({
          topic: 'queue/jobs/dead',
          body: { id: 'a', attempt: 1, reason: 'cannot be read' },
        });
      }));

    it('leaves no timer behind when a taker is aborted or the bus closes', () =>
      openQueue(async ({ queue, clock, bus }) => {
        await queue.push('jobs', [{ id: 'later', body: 1, delayMs: 5000 }]);
        const abort = new AbortController();
        const aborted = expect(next(taker(queue, { signal: abort.signal }))).rejects.toThrow('enough');
        const closed = expect(next(taker(queue))).rejects.toEqual(refusal('CLOSED'));
        await clock.turn();
        abort.abort(new Error('enough'));
        await aborted;
        await bus.close();
        await closed;
        expect(clock.pending).toBe(0);
        expect(ConductorError.is(await push(queue, 'x').catch((error: unknown) => error), 'CLOSED')).toBe(true);
      }));
  });
}
