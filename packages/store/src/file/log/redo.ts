import { ConductorError } from '@conductor/core';
import type { MemoryLeaseRows } from '../../memory/lease-rows.js';
import type { MemoryRecordRows } from '../../memory/record-rows.js';
import type { MemorySubscriptionRows } from '../../memory/subscription-rows.js';
import type { Rows } from '../../rules/rows.js';

/** One change of a table, as it is written down: the table, its method, and what it was called with. */
export type Redo = readonly [table: keyof Rows, method: string, args: readonly unknown[]];

/** Methods that change a table. Tokens and numbers are given out in memory and stand in what is written with them. */
const changing: { readonly [T in keyof Rows]: readonly (keyof Rows[T] & string)[] } = {
  log: ['setVersion', 'addCommit', 'addEvent'],
  leases: [
    ...(['addGrant', 'setExpiry', 'putKeys', 'removeKeys', 'loseGrant', 'removeGrant', 'renewAll'] as const),
    ...(['setGranted', 'removeWaiter', 'putOwner', 'removeOwner'] as const),
  ],
  records: ['putCollection', 'putRecord', 'putUnique', 'removeUnique', 'clearUnique'],
  subscriptions: ['putSubscription', 'putDelivery', 'removeDelivery'],
};

/** Changes that are not told by a method of that name: see `recordedRows` and `redosOf`. */
const special: Readonly<Partial<Record<keyof Rows, readonly string[]>>> = { leases: ['addWaiter', 'skipTo'] };

type Table = Record<string, (...args: readonly unknown[]) => unknown>;

/** The same rows; every change is told as well. */
export function recordedRows(rows: Rows, tell: (redo: Redo) => void): Rows {
  const recorded = <T extends keyof Rows>(name: T): Rows[T] => {
    const table = rows[name] as unknown as Table; // methods are called with what they were handed
    const copy: Table = { ...table };
    for (const method of changing[name]) {
      copy[method] = (...args) => {
        tell([name, method, args]);
        return table[method]?.(...args);
      };
    }
    return copy as unknown as Rows[T]; // every method is there
  };
  const leases = recorded('leases');
  return {
    log: recorded('log'),
    records: recorded('records'),
    subscriptions: recorded('subscriptions'),
    leases: {
      ...leases,
      // Its number is given out by the call, so it is told with it: it comes back under the same one.
      addWaiter(row) {
        const id = leases.addWaiter(row);
        tell(['leases', 'addWaiter', [{ ...row, id }]]);
        return id;
      },
    },
  };
}

/** Makes the changes again, in their order. Throws STORE_NEWER for one that this version does not know. */
export function applyRedo(rows: Rows, redos: readonly Redo[]): void {
  for (const [table, method, args] of redos) {
    const methods: readonly string[] = [...(changing[table] ?? []), ...(special[table] ?? [])];
    if (!methods.includes(method))
      throw new ConductorError('STORE_NEWER', `The log holds a change of a newer version: ${table}.${method}`);
    (rows[table] as unknown as Table)[method]?.(...args);
  }
}

/** The rows of a file store: those in memory, which can tell everything that is in them. */
export interface FileRows extends Rows {
  readonly leases: MemoryLeaseRows;
  readonly records: MemoryRecordRows;
  readonly subscriptions: MemorySubscriptionRows;
}

/** The fewest changes that lead to leases, records and subscriptions as they are. The log is not among them. */
export function* redosOf({ leases, records, subscriptions }: FileRows): Generator<Redo> {
  const { owners, grants, waiters, lastToken, lastWaiter } = leases.state();
  yield ['leases', 'skipTo', [lastToken, lastWaiter]];
  for (const row of owners) yield ['leases', 'putOwner', [row]];
  for (const row of grants) {
    yield ['leases', 'addGrant', [{ ...row, lost: false }]];
    if (row.lost) yield ['leases', 'loseGrant', [row.token]];
  }
  for (const row of waiters) {
    yield ['leases', 'addWaiter', [{ ...row, granted: 0 }]];
    if (row.granted !== 0) yield ['leases', 'setGranted', [row.id, row.granted]];
  }
  const { collections, records: stored, unique } = records.state();
  for (const args of collections) yield ['records', 'putCollection', args];
  for (const args of stored) yield ['records', 'putRecord', args];
  for (const args of unique) yield ['records', 'putUnique', args];
  const { subscriptions: named, deliveries } = subscriptions.state();
  for (const args of named) yield ['subscriptions', 'putSubscription', args];
  for (const args of deliveries) yield ['subscriptions', 'putDelivery', args];
}
