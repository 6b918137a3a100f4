import type { SubscriptionSpec } from '@conductor/core/ports';
import type { DeliveryRow, SubscriptionRow, SubscriptionRows } from '../rules/rows.js';
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

/** A subscription with more parked events is read again by each claim instead of kept in memory. */
const maxRemembered = 10_000;

/** Subscriptions and their deliveries in tables. Rows that no other connection has changed are read from memory. */
export function sqliteSubscriptionRows(sql: Sql): SubscriptionRows & { forget(): void } {
  const known = new Map<string, SubscriptionRow>();
  /** What is not dead, by subscription and `seq`. */
  const living = new Map<string, Map<number, DeliveryRow>>();

  const livingOf = (name: string): ReadonlyMap<number, DeliveryRow> => {
    const remembered = living.get(name);
    if (remembered !== undefined) return remembered;
    const read = new Map(deliveriesOf(sql, name, false).map((row) => [row.seq, row]));
    if (read.size <= maxRemembered) living.set(name, read);
    return read;
  };
  const remember = (name: string, row: DeliveryRow): void => {
    const rows = living.get(name);
    if (rows === undefined) return;
    if (row.dead) rows.delete(row.seq);
    else rows.set(row.seq, row);
    if (rows.size > maxRemembered) living.delete(name);
  };

  return {
    subscription(name) {
      const row = known.get(name) ?? subscriptionOf(sql, name);
      if (row !== undefined) known.set(name, row);
      return row;
    },
    putSubscription(name, row) {
      const { spec, cursor, token, owner, claimedUntilMs } = row;
      if (known.get(name)?.spec === spec) {
        const update = 'UPDATE subscriptions SET "cursor" = ?, token = ?, owner = ?, claimed_until = ? WHERE name = ?';
        sql.run(update, cursor, token, owner, claimedUntilMs, name);
      } else {
        const replace = `INSERT OR REPLACE INTO subscriptions (name, spec, "cursor", token, owner, claimed_until)
          VALUES (?, ?, ?, ?, ?, ?)`;
        sql.run(replace, name, JSON.stringify(spec), cursor, token, owner, claimedUntilMs);
      }
      known.set(name, row);
    },
    deliveries: (name, dead) =>
      dead ? deliveriesOf(sql, name, true) : [...livingOf(name).values()].sort((a, b) => a.seq - b.seq),
    // By itself where it is not remembered: all that is parked may be much, and this is asked for each event of a claim.
    delivery: (name, seq) => living.get(name)?.get(seq) ?? deliveryOfSeq(sql, name, seq),
    putDelivery(name, row) {
      const { seq, stream, attempts, dueMs, claim, dead, error } = row;
      const replace = `INSERT OR REPLACE INTO deliveries (name, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
      sql.run(replace, name, seq, stream, attempts, dueMs, claim, Number(dead), error);
      remember(name, row);
    },
    removeDelivery(name, seq) {
      sql.run('DELETE FROM deliveries WHERE name = ? AND seq = ?', name, seq);
      living.get(name)?.delete(seq);
    },
    forget() {
      known.clear();
      living.clear();
    },
  };
}

function subscriptionOf(sql: Sql, name: string): SubscriptionRow | undefined {
  const select = 'SELECT spec, "cursor", token, owner, claimed_until FROM subscriptions WHERE name = ?';
  const row = sql.get<SubscriptionColumns>(select, name);
  if (row === undefined) return undefined;
  const { cursor, token, owner, claimed_until: claimedUntilMs } = row;
  // The cast trusts our own rows: the text was made from a checked spec.
  return { spec: JSON.parse(row.spec) as SubscriptionSpec, cursor, token, owner, claimedUntilMs };
}

function deliveriesOf(sql: Sql, name: string, dead: boolean): readonly DeliveryRow[] {
  const select = `SELECT ${columns} FROM deliveries WHERE name = ? AND dead = ? ORDER BY seq`;
  return sql.all<DeliveryColumns>(select, name, Number(dead)).map(deliveryOf);
}

function deliveryOfSeq(sql: Sql, name: string, seq: number): DeliveryRow | undefined {
  const select = `SELECT ${columns} FROM deliveries WHERE name = ? AND seq = ?`;
  const row = sql.get<DeliveryColumns>(select, name, seq);
  return row && deliveryOf(row);
}

function deliveryOf({ seq, stream, attempts, due, claim, dead, error }: DeliveryColumns): DeliveryRow {
  return { seq, stream, attempts, dueMs: due, claim, dead: dead === 1, error };
}
