import type { ArtifactId, Artifacts } from '@conductor/core/ports';
import type { ArtifactRows } from './rows.js';
import type { SendStatements } from '../lazy-client.js';
import type { PgRow } from '../client.js';

export interface SweepParts {
  readonly send: SendStatements;
  readonly rows: ArtifactRows;
}

const pageSize = 500;
/** Removed in one statement: some megabytes of rows each take the server a moment, and others wait for none of it. */
const bytesAtOnce = 64 * 1024 * 1024;

/** Removes old artifacts that nobody refers to, and uploads that nobody went on with: those are none yet, and go uncounted. */
export async function sweepArtifacts(
  { send, rows }: SweepParts,
  isReferenced: (id: ArtifactId) => boolean,
  { olderThanMs, signal }: Parameters<Artifacts['sweep']>[1],
): Promise<{ readonly removed: number; readonly bytes: number }> {
  let removed = 0;
  let bytes = 0;
  for (let after = '', page: readonly PgRow[] = [{}]; page.length > 0;) {
    [page = []] = await send([rows.old(olderThanMs, after, pageSize)], 1, { signal });
    after = String(page.at(-1)?.upload);
    const loose = page.filter(({ sha256 }) => sha256 === null || !isReferenced(`sha256:${String(sha256)}`));
    for (const uploads of batches(loose)) {
      const [gone = []] = await send(rows.remove(olderThanMs, uploads), 1, { signal });
      for (const row of gone) {
        if (row.sha256 === null) continue;
        removed += 1;
        bytes += Number(row.bytes);
      }
    }
  }
  return { removed, bytes };
}

function batches(rows: readonly PgRow[]): readonly (readonly string[])[] {
  const all: string[][] = [];
  let room = 0;
  for (const { upload, bytes } of rows) {
    if (room <= 0) {
      all.push([]);
      room = bytesAtOnce;
    }
    all.at(-1)?.push(String(upload));
    room -= Number(bytes);
  }
  return all;
}
