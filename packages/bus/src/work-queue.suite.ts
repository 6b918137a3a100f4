import { ConductorError } from '@conductor/core';
import type { MessageBus, WorkItem, WorkQueue } from '@conductor/core/ports';
import type { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { hostileWords, maxAttempts, refusal, take } from './suite-messages.js';
import type { OpenBus } from './suite-messages.js';

/** What the capability `workQueue` claims. */
export function workQueueTests(openBus: OpenBus): void {
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
    it('refuses a taker that could never hold anything', () =>
      openQueue(async ({ queue }) => {
        for (const odd of [{ max: 0 }, { max: NaN }, { max: 0.5 }, { visibleMs: 0 }, { visibleMs: Infinity }])
          await expect(next(taker(queue, odd))).rejects.toEqual(refusal('VALIDATION_FAILED'));
      }));

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

    it('gives up an item that nobody finishes, after as many attempts as it was told', () =>
      openQueue(async ({ queue, bus, clock }) => {
        const graves = bus.subscribe('queue/jobs/dead')[Symbol.asyncIterator]();
        await push(queue, 'given back', 'lost');
        const items = taker(queue);
        for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
          const [first, second] = [await next(items), await next(items)];
          expect([first.attempt, second.attempt]).toEqual([attempt, attempt]);
          await (first.id === 'lost' ? second : first).retry(0);
          if (attempt < maxAttempts) await clock.advance(1000);
        }
        const { value: givenBack } = await graves.next();
        expect(givenBack.body).toMatchObject({ id: 'given back', attempt: maxAttempts });
        await push(queue, 'fine');
        await (await next(items)).ack();
        const [grave, waiting] = [graves.next(), next(items).catch(() => undefined)];
        await clock.advance(1000);
        const { value: lost } = await grave;
        expect(lost.body).toMatchObject({ id: 'lost', attempt: maxAttempts });
        await bus.close();
        expect(await waiting).toBeUndefined();
      }));

    it('counts an attempt when an item is offered, not while it waits to be due', () =>
      openQueue(async ({ queue, clock }) => {
        const items = taker(queue);
        const waiting = next(items);
        await queue.push('jobs', [{ id: 'later', body: null, delayMs: 300 }]);
        await clock.advance(300);
        const first = await waiting;
        expect([first.id, first.attempt]).toEqual(['later', 1]);
        await first.retry(0);
        expect((await next(items)).attempt).toBe(2);
      }));

    it('gives each of many items to one of many takers', () =>
      openQueue(async ({ queue }) => {
        const names = Array.from({ length: 60 }, (_, index) => `job-${index}`);
        await push(queue, ...names);
        const stop = new AbortController();
        const done: string[] = [];
        const work = async () => {
          for await (const item of queue.take('jobs', { max: 3, visibleMs: 1000, signal: stop.signal })) {
            done.push(item.id);
            await item.ack();
            if (done.length === names.length) stop.abort(new Error('all done'));
          }
        };
        const ends = await Promise.allSettled([work(), work(), work(), work()]);
        expect(ends.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'rejected'));
        expect([...done].sort()).toEqual([...names].sort());
      }));

    it('keeps queues apart whose names are alike, and takes any id', () =>
      openQueue(async ({ queue }) => {
        const names = hostileWords.filter((word) => !word.includes('*'));
        for (const name of names) await queue.push(name, [{ id: `${name}\r\n\u0000`, body: { name } }]);
        for (const name of names) {
          const items = queue.take(name, { max: 1, visibleMs: 1000 })[Symbol.asyncIterator]();
          const { id, body, ack } = await next(items);
          expect([id, body]).toEqual([`${name}\r\n\u0000`, { name }]);
          await ack();
          await items.return?.();
        }
      }));

    it('refuses items above 64 KiB and names that are none, and then takes nothing of the batch', () =>
      openQueue(async ({ queue }) => {
        const big = { id: 'big', body: 'ü'.repeat(40_000) };
        await expect(queue.push('jobs', [{ id: 'a', body: 1 }, big])).rejects.toEqual(refusal('TOO_LARGE'));
        const wrong = { id: '', body: 1 };
        await expect(queue.push('jobs', [{ id: 'b', body: 1 }, wrong])).rejects.toEqual(refusal('VALIDATION_FAILED'));
        for (const name of ['', 'a/*', 'a//b'])
          await expect(queue.push(name, [{ id: 'a', body: 1 }])).rejects.toEqual(refusal('VALIDATION_FAILED'));
        await push(queue, 'end');
        expect((await next(taker(queue))).id).toBe('end');
      }));

    it('rejects with the reason of an aborted signal', () =>
      openQueue(async ({ queue }) => {
        const reason = new Error('enough');
        const signal = AbortSignal.abort(reason);
        await expect(queue.push('jobs', [{ id: 'a', body: 1 }], { signal })).rejects.toBe(reason);
        await expect(next(taker(queue, { signal }))).rejects.toBe(reason);
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
