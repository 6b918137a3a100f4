import type { SubscriptionSpec } from '@conductor/core/ports';
import type { DeliveryRow, SubscriptionRows } from '../rules/rows.js';
import type { Sql } from './database.js';

type SubscriptionColumns = {
  readonly spec: string;
  readonly cursor: number;
  readonly token: number;
  readonly owner: string;
  readonly claimed_until: number;
};

type DeliveryColumns = {
  readonly seq: number;
  readonly stream: string;
  readonly attempts: number;
  readonly due: number;
  readonly claim: number;
  readonly dead: number;
  readonly error: string;
};

const columns = 'seq, stream, attempts, due, claim, dead, error';

/** Subscriptions and their deliveries in tables. */
export function sqliteSubscriptionRows(sql: Sql): SubscriptionRows {
  return {
    subscription(name) {
      const select = 'SELECT spec, "cursor", token, owner, claimed_until FROM subscriptions WHERE name = ?';
      const row = sql.get<SubscriptionColumns>(select, name);
      if (row === undefined) return undefined;
      const { cursor, token, owner, claimed_until: claimedUntilMs } = row;
      // The cast trusts our own rows: the text was made from a checked spec.
      return { spec: JSON.parse(row.spec) as SubscriptionSpec, cursor, token, owner, claimedUntilMs };
    },
    putSubscription(name, { spec, cursor, token, owner, claimedUntilMs }) {
      const replace = `INSERT OR REPLACE INTO subscriptions (name, spec, "cursor", token, owner, claimed_until)
        VALUES (?, ?, ?, ?, ?, ?)`;
      sql.run(replace, name, JSON.stringify(spec), cursor, token, owner, claimedUntilMs);
    },
    deliveries: (name, dead) =>
      sql
        .all<DeliveryColumns>(
          `SELECT ${columns} FROM deliveries WHERE name = ? AND dead = ? ORDER BY seq`,
          name,
          Number(dead),
        )
        .map(deliveryOf),
    delivery(name, seq) {
      const row = sql.get<DeliveryColumns>(`SELECT ${columns} FROM deliveries WHERE name = ? AND seq = ?`, name, seq);
      return row && deliveryOf(row);
    },
    putDelivery(name, { seq, stream, attempts, dueMs, claim, dead, error }) {
      const replace = `INSERT OR REPLACE INTO deliveries (name, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
      sql.run(replace, name, seq, stream, attempts, dueMs, claim, Number(dead), error);
    },
    removeDelivery: (name, seq) => void sql.run('DELETE FROM deliveries WHERE name = ? AND seq = ?', name, seq),
  };
}

function deliveryOf({ seq, stream, attempts, due, claim, dead, error }: DeliveryColumns): DeliveryRow {
  return { seq, stream, attempts, dueMs: due, claim, dead: dead === 1, error };
}
