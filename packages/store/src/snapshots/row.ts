import type { ArtifactId, Json, Row, SnapshotHead, Store } from '@conductor/core/ports';
import { checkName } from '../rules/checks.js';
import type { Source } from './body.js';

/** Local rows, one for each snapshot: what is cached or kept on this side is no fact of the log. */
export const collection = '$snapshot';

/** What a row says beside the head. */
export interface StoredSnapshot extends SnapshotHead {
  /** Length of the canonical text. */
  readonly bytes: number;
  readonly body: Source;
  /** Bodies of earlier snapshots that this one takes bytes from. */
  readonly sources: readonly Source[];
  /** What the state refers to, kept from the sweep while the snapshot lives. */
  readonly artifacts: readonly ArtifactId[];
}

export interface SnapshotRow {
  readonly revision: number;
  readonly value: StoredSnapshot;
}

export function rowOf({ revision, value }: Row): SnapshotRow {
  return { revision, value: value as unknown as StoredSnapshot }; // nobody else writes this collection
}

/** The row as JSON, without absent members. */
export function jsonOf(value: StoredSnapshot): Json {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Json; // plain data otherwise
}

/** The head alone, as the port shows it. */
export function headOf({ value }: SnapshotRow): SnapshotHead {
  const { bytes: _bytes, body: _body, sources: _sources, artifacts: _artifacts, ...head } = value;
  return head;
}

/** The beginning of all ids of one subject. Ids after it go up with time. Throws ID_INVALID. */
export function prefixOf(subject: string): string {
  checkName('the subject of a snapshot', subject);
  return `${encodeURIComponent(subject)}@`;
}

const page = 500;

/** All rows whose id begins so, oldest first within a subject. */
export async function* rowsOf(
  store: Pick<Store, 'records'>,
  prefix: string,
  { after, signal }: { readonly after?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<SnapshotRow, undefined, undefined> {
  let next = after;
  do {
    const from = next === undefined ? {} : { after: next };
    const found = await store.records.list(collection, { prefix, limit: page, signal, ...from });
    for (const row of found.rows) yield rowOf(row);
    next = found.next;
  } while (next !== undefined);
  return undefined;
}

/** Every artifact that a snapshot needs. For `Artifacts.sweep`: none of these may go while its snapshot is there. */
export async function snapshotArtifacts(
  store: Pick<Store, 'records'>,
  o: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ReadonlySet<ArtifactId>> {
  const ids = new Set<ArtifactId>();
  for await (const { value } of rowsOf(store, '', o)) {
    for (const { id } of [value.body, ...value.sources]) ids.add(id);
    for (const id of value.artifacts) ids.add(id);
  }
  return ids;
}
