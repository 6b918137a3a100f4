import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Store } from '@conductor/core/ports';
import { fileStore } from '../../src/file/log/file-store.js';
import { nodeLogFiles } from '../../src/file/log/log-files.js';
import { memoryStore } from '../../src/memory/store.js';
import { databaseLock } from '../../src/sqlite/database-lock.js';
import { sqliteStore } from '../../src/sqlite/store.js';
import { openDatabase } from '../open-database.js';

export type DriverName = 'memory' | 'sqlite' | 'file';

/** Where a store lies, as text that another process can open it by. */
export interface Place {
  readonly driver: DriverName;
  /** A folder. */
  readonly at: string;
}

/** So that a campaign does not wait long for what other processes did. */
const shortPollMs = 5;

/** One more handle of the store at a place; makes the store when it is not there. */
export async function openAt({ driver, at }: Place, clock: Clock, followPollMs = shortPollMs): Promise<Store> {
  switch (driver) {
    case 'memory':
      return memoryStore({ clock });
    case 'sqlite':
      mkdirSync(at, { recursive: true });
      return sqliteStore({ database: openDatabase(join(at, 'conductor.db')), clock, followPollMs });
    case 'file':
      mkdirSync(at, { recursive: true });
      return fileStore({
        files: nodeLogFiles(join(at, 'log')),
        lock: databaseLock(openDatabase(join(at, 'lock.db'))),
        clock,
        followPollMs,
        segmentBytes: 256 * 1024,
      });
  }
}
