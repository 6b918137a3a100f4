import { ConductorError } from '@conductor/core';
import type { Leases, Store } from '@conductor/core/ports';

/**
 * A store for an engine that may look and not touch: owners are not written down, and what is to be changed is refused with
 * `STORE_READ_ONLY`, whatever the driver would do. `where` is what cannot be written, for people.
 */
export function readOnlyStore(store: Store, where: string): Store {
  const refuse = async (): Promise<never> => {
    throw new ConductorError('STORE_READ_ONLY', `${where} cannot be written by this user, and is only read`, {
      hint: `Run this as the user who may write ${where}.`,
      details: { path: where },
    });
  };
  const leases: Leases = {
    // Nobody holds anything under this name, so nobody has to know it.
    openOwner: async ({ owner }) => ({ owner, close: async () => {} }),
    reap: async () => [],
    list: (o) => store.leases.list(o),
    acquire: refuse,
    extend: refuse,
    renew: refuse,
    release: async () => {},
  };
  const { records, subscriptions } = store;
  return Object.freeze<Store>({
    ...store,
    records,
    leases,
    subscriptions: readingOnly(subscriptions, refuse),
    commit: refuse,
  });
}

function readingOnly(subscriptions: Store['subscriptions'], refuse: () => Promise<never>): Store['subscriptions'] {
  return { ...subscriptions, ensure: refuse, claim: refuse, settle: refuse };
}
