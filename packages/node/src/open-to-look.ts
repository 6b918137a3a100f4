import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { requireWholeLog } from '@conductor/core/ports';
import type { Opt, Store } from '@conductor/core/ports';
import { filesFolder, openStore } from './open-store.js';
import type { OpenedStore, StoreChoice, StoreHost } from './open-store.js';
import { databaseFile } from './state-folder.js';

export interface LookedAt extends OpenedStore {
  /** There was nothing to look at yet: what an engine writes down is forgotten with this process. */
  readonly isPassing: boolean;
}

/**
 * Opens a store for a command that changes nothing. One that is not there, or has no event yet, stays so: an engine would write
 * down who it is and which tracks lie in the folder, and nobody could import a log after that. It writes into memory then. Throws
 * what `openStore` throws, and INVALID_STATE for a store that an import did not fill to its end.
 */
export async function openToLook(choice: StoreChoice | Store, host: StoreHost, o: Opt = {}): Promise<LookedAt> {
  const passing = async () => ({ ...(await openStore('memory', { ...host, readOnly: false }, o)), isPassing: true });
  if (isAbsent(choice, host)) return passing();
  const opened = await openStore(choice, host, o);
  let isEmpty: boolean;
  try {
    await requireWholeLog(opened.store);
    isEmpty = (await opened.store.head(o)) === 0;
  } catch (error) {
    await opened.store.close();
    throw error;
  }
  // One that was handed in is whoever's it is.
  if (!isEmpty || typeof choice === 'object') return { ...opened, isPassing: false };
  await opened.store.close();
  return passing();
}

/** Opening it would make it. */
function isAbsent(choice: StoreChoice | Store, { stateDir }: StoreHost): boolean {
  const place = choice === 'sqlite' ? databaseFile : choice === 'files' ? join(filesFolder, 'log') : undefined;
  return place !== undefined && !existsSync(join(stateDir, place));
}
