import type { Records } from '@conductor/core/ports';
import { checkCount } from './checks.js';
import { checkPredicate } from './predicate.js';
import { defineCollection, listRecords } from './records.js';
import type { Handle } from './store.js';

const defaultPage = 100;
const halfPair = /\p{Cs}/u;

/** The port `Records` over a driver's rows. */
export function createRecords({ read, write }: Handle): Records {
  return Object.freeze({
    define: (collection, { version, indexes, unique = [] }) =>
      write(({ records }) => defineCollection(records, collection, { version, indexes, unique })),
    async get(collection, key, { signal } = {}) {
      // Nothing can have been written under it, and in UTF-8 it would be the name of another.
      if (halfPair.test(collection) || halfPair.test(key)) return undefined;
      return read(({ records }) => records.record(collection, key), { signal });
    },
    async list(collection, { prefix = '', where, after = '', limit = defaultPage, deleted = false, signal } = {}) {
      checkCount('The limit of a page', limit, 1);
      if (where !== undefined) checkPredicate(where);
      return read(({ records }) => listRecords(records, collection, { prefix, where, after, limit, deleted }), {
        signal,
      });
    },
  } satisfies Records);
}
