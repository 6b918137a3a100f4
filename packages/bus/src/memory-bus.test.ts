import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { memoryBus } from './memory-bus.js';
import { messageBusSuite } from './message-bus.suite.js';

messageBusSuite('memory', async ({ clock, maxAttempts }) => memoryBus({ clock, limits: { maxAttempts } }));

const at = '2026-02-01T12:00:00.000Z';
const message = (n: number, topic = 'feed') => ({ id: `m${n}`, topic, body: n, at });

async function all(source: AsyncIterable<{ readonly body: unknown }>): Promise<readonly unknown[]> {
  const read: unknown[] = [];
  for await (const { body } of source) read.push(body);
  return read;
}

describe('the bounds of a memory bus', () => {
  it('drop the oldest progress first, then the oldest', async () => {
    const bus = memoryBus({ clock: new FakeClock(), limits: { buffered: 3 } });
    const reader = bus.subscribe('**');
    const progress = { type: 'PROGRESS' };
    await bus.publish([message(1), message(2, 'track/x/progress'), { ...message(3, 'track/x/queue'), body: progress }]);
    await bus.publish([message(4), message(5), message(6)]);
    await bus.close();
    expect(await all(reader)).toEqual([4, 5, 6]);
  });

  it('keep a message of a track apart from its progress', async () => {
    const bus = memoryBus({ clock: new FakeClock(), limits: { buffered: 2 } });
    const reader = bus.subscribe('track/*/queue');
    const types = ['TASK_COMPLETE', 'PROGRESS', 'PROGRESS', 'FILE_UNLOCK'];
    await bus.publish(types.map((type, n) => ({ ...message(n, 'track/x/queue'), body: { type } })));
    await bus.close();
    expect(await all(reader)).toEqual([{ type: 'TASK_COMPLETE' }, { type: 'FILE_UNLOCK' }]);
  });

  it('keep the newest messages for a reader that comes back', async () => {
    const bus = memoryBus({ clock: new FakeClock(), limits: { replayed: 3 } });
    const reader = bus.subscribe('feed');
    for (let n = 1; n <= 20; n += 1) await bus.publish([message(n)]);
    const first = await reader[Symbol.asyncIterator]().next();
    const cursor: string = first.value?.cursor ?? '';
    const back = bus.subscribe('feed', { after: cursor });
    await bus.close();
    expect(await all(back)).toEqual([18, 19, 20]);
  });

  it('do not take the cursor of another bus', async () => {
    const clock = new FakeClock();
    const old = memoryBus({ clock });
    const reader = old.subscribe('feed')[Symbol.asyncIterator]();
    await old.publish([message(1)]);
    const { value } = await reader.next();
    await clock.advance(1);
    const bus = memoryBus({ clock });
    const refused = bus
      .subscribe('feed', { after: value?.cursor ?? '' })
      [Symbol.asyncIterator]()
      .next();
    await expect(refused).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });
});
