import type { LeaseRequest } from '@conductor/core/ports';
import type { PreparedCommit } from './prepare-commit.js';

/** The rows that a write asks for, for drivers that fetch them before it runs. More is waste, less costs a round trip. */
export interface Touches {
  readonly streams?: readonly string[] | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly tokens?: readonly number[] | undefined;
  readonly sets?: readonly string[] | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly owners?: readonly string[] | undefined;
  readonly records?: readonly { readonly collection: string; readonly key: string }[] | undefined;
}

export function touchedBy({ appends, leases, records, fence, row }: PreparedCommit): Touches {
  const acquired = leases.flatMap((op) => (op.op === 'acquire' ? [op] : []));
  const released = leases.flatMap((op) => (op.op === 'release' ? [op.token] : []));
  return {
    streams: appends.map(({ stream }) => stream),
    idempotencyKey: row.key,
    tokens: [...fence.map(({ token }) => token), ...released],
    sets: acquired.map(({ set }) => set),
    keys: acquired.flatMap(({ keys }) => keys.map(({ key }) => key)),
    owners: acquired.map(({ owner }) => owner),
    records,
  };
}

export function touchedByRequest({ set, owner, keys }: LeaseRequest): Touches {
  return { sets: [set], owners: [owner], keys: keys.map(({ key }) => key) };
}
