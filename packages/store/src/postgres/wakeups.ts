import type { Clock } from '@conductor/core/ports';
import type { Handle } from '../rules/store.js';
import { run } from './client.js';
import type { PgClient } from './client.js';
import { sql } from './sql-text.js';

/** What a group changed, as one letter each: events, leases, subscriptions. */
export type Area = 'e' | 'l' | 's';

/**
 * Wake-ups between the handles of a store. They are sent after the transaction and outside of it, where they cost no writer
 * anything, one at a time, so that many changes become one; what gets lost is found by the next poll.
 */
export interface Wakeups {
  watch(wake: Handle['wake']): void;
  /** `more`: another change will follow at once, and may be told together with this one. */
  changed(areas: ReadonlySet<Area>, more: boolean): void;
  close(): Promise<void>;
}

export interface WakeupOptions {
  readonly client: PgClient;
  readonly channel: string;
  /** Of this handle: what it said itself wakes nobody here. */
  readonly handle: string;
  readonly clock: Clock;
}

export async function createWakeups({ client, channel, handle, clock }: WakeupOptions): Promise<Wakeups> {
  let wake: Handle['wake'] | undefined;
  let closed = false;
  let sending: Promise<void> | undefined;
  const waiting = new Set<Area>();
  let held = false;

  const rouse = (areas: string) => {
    if (areas.includes('e')) wake?.log.notify();
    if (areas.includes('e') || areas.includes('s')) wake?.subscriptions.notify();
    if (areas.includes('l')) wake?.leases.notify();
  };
  const onNotify = (payload: string) => {
    const [from, areas = ''] = payload.split(' ');
    if (from !== handle) rouse(areas);
  };
  // Whatever was said while nobody listened is made up for, after each loss of the connection too.
  const listening = await Promise.resolve(client.listen(channel, onNotify, () => rouse('els'))).catch(() => undefined); // the polls remain
  const send = async (): Promise<void> => {
    while (waiting.size > 0 && !closed) {
      const areas = [...waiting].join('');
      waiting.clear();
      try {
        await run(client, [sql`SELECT pg_notify(${channel}, ${`${handle} ${areas}`})`], 1);
      } catch {
        await clock.turn(); // the polls remain
      }
    }
    sending = undefined;
  };

  return {
    watch(other) {
      wake = other;
    },
    changed(areas, more) {
      for (const area of areas) waiting.add(area);
      // Once only, so that nobody waits for long.
      held = more && !held;
      if (waiting.size > 0 && !held && !closed) sending ??= send();
    },
    async close() {
      closed = true;
      await sending;
      await Promise.resolve(listening?.unlisten()).catch(() => undefined); // a server that is gone tells nobody anything
    },
  };
}
