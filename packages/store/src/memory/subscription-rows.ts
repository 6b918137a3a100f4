import type { DeliveryRow, SubscriptionRow, SubscriptionRows } from '../rules/rows.js';
import { JournaledMap } from './journaled-map.js';
import type { Journal } from './journaled-map.js';

/** Everything there is of subscriptions. */
export interface SubscriptionState {
  readonly subscriptions: readonly (readonly [name: string, row: SubscriptionRow])[];
  readonly deliveries: readonly (readonly [name: string, row: DeliveryRow])[];
}

export interface MemorySubscriptionRows extends SubscriptionRows {
  state(): SubscriptionState;
}

/** Subscriptions and their deliveries as maps; a delivery row lives only while its event is not settled. */
export function memorySubscriptionRows(journal: Journal): MemorySubscriptionRows {
  const subscriptions = new JournaledMap<string, SubscriptionRow>(journal);
  const tables = new Map<string, JournaledMap<number, DeliveryRow>>();
  const tableOf = (name: string) => {
    const known = tables.get(name);
    if (known !== undefined) return known;
    const table = new JournaledMap<number, DeliveryRow>(journal);
    tables.set(name, table);
    return table;
  };
  return {
    state: () => ({
      subscriptions: [...subscriptions.entries()],
      deliveries: [...tables].flatMap(([name, table]) => Array.from(table.values(), (row) => [name, row] as const)),
    }),
    subscription: (name) => subscriptions.get(name),
    putSubscription: (name, row) => subscriptions.set(name, row),
    deliveries: (name, dead) =>
      [...tableOf(name).values()].filter((row) => row.dead === dead).sort((a, b) => a.seq - b.seq),
    delivery: (name, seq) => tableOf(name).get(seq),
    putDelivery: (name, row) => tableOf(name).set(row.seq, row),
    removeDelivery: (name, seq) => tableOf(name).delete(seq),
  };
}
