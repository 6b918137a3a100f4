import { canonicalJson, ConductorError, randomIds } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type {
  ArtifactId,
  Artifacts,
  Commit,
  Ids,
  Json,
  Opt,
  RecordOp,
  SnapshotHead,
  Snapshots,
  Store,
} from '@conductor/core/ports';
import { checkCount } from '../rules/checks.js';
import { isArtifactId } from '../transfer/format.js';
import { readBody, writeBody } from './body.js';
import type { Placed } from './body.js';
import { collection, headOf, jsonOf, prefixOf, rowOf, rowsOf } from './row.js';
import type { SnapshotRow, StoredSnapshot } from './row.js';

export interface StoredSnapshotsOptions {
  readonly store: Pick<Store, 'commit' | 'records'>;
  readonly artifacts: Artifacts;
  readonly ids?: Ids | undefined;
}

type NewHead = Omit<SnapshotHead, 'id' | 'sha256'>;

/** A pin, a removal and a put meet on a row at most this often before somebody is told. */
const maxTries = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Snapshots over any store and any artifacts: a local row `$snapshot` each, and a gzipped body that takes what it has in
 * common with the newest snapshot of its subject from that one's bodies. An id is `<subject, percent-encoded>@<id>`.
 * Throws what store and artifacts throw, `ID_INVALID` for a subject, `ARTIFACT_NOT_FOUND` for a snapshot that is not there.
 */
export function storedSnapshots({ store, artifacts, ids = randomIds() }: StoredSnapshotsOptions): Snapshots {
  const write = (at: string, records: readonly RecordOp[], o: Opt = {}) =>
    store.commit(
      { appends: [], meta: { at, actor: { kind: 'system', id: 'snapshots' } }, records } satisfies Commit,
      o,
    );
  const find = async (id: string, o: Opt = {}) => {
    const row = id === '' ? undefined : await store.records.get(collection, id, o);
    return row === undefined || row.deleted ? undefined : rowOf(row);
  };

  async function change(id: string, work: (row: SnapshotRow) => StoredSnapshot | 'removed'): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const row = await find(id);
      if (row === undefined) throw unknown(id);
      const value = work(row);
      const op = { collection, key: id, expectedRevision: row.revision };
      try {
        await write(row.value.at, [{ ...op, value: value === 'removed' ? undefined : jsonOf(value) }]);
        return;
      } catch (error) {
        if (!ConductorError.is(error, 'REVISION_CONFLICT') || tries >= maxTries) throw error;
      }
    }
  }

  async function remove(id: string): Promise<void> {
    try {
      await change(id, ({ value }) => {
        if (value.pinned) throw pinnedError(id);
        return 'removed';
      });
    } catch (error) {
      if (!ConductorError.is(error, 'ARTIFACT_NOT_FOUND')) throw error; // gone already
    }
  }

  /** The newest one of the subject, read and verified, or nothing: what is built on must be sound. */
  async function baseOf(
    subject: string,
    o: Opt,
  ): Promise<{ readonly row: SnapshotRow; readonly placed: Placed } | undefined> {
    let row: SnapshotRow | undefined;
    for await (const each of rowsOf(store, prefixOf(subject), o)) row = each;
    if (row === undefined) return undefined;
    try {
      return { row, placed: await readVerified(artifacts, row.value, o) };
    } catch (error) {
      if (ConductorError.is(error, 'SNAPSHOT_CORRUPT')) return undefined;
      throw error;
    }
  }

  return Object.freeze<Snapshots>({
    async put({ state, artifacts: kept = [], ...about }, o = {}) {
      o.signal?.throwIfAborted();
      checkAbout(about, kept);
      const bytes = encoder.encode(canonicalJson(state));
      const id = `${prefixOf(about.subject)}${ids.id('snapshot')}`;
      const head: SnapshotHead = { ...about, id, sha256: sha256Hex(bytes) };
      for (let tries = 1; ; tries += 1) {
        const base = tries < maxTries ? await baseOf(about.subject, o) : undefined;
        const layout = await writeBody(artifacts, bytes, base?.placed, o);
        const value: StoredSnapshot = { ...head, ...layout, bytes: bytes.length, artifacts: [...kept] };
        try {
          await write(
            about.at,
            [{ collection, key: id, expectedRevision: 0, value: jsonOf(value) }, ...unmoved(base?.row)],
            o,
          );
          return head;
        } catch (error) {
          // The base has gone meanwhile, and with it perhaps what keeps its bodies from the sweep.
          if (!ConductorError.is(error, 'REVISION_CONFLICT') || base === undefined) throw error;
        }
      }
    },

    async latest(subject, { kind, foldVersion, maxVersion = Number.POSITIVE_INFINITY, signal } = {}) {
      let newest: SnapshotRow | undefined;
      for await (const row of rowsOf(store, prefixOf(subject), { signal })) {
        const { value } = row;
        const fits =
          (kind === undefined || value.kind === kind) &&
          (foldVersion === undefined || value.foldVersion === foldVersion) &&
          value.version <= maxVersion;
        if (fits && value.version >= (newest?.value.version ?? 0)) newest = row;
      }
      return newest && headOf(newest);
    },

    async read(id, o = {}) {
      const row = await find(id, o);
      if (row === undefined) throw unknown(id);
      const { bytes } = await readVerified(artifacts, row.value, o);
      return JSON.parse(decoder.decode(bytes)) as Json; // its checksum says that it is the text we wrote
    },

    async list({ subject, after, limit = 100, signal } = {}) {
      checkCount('The limit of a page', limit, 1);
      const heads: SnapshotHead[] = [];
      for await (const row of rowsOf(store, subject === undefined ? '' : prefixOf(subject), { after, signal })) {
        if (heads.push(headOf(row)) === limit) break;
      }
      return heads;
    },

    pin: (id, pinned) => change(id, ({ value }) => ({ ...value, pinned })),

    remove,

    async prune({ subject, keep }) {
      checkCount('The number of snapshots to keep', keep);
      const loose: string[] = [];
      for await (const { value } of rowsOf(store, prefixOf(subject))) if (!value.pinned) loose.push(value.id);
      const removed: string[] = [];
      for (const id of loose.slice(0, Math.max(0, loose.length - keep))) {
        try {
          await remove(id);
          removed.push(id);
        } catch (error) {
          if (!ConductorError.is(error, 'SNAPSHOT_PINNED')) throw error; // pinned a moment ago: it stays
        }
      }
      return removed;
    },
  });
}

/** What a later look goes by has to be what it seems. Throws VALIDATION_FAILED. */
function checkAbout({ kind, seq, version, foldVersion }: NewHead, kept: readonly ArtifactId[]): void {
  if (kind !== 'fold' && kind !== 'checkpoint')
    throw new ConductorError('VALIDATION_FAILED', `${JSON.stringify(kind)} is no kind of snapshot`);
  checkCount('The seq of a snapshot', seq);
  checkCount('The version of a snapshot', version);
  checkCount('The version of a fold', foldVersion);
  // A misspelt one would be kept from no sweep.
  const wrong = kept.find((id) => !isArtifactId(id));
  if (wrong !== undefined)
    throw new ConductorError('VALIDATION_FAILED', `${JSON.stringify(wrong)} is no id of an artifact`);
}

/** Writes the row of a base as it is, so that the commit fails when the base has been removed or changed since it was read. */
function unmoved(row: SnapshotRow | undefined): readonly RecordOp[] {
  if (row === undefined) return [];
  return [{ collection, key: row.value.id, expectedRevision: row.revision, value: jsonOf(row.value) }];
}

/** How artifacts say that bytes are gone or others; what unpacking and parsing throw has no code. */
const damage = ['ARTIFACT_CORRUPT', 'ARTIFACT_NOT_FOUND', 'TOO_LARGE'] as const;

/** Throws SNAPSHOT_CORRUPT for everything but the state that was put; what could not be read at all is no damage. */
async function readVerified(
  artifacts: Artifacts,
  { id, body, bytes, sha256 }: StoredSnapshot,
  o: Opt,
): Promise<Placed> {
  let cause: unknown;
  try {
    const placed = await readBody(artifacts, body, bytes, o);
    if (sha256Hex(placed.bytes) === sha256) return placed;
  } catch (error) {
    o.signal?.throwIfAborted();
    if (ConductorError.is(error) && !ConductorError.is(error, ...damage)) throw error;
    cause = error;
  }
  throw new ConductorError('SNAPSHOT_CORRUPT', `The snapshot ${id} is not what was stored`, { cause, details: { id } });
}

function unknown(id: string): ConductorError {
  return new ConductorError('ARTIFACT_NOT_FOUND', `There is no snapshot ${JSON.stringify(id.slice(0, 300))}`);
}

function pinnedError(id: string): ConductorError {
  return new ConductorError('SNAPSHOT_PINNED', `The snapshot ${id} is pinned`, {
    hint: 'Unpin it first.',
    details: { id },
  });
}
