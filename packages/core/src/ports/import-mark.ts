import { ConductorError } from '../kernel/error.js';
import type { Store } from './store.js';

/** The local row that stands in a store from before the first commit of an import until after the last one. */
export const importMark = Object.freeze({ collection: '$import', key: 'log' });

/**
 * For whoever opens a store to work with it: refuses one that an import was filling when it was killed, so that half a log
 * is never taken for a whole one. Throws `INVALID_STATE`.
 */
export async function requireWholeLog(store: Pick<Store, 'records'>): Promise<void> {
  const row = await store.records.get(importMark.collection, importMark.key);
  if (row === undefined || row.deleted) return;
  throw new ConductorError('INVALID_STATE', 'An import into this store did not come to its end', {
    hint: 'Repeat `conductor import` with the same file: it goes on where it stopped.',
  });
}
