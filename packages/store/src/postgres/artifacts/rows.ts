import type { ArtifactId } from '@conductor/core/ports';
import { sql } from '../sql-text.js';
import type { SqlText } from '../sql-text.js';
import type { Table } from '../tables.js';

/** Bytes that are on their way into the database, as far as they have come. */
export interface Upload {
  readonly upload: string;
  /** SHA-256 of each chunk so far, in hex. */
  readonly digests: string[];
  bytes: number;
}

/** A chunk as text, and its place. */
export interface Chunk {
  readonly n: number;
  readonly base64: string;
}

/** A sweep must see what came while it waited for a lock, whatever the database's default is. */
const latest = sql`SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE`;

/** The statements about artifacts. Each list is one message, hence one transaction, and can be sent again when its answer is lost. */
export interface ArtifactRows {
  /** Notes a chunk that is not the last one; what it belongs to is young again, so that no sweep takes it. */
  write(upload: Upload, chunk: Chunk): readonly SqlText[];
  /** Takes in the last chunk and gives the upload its id, unless the same bytes are there; answers in one row whether they are now. */
  finish(upload: Upload, id: ArtifactId, last: Chunk | undefined): readonly SqlText[];
  /** Makes young what is there, if it is whole; answers in one row whether it is. */
  touch(id: ArtifactId, digests: readonly string[]): readonly SqlText[];
  drop(upload: Upload): readonly SqlText[];
  /** The chunk in which a position lies, with what is known of the whole. */
  read(id: ArtifactId, position: number): SqlText;
  /** What is older than that, artifacts and uploads that nobody finished, in order of their uploads. */
  old(olderThanMs: number, after: string, limit: number): SqlText;
  /** Removes those that are still as old; answers them. */
  remove(olderThanMs: number, uploads: readonly string[]): readonly SqlText[];
}

export function artifactRows(t: Table, chunkBytes: number, nowIs: () => SqlText): ArtifactRows {
  const artifacts = t('artifacts');
  const chunks = t('artifact_chunks');

  const insertChunk = ({ upload }: Upload, { n, base64 }: Chunk): SqlText =>
    sql`INSERT INTO ${chunks} (upload, n, data) SELECT ${upload}, ${n}, decode(${base64}, 'base64')
      WHERE EXISTS (SELECT FROM ${artifacts} WHERE upload = ${upload}) ON CONFLICT DO NOTHING`;

  /** Whether the chunks of artifact `a` are those, by what lies in the database now. */
  const isWhole = (digests: readonly string[]): SqlText =>
    sql`((SELECT count(*) FROM ${chunks} c WHERE c.upload = a.upload) = ${digests.length}
      AND NOT EXISTS (SELECT FROM unnest(${digests}::text[]) WITH ORDINALITY AS d (digest, n)
        LEFT JOIN ${chunks} c ON c.upload = a.upload AND c.n = d.n - 1
        WHERE sha256(c.data) IS DISTINCT FROM decode(d.digest, 'hex')))`;

  return {
    write: (upload, chunk) => [
      chunk.n === 0
        ? sql`INSERT INTO ${artifacts} (upload, sha256, bytes, chunk, at)
            VALUES (${upload.upload}, NULL, 0, ${chunkBytes}, ${nowIs()}) ON CONFLICT DO NOTHING`
        : sql`UPDATE ${artifacts} SET at = ${nowIs()}, bytes = ${upload.bytes} WHERE upload = ${upload.upload}`,
      insertChunk(upload, chunk),
    ],

    finish(upload, id, last) {
      const { upload: own, bytes, digests } = upload;
      const another = sql`SELECT FROM ${artifacts} WHERE sha256 = ${hexOf(id)} AND upload <> ${own}`;
      const begun = digests.length > 1;
      return [
        latest,
        // Two who put the same bytes come one after the other.
        sql`SELECT pg_advisory_xact_lock(hashtextextended(${id}, 0))`,
        sql`DELETE FROM ${artifacts} a WHERE sha256 = ${hexOf(id)} AND upload <> ${own} AND NOT ${isWhole(digests)}`,
        sql`UPDATE ${artifacts} SET at = ${nowIs()} WHERE sha256 = ${hexOf(id)} AND upload <> ${own}`,
        sql`DELETE FROM ${artifacts} WHERE upload = ${own} AND EXISTS (${another})`,
        begun
          ? sql`UPDATE ${artifacts} SET sha256 = ${hexOf(id)}, bytes = ${bytes}, at = ${nowIs()} WHERE upload = ${own}`
          : sql`INSERT INTO ${artifacts} (upload, sha256, bytes, chunk, at)
              SELECT ${own}, ${hexOf(id)}, ${bytes}, ${chunkBytes}, ${nowIs()} WHERE NOT EXISTS (${another}) ON CONFLICT DO NOTHING`,
        ...(last === undefined ? [] : [insertChunk(upload, last)]),
        sql`SELECT EXISTS (SELECT FROM ${artifacts} WHERE sha256 = ${hexOf(id)}) AS kept`,
      ];
    },

    touch: (id, digests) => [
      sql`WITH touched AS (UPDATE ${artifacts} a SET at = ${nowIs()} WHERE sha256 = ${hexOf(id)} AND ${isWhole(digests)} RETURNING 1)
        SELECT EXISTS (SELECT FROM touched) AS kept`,
    ],

    drop: ({ upload }) => [sql`DELETE FROM ${artifacts} WHERE upload = ${upload} AND sha256 IS NULL`],

    read: (id, position) =>
      sql`SELECT a.bytes, a.chunk, encode(c.data, 'base64') AS data FROM ${artifacts} a
        LEFT JOIN ${chunks} c ON c.upload = a.upload AND c.n = ${position} / a.chunk WHERE a.sha256 = ${hexOf(id)}`,

    old: (olderThanMs, after, limit) =>
      sql`SELECT upload, sha256, bytes FROM ${artifacts} WHERE upload > ${after} AND at < ${nowIs()} - ${olderThanMs}
        ORDER BY upload LIMIT ${limit}`,

    remove: (olderThanMs, uploads) => [
      latest,
      sql`DELETE FROM ${artifacts} WHERE upload = ANY (${uploads}::text[]) AND at < ${nowIs()} - ${olderThanMs} RETURNING sha256, bytes`,
    ],
  };
}

/** The digits of an id. */
export function hexOf(id: ArtifactId): string {
  return id.slice('sha256:'.length);
}
