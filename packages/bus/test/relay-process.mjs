// Relays a log of its own from its beginning, as one whose place was lost: node relay-process.mjs <url> <prefix> <events>
import { relay } from '@conductor/bus';
import { natsBus } from '@conductor/bus/nats';
import { systemClock } from '@conductor/core';
import { memoryStore } from '@conductor/store/memory';

const [url, prefix, count] = process.argv.slice(2);
const store = memoryStore({ clock: systemClock() });
for (let from = 0; from < Number(count); from += 1_000) {
  const events = Array.from({ length: 1_000 }, (_, n) => ({ type: 'test.happened', v: 1, data: from + n }));
  await store.commit({
    appends: [{ stream: 'run/a', expectedVersion: from, events }],
    meta: { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'system', id: 'test' } },
  });
}
const bus = await natsBus({ servers: url, prefix, limits: { topicBytes: 16 * 1024 * 1024 } });
await relay(store.subscriptions, bus, { name: 'relay', owner: 'process', max: 100 });
