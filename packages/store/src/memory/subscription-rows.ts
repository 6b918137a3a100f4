import type { DeliveryRow, SubscriptionRow, SubscriptionRows } from '../rules/rows.js';
import { JournaledMap } from './journaled-map.js';
import type { Journal } from './journaled-map.js';

/** Subscriptions and their deliveries as maps; a delivery row lives only while its event is not settled. */
export function memorySubscriptionRows(journal: Journal): SubscriptionRows {
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
    subscription: (name) => subscriptions.get(name),
    putSubscription: (name, row) => subscriptions.set(name, row),
    deliveries: (name, dead) =>
      [...tableOf(name).values()].filter((row) => row.dead === dead).sort((a, b) => a.seq - b.seq),
    delivery: (name, seq) => tableOf(name).get(seq),
    putDelivery: (name, row) => tableOf(name).set(row.seq, row),
    removeDelivery: (name, seq) => tableOf(name).delete(seq),
  };
}
