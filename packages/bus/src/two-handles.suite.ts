import type { MessageBus, WorkItem } from '@conductor/core/ports';
import { describe, expect, it } from 'vitest';
import { ids, message, take } from './suite-messages.js';
import type { OpenBus } from './suite-messages.js';

/** What several handles see of each other: processes and machines are that to a bus. */
export function twoHandleTests(openBus: OpenBus): void {
  type Handles = { readonly one: MessageBus; readonly two: MessageBus } & Awaited<ReturnType<OpenBus>>;
  const openTwo = async (run: (handles: Handles) => Promise<void>) => {
    const opened = await openBus();
    // A bus of one process has no second handle.
    if (opened.bus.driver.capabilities.reach === 'process') return;
    await run({ ...opened, one: opened.bus, two: await opened.another() });
  };
  const next = async (items: AsyncIterator<WorkItem>): Promise<WorkItem> => {
    const { value, done } = await items.next();
    if (done) throw new Error('the queue ended');
    return value;
  };

  describe('several handles', () => {
    it('read what each publishes, in the order of each', () =>
      openTwo(async ({ one, two }) => {
        const reader = one.subscribe('feed');
        await one.publish([message('ready', 'feed')]); // from here on the reader is there for others too
        const names = Array.from({ length: 50 }, (_, index) => index);
        await Promise.all(
          names.flatMap((n) => [
            one.publish([message(`one-${n}`, 'feed')]),
            two.publish([message(`two-${n}`, 'feed')]),
          ]),
        );
        const read = ids(await take(reader, 101)).slice(1);
        for (const from of ['one', 'two'])
          expect(read.filter((id) => id.startsWith(from))).toEqual(names.map((n) => `${from}-${n}`));
      }));

    it('of another space hear nothing', () =>
      openTwo(async ({ one, another }) => {
        const other = await another({ space: 'elsewhere' });
        const reader = one.subscribe('**');
        await one.publish([message('a', 'feed')]);
        await other.publish([message('b', 'feed')]);
        await one.publish([message('c', 'feed')]);
        await one.close();
        expect(ids(await take(reader, 99))).toEqual(['a', 'c']);
      }));

    it('know a message that another one published', () =>
      openTwo(async ({ one, two }) => {
        const reader = one.subscribe('feed');
        await one.publish([message('a', 'feed')]);
        await two.publish([message('a', 'feed'), message('b', 'feed')]);
        expect(ids(await take(reader, 2))).toEqual(['a', 'b']);
      }));

    it('go on after the cursor of one that is closed', () =>
      openTwo(async ({ one, another }) => {
        if (!one.driver.capabilities.replay) return;
        const reader = one.subscribe('feed');
        await one.publish(['a', 'b', 'c'].map((id) => message(id, 'feed')));
        const [, second] = await take(reader, 2);
        await one.close();
        const later = await another();
        await later.publish([message('d', 'feed')]);
        expect(ids(await take(later.subscribe('feed', { after: second?.cursor ?? '' }), 2))).toEqual(['c', 'd']);
      }));

    it('share a queue: each item is one taker’s, wherever it was pushed', () =>
      openTwo(async ({ one, two }) => {
        if (!one.queue || !two.queue) return;
        const names = Array.from({ length: 40 }, (_, index) => `job-${index}`);
        const stop = new AbortController();
        const done: string[] = [];
        const work = async ({ queue }: MessageBus) => {
          for await (const item of queue?.take('jobs', { max: 2, visibleMs: 1000, signal: stop.signal }) ?? []) {
            done.push(item.id);
            await item.ack();
            if (done.length === names.length) stop.abort(new Error('all done'));
          }
        };
        const works = Promise.allSettled([work(one), work(two)]);
        const items = names.map((id) => ({ id, body: null }));
        await Promise.all([one.queue.push('jobs', items), two.queue.push('jobs', items)]);
        await works;
        expect([...done].sort()).toEqual([...names].sort());
      }));

    it('get at once what one held that closes', () =>
      openTwo(async ({ one, two }) => {
        if (!one.queue || !two.queue) return;
        await one.queue.push('jobs', [{ id: 'a', body: null }]);
        const terms = { max: 1, visibleMs: 60_000 };
        await next(one.queue.take('jobs', terms)[Symbol.asyncIterator]());
        await one.close();
        const again = await next(two.queue.take('jobs', terms)[Symbol.asyncIterator]());
        expect([again.id, again.attempt]).toEqual(['a', 2]);
      }));
  });
}
