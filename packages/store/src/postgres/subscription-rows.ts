import type { SubscriptionSpec } from '@conductor/core/ports';
import type { Journal } from '../memory/journaled-map.js';
import type { DeliveryRow, SubscriptionRow, SubscriptionRows } from '../rules/rows.js';
import { Known, KnownIndex } from './cache.js';
import type { PgRow } from './client.js';
import { isStorable, sql } from './sql-text.js';
import type { Table } from './tables.js';

/** Subscriptions as far as they are known, each with all its deliveries: there are few, and a claim looks at all of them. */
export interface SubscriptionCache {
  readonly rows: SubscriptionRows;
  readonly subscriptions: Known<string, SubscriptionRow>;
  readonly deliveries: Known<string, DeliveryRow>;
  readonly size: number;
  written(): void;
  clear(): void;
}

const deliveryKey = (name: string, seq: number) => JSON.stringify([name, seq]);
// The cast: keys are made one line above and nowhere else.
export const deliveryParts = (key: string) => JSON.parse(key) as readonly [string, number];

export function pgSubscriptionCache(journal: Journal, t: Table): SubscriptionCache {
  const subscriptions = new Known<string, SubscriptionRow>(journal, {
    statement: (names) => sql`SELECT name, spec, "cursor", token, owner, claimed_until
      FROM ${t('subscriptions')} WHERE name = ANY(${names}::text[])`,
    learn(names, rows) {
      for (const row of rows) subscriptions.learn(String(row.name), subscriptionOf(row));
      for (const name of names) subscriptions.learn(name, undefined);
    },
  });
  const bySubscription = new KnownIndex<string, number, DeliveryRow>(journal, {
    statement: (names) => sql`SELECT name, seq, stream, attempts, due, claim, dead, error
      FROM ${t('deliveries')} WHERE name = ANY(${names}::text[]) ORDER BY seq`,
    learn(names, rows) {
      const found = new Map<string, (readonly [number, DeliveryRow])[]>(names.map((name) => [name, []]));
      for (const row of rows) found.get(String(row.name))?.push([Number(row.seq), deliveryOf(row)]);
      for (const [name, members] of found) bySubscription.learn(name, members);
    },
  });
  // Only remembers what has to be written; the rows themselves are in the index.
  const deliveries = new Known<string, DeliveryRow>(journal, { statement: () => sql``, learn: () => undefined });

  const rows: SubscriptionRows = {
    subscription: (name) => (isStorable(name) ? subscriptions.get(name) : undefined),
    putSubscription: (name, row) => subscriptions.set(name, row),
    deliveries: (name, dead) =>
      [...bySubscription.of(name).values()].filter((row) => row.dead === dead).sort((a, b) => a.seq - b.seq),
    delivery: (name, seq) => bySubscription.of(name).get(seq),
    putDelivery(name, row) {
      bySubscription.of(name);
      bySubscription.set(name, row.seq, row);
      deliveries.set(deliveryKey(name, row.seq), row);
    },
    removeDelivery(name, seq) {
      bySubscription.delete(name, seq);
      deliveries.delete(deliveryKey(name, seq));
    },
  };

  return {
    rows,
    subscriptions,
    deliveries,
    get size() {
      return subscriptions.size + bySubscription.size;
    },
    written() {
      subscriptions.written();
      deliveries.clear();
    },
    clear() {
      subscriptions.clear();
      deliveries.clear();
      bySubscription.clear();
    },
  };
}

function subscriptionOf(row: PgRow): SubscriptionRow {
  return {
    // The cast trusts our own rows: the text was made from a checked spec.
    spec: JSON.parse(String(row.spec)) as SubscriptionSpec,
    cursor: Number(row.cursor),
    token: Number(row.token),
    owner: String(row.owner),
    claimedUntilMs: Number(row.claimed_until),
  };
}

function deliveryOf(row: PgRow): DeliveryRow {
  return {
    seq: Number(row.seq),
    stream: String(row.stream),
    attempts: Number(row.attempts),
    dueMs: Number(row.due),
    claim: Number(row.claim),
    dead: row.dead === true,
    // As JSON, because the text of an error may hold what Postgres cannot keep.
    error: JSON.parse(String(row.error)) as string,
  };
}
