import type { Store, SubscriptionSpec } from '@conductor/core/ports';
import { all, commitOf, events } from '../src/conformance/store-fixture.js';

/** Appends the next events of one stream; the number in each is its version. */
export const append = (store: Store, version: number, count = 1) =>
  store.commit(commitOf('track/a', version, events(count, version + 1)));

/** The numbers of all events, in the order of the log. */
export const numbers = async (store: Store) =>
  (await all(store.readAll())).map(({ data }) => (data as { readonly n: number }).n);

export const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** A subscription to everything whose events have one try. */
export const oneTry: SubscriptionSpec = {
  name: 'n',
  from: 'start',
  order: 'stream',
  maxAttempts: 1,
  backoff: { baseMs: 1, maxMs: 1 },
};
