import { randomIds } from '@conductor/core';
import type { Clock, Ids, Store } from '@conductor/core/ports';
import { defaultLimits } from '../rules/limits.js';
import type { StoreLimits } from '../rules/limits.js';
import { createStore } from '../rules/store.js';
import type { Backend } from '../rules/store.js';
import { createJournal } from './journaled-map.js';
import { memoryLeaseRows } from './lease-rows.js';
import { memoryLogRows } from './log-rows.js';
import { memoryRecordRows } from './record-rows.js';
import { memorySubscriptionRows } from './subscription-rows.js';

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** Makes the id of the store; default random. */
  readonly ids?: Ids | undefined;
  /** Other bounds than those of the port; for tests, mostly. */
  readonly limits?: Partial<StoreLimits> | undefined;
}

/**
 * A store that lives as long as this object. For tests, demos and single-shot hosts. A commit is applied before the call
 * returns its promise; nothing is grouped, because there is nothing to wait for. One handle, of one process: nothing else
 * opens it, and the death of an owner cannot be proven.
 */
export function memoryStore({ clock, ids = randomIds(), limits }: MemoryStoreOptions): Store {
  const bounds = { ...defaultLimits, ...limits };
  return createStore({
    backend: memoryBackend(bounds),
    driver: {
      port: 'store',
      name: 'memory',
      version: '1',
      api: 1,
      capabilities: { durability: 'memory', reach: 'process', ownerProof: false, backup: false },
    },
    id: ids.id('store'),
    clock,
    limits: bounds,
    pollMs: undefined,
    ownerLocks: undefined,
  });
}

function memoryBackend(limits: StoreLimits): Backend {
  const journal = createJournal();
  const rows = {
    log: memoryLogRows(journal, limits),
    leases: memoryLeaseRows(journal),
    records: memoryRecordRows(journal),
    subscriptions: memorySubscriptionRows(journal),
  };
  return {
    write: async (work) => journal.transaction(() => work(rows)),
    read: async (work) => work(rows),
    close: async () => undefined,
  };
}
