import type { Claim, Opt, OwnerId, Subscriptions } from '@conductor/core/ports';
import { checkCount, checkName } from './checks.js';
import type { Handle, Offer } from './store.js';
import {
  checkSpec,
  claimWork,
  ensureSubscription,
  lookForWork,
  replaySubscription,
  settleClaim,
  subscriptionStatus,
} from './subscriptions.js';

/** The port `Subscriptions` over a driver's rows. */
export function createSubscriptions(handle: Handle): Subscriptions {
  const { read, write, wake } = handle;
  return Object.freeze({
    async ensure(spec) {
      checkSpec(spec);
      await write((rows) => ensureSubscription(rows, spec));
      wake.subscriptions.notify();
    },
    claim: (name, o) => claim(handle, name, o),
    async settle(held, results, { signal } = {}) {
      await write((rows, nowMs) => settleClaim(rows, held, results, nowMs), { signal });
      wake.subscriptions.notify();
    },
    status: (name, { signal } = {}) => read((rows, nowMs) => subscriptionStatus(rows, name, nowMs), { signal }),
    async replay(name, what, { signal } = {}) {
      await write((rows) => replaySubscription(rows, name, what), { signal });
      wake.subscriptions.notify();
    },
  } satisfies Subscriptions);
}

async function claim(
  handle: Handle,
  name: string,
  {
    owner,
    max,
    visibleMs,
    signal,
  }: Opt & { readonly owner: OwnerId; readonly max: number; readonly visibleMs: number },
) {
  checkName('an owner', owner);
  checkCount('The events of a claim', max, 1);
  checkCount('The time of a claim, in milliseconds,', visibleMs, 1);
  const { read, write, wake, now, pollMs, offers } = handle;
  let scanned = 0;
  let given: Claim | undefined;
  // Served by the commit that brings the event, the claim needs no transaction of its own.
  const offer: Offer = (rows, nowMs, tell) => {
    if (!lookForWork(rows, name, scanned, nowMs).work) return;
    const outcome = claimWork(rows, name, { owner, max, visibleMs }, nowMs);
    if (!('claim' in outcome)) return;
    tell(() => {
      given = outcome.claim;
      wake.subscriptions.notify();
    });
  };
  for (;;) {
    const { tick } = wake.subscriptions;
    const from = scanned;
    const look = await read((rows, nowMs) => lookForWork(rows, name, from, nowMs), { signal });
    scanned = look.scanned;
    let { nextMs } = look;
    if (look.work) {
      const outcome = await write((rows, nowMs) => claimWork(rows, name, { owner, max, visibleMs }, nowMs), { signal });
      if ('claim' in outcome) return outcome.claim;
      ({ nextMs } = outcome);
    }
    const untilNext = nextMs === undefined ? Infinity : Math.max(1, nextMs - now());
    const ms = Math.min(untilNext, pollMs ?? Infinity);
    offers.add(offer);
    try {
      await wake.subscriptions.wait(tick, { ms: ms === Infinity ? undefined : ms, signal });
    } finally {
      offers.delete(offer);
    }
    if (given !== undefined) return given;
  }
}
