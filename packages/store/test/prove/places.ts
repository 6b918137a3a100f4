import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Store } from '@conductor/core/ports';
import postgres from 'postgres';
import { fileStore } from '../../src/file/log/file-store.js';
import { nodeLogFiles } from '../../src/file/log/log-files.js';
import { memoryStore } from '../../src/memory/store.js';
import { postgresStore } from '../../src/postgres/store.js';
import { databaseLock } from '../../src/sqlite/database-lock.js';
import { sqliteStore } from '../../src/sqlite/store.js';
import { openDatabase } from '../open-database.js';

/** Where a store lies, as data that another process can open it by. */
export type Place =
  | { readonly driver: 'memory' }
  | { readonly driver: 'sqlite' | 'file'; readonly folder: string }
  | { readonly driver: 'postgres'; readonly url: string; readonly schema: string };

export type DriverName = Place['driver'];

export interface OpenOptions {
  readonly clock: Clock;
  /** Short by default, so that a campaign does not wait long for what other processes did. */
  readonly followPollMs?: number | undefined;
  /** How long it tries to write before it gives up; the driver's own default is long enough for everything here. */
  readonly storeBusyMs?: number | undefined;
}

/** One more handle of the store at a place; makes the store when it is not there. */
export async function openAt(place: Place, { clock, followPollMs = 5, storeBusyMs }: OpenOptions): Promise<Store> {
  const options = { clock, followPollMs, storeBusyMs };
  switch (place.driver) {
    case 'memory':
      return memoryStore({ clock });
    case 'sqlite':
      mkdirSync(place.folder, { recursive: true });
      return sqliteStore({ database: openDatabase(join(place.folder, 'conductor.db')), ...options });
    case 'file':
      mkdirSync(place.folder, { recursive: true });
      return fileStore({
        files: nodeLogFiles(join(place.folder, 'log')),
        lock: databaseLock(openDatabase(join(place.folder, 'lock.db'))),
        segmentBytes: 256 * 1024,
        ...options,
      });
    case 'postgres':
      return postgresStore({
        connect: (o) => postgres(place.url, { ...o, backoff: () => 0.02 }),
        schema: place.schema,
        maxConnections: 3,
        ...options,
      });
  }
}
