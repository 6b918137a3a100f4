import { randomIds } from '@conductor/core';
import { sha256Stream } from '@conductor/core/hash';
import type { Sha256 } from '@conductor/core/hash';
import type { Artifacts, Ids } from '@conductor/core/ports';
import { checkCount } from '../../rules/checks.js';
import { lazyClient } from '../lazy-client.js';
import type { LazyClientOptions } from '../lazy-client.js';
import { serverNow } from '../server-time.js';
import { sql } from '../sql-text.js';
import { tablesOf } from '../tables.js';
import { putArtifact } from './put.js';
import { readArtifact } from './read.js';
import { artifactRows } from './rows.js';
import { sweepArtifacts } from './sweep.js';

export interface PostgresArtifactsOptions extends LazyClientOptions {
  readonly ids?: Ids | undefined;
  /** Whose time their age is reckoned by: that of the server (default), or the injected clock. */
  readonly time?: 'server' | 'clock' | undefined;
  /** Of one artifact; default 256 MiB. */
  readonly maxBytes?: number | undefined;
  /** How many bytes are one row, and are in memory at one time; default 256 KiB. What was written with another size is read all the same. */
  readonly chunkBytes?: number | undefined;
  /** A hash that is faster than the one that runs anywhere, for what is longer than a chunk. */
  readonly sha256?: (() => Sha256) | undefined;
}

/** Artifacts that lie beside the log. */
export interface PostgresArtifacts extends Artifacts {
  /** Lets go of the client; idempotent. Afterwards everything throws CLOSED. */
  close(): Promise<void>;
}

/**
 * Artifacts in the schema of a Postgres store, for every machine that has its log: each once, in chunks, written and read
 * with one chunk in memory. An upload is found only when it is whole and durable; what was begun and never finished goes with
 * a sweep. A put that finds the same bytes leaves them there and makes them young; damaged ones it mends.
 *
 * Nothing is asked of the server before the first call, which makes the tables where they are not there. Throws
 * VALIDATION_FAILED; beside what the port says, all methods throw what opening a store throws, and CLOSED.
 */
export function postgresArtifacts(options: PostgresArtifactsOptions): PostgresArtifacts {
  const { clock, ids = randomIds(), schema = 'conductor', time = 'server' } = options;
  const { maxBytes = 256 * 1024 * 1024, chunkBytes = 256 * 1024, sha256 = sha256Stream } = options;
  checkCount('The bytes of a chunk', chunkBytes, 1);
  const tables = tablesOf(schema);
  const rows = artifactRows(tables, chunkBytes, () => (time === 'server' ? serverNow : sql`${clock.now()}`));
  const { send, close } = lazyClient(options);

  return Object.freeze<PostgresArtifacts>({
    async put(bytes, o = {}) {
      o.signal?.throwIfAborted();
      return putArtifact({ send, rows, upload: ids.id('upload'), chunkBytes, maxBytes, sha256 }, bytes, o);
    },
    async *get(id, o = {}) {
      o.signal?.throwIfAborted();
      yield* readArtifact({ send, rows, sha256 }, id, o);
    },
    async sweep(isReferenced, o) {
      o.signal?.throwIfAborted();
      return sweepArtifacts({ send, rows }, isReferenced, o);
    },
    close,
  });
}
