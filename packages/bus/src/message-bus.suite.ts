import type { MessageBus } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { hostileWords, ids, maxAttempts, message, refusal, take } from './suite-messages.js';
import type { OpenBus, OpenMessageBus } from './suite-messages.js';
import { twoHandleTests } from './two-handles.suite.js';
import { workQueueTests } from './work-queue.suite.js';

/**
 * The contract of the MessageBus port: order, patterns, bounds, abort, close, and behind the capabilities `replay` and
 * `workQueue` what they claim, and behind a `reach` beyond the process what several handles see of each other. A driver is a
 * driver when this passes, unchanged. Each test has a space of its own, on which nobody else publishes.
 */
export function messageBusSuite(name: string, open: OpenMessageBus): void {
  describe(`MessageBus contract: ${name}`, () => {
    const opened: MessageBus[] = [];
    let spaces = 0;
    const openBus: OpenBus = async () => {
      const clock = new FakeClock();
      spaces += 1;
      const another = async ({ space = `space-${spaces}` } = {}) => {
        const bus = await open({ clock, space, maxAttempts });
        opened.push(bus);
        return bus;
      };
      return { clock, bus: await another(), another };
    };
    afterEach(() => Promise.all(opened.splice(0).map((bus) => bus.close())));
    deliveryTests(openBus);
    hostileTests(openBus);
    endingTests(openBus);
    replayTests(openBus);
    workQueueTests(openBus);
    twoHandleTests(openBus);
  });
}

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
      const many = Array.from({ length: 6_000 }, (_, index) => message(`p${index}`, 'track/x/progress'));
      for (let index = 0; index < many.length; index += 500) await bus.publish(many.slice(index, index + 500));
      await bus.close();
      const read = ids(await take(slow, 9_000));
      expect(read.length).toBeLessThan(many.length);
      expect([read[0], read.at(-1)]).toEqual(['fact', 'p5999']);
    });

    it('keeps the order of calls that do not wait for each other', async () => {
      const { bus } = await openBus();
      const reader = bus.subscribe('feed');
      const names = Array.from({ length: 300 }, (_, index) => `m${index}`);
      await Promise.all(names.map((name) => bus.publish([message(name, 'feed')])));
      expect(ids(await take(reader, names.length))).toEqual(names);
    });

    it('tells a message once, however often it is published, and knows it by id and topic', async () => {
      const { bus } = await openBus();
      const reader = bus.subscribe('**');
      await bus.publish([message('a', 'feed'), message('a', 'feed'), message('a', 'other')]);
      await bus.publish([message('b', 'feed'), message('a', 'feed')]);
      await bus.close();
      expect((await take(reader, 99)).map(({ id, topic }) => [id, topic])).toEqual([
        ['a', 'feed'],
        ['a', 'other'],
        ['b', 'feed'],
      ]);
    });

    it('takes a body of 64 KiB to the byte', async () => {
      const { bus } = await openBus();
      const reader = bus.subscribe('feed');
      const full = 'x'.repeat(64 * 1024 - 2); // two quotes around it
      await bus.publish([message('full', 'feed', full)]);
      expect((await take(reader, 1))[0]?.body).toBe(full);
      await expect(bus.publish([message('more', 'feed', `${full}x`)])).rejects.toEqual(refusal('TOO_LARGE'));
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

function hostileTests(openBus: OpenBus): void {
  describe('hostile topics', () => {
    it('are each their own topic, whatever their letters mean elsewhere', async () => {
      const { bus } = await openBus();
      const readers = hostileWords.map((word) => bus.subscribe(`track/${word}`));
      const nested = hostileWords.map((word) => bus.subscribe(`${word}/*`));
      await bus.publish(hostileWords.map((word, index) => message(`one-${index}`, `track/${word}`)));
      await bus.publish(hostileWords.map((word, index) => message(`two-${index}`, `${word}/x`)));
      await bus.close();
      const read: (readonly string[])[] = [];
      for (const reader of [...readers, ...nested]) read.push(ids(await take(reader, 99)));
      const wanted = [...hostileWords.map((_, index) => [`one-${index}`]), ...hostileWords.map((_, n) => [`two-${n}`])];
      expect(read).toEqual(wanted);
    });

    it('come back as they were, with ids of the same kind, as far down as a topic may go', async () => {
      const { bus } = await openBus();
      const topics = [...hostileWords, 'ü/'.repeat(255) + 'ü', '日本/'.repeat(170) + '日', '\ud83d/'.repeat(255) + 'x'];
      const reader = bus.subscribe('**');
      const sent = topics.map((topic, index) => message(`${topic} \r\n\u0000 ${index}`, topic));
      await bus.publish(sent);
      expect((await take(reader, sent.length)).map(({ id, topic }) => ({ id, topic }))).toEqual(
        sent.map(({ id, topic }) => ({ id, topic })),
      );
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

    it('finishes on close what was being published, and gives it to its readers', async () => {
      const { bus } = await openBus();
      const reader = bus.subscribe('feed');
      const names = Array.from({ length: 20 }, (_, index) => `m${index}`);
      const published = names.map((name) => bus.publish([message(name, 'feed')]));
      const closed = bus.close();
      await Promise.all(published);
      await closed;
      expect(ids(await take(reader, 99))).toEqual(names);
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
