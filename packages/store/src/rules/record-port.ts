import type { Records } from '@conductor/core/ports';
import { checkCount } from './checks.js';
import { checkPredicate } from './predicate.js';
import { defineCollection, listRecords } from './records.js';
import type { Handle } from './store.js';

const defaultPage = 100;

/** The port `Records` over a driver's rows. */
export function createRecords({ read, write }: Handle): Records {
  return Object.freeze({
    define: (collection, { version, indexes, unique = [] }) =>
      write(({ records }) => defineCollection(records, collection, { version, indexes, unique })),
    get: (collection, key, { signal } = {}) => read(({ records }) => records.record(collection, key), { signal }),
    async list(collection, { prefix = '', where, after = '', limit = defaultPage, deleted = false, signal } = {}) {
      checkCount('The limit of a page', limit, 1);
      if (where !== undefined) checkPredicate(where);
      return read(({ records }) => listRecords(records, collection, { prefix, where, after, limit, deleted }), {
        signal,
      });
    },
  } satisfies Records);
}
