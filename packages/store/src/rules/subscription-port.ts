import type { Claim, Opt, Subscriptions } from '@conductor/core/ports';
import { checkCount, checkName } from './checks.js';
import type { Handle } from './store.js';
import { createClaimer, notifyClaimers } from './subscription-claimers.js';
import type { OwnClaimer } from './subscription-claimers.js';
import {
  checkSpec,
  claimWork,
  ensureSubscription,
  lookForWork,
  replaySubscription,
  settleClaim,
  subscriptionStatus,
} from './subscriptions.js';
import type { ClaimTerms, Look } from './subscriptions.js';

/** The port `Subscriptions` over a driver's rows. */
export function createSubscriptions(handle: Handle): Subscriptions {
  const { read, write, claimers } = handle;
  /** Subscriptions whose last claim was full: there is likely more, and the next one does not look before it writes. */
  const behind = new Set<string>();
  return Object.freeze({
    async ensure(spec) {
      checkSpec(spec);
      const own = structuredClone(spec); // the caller may go on to change his
      await write((rows) => ensureSubscription(rows, own));
      notifyClaimers(claimers, spec.name);
    },
    claim: (name, o) => claim(handle, behind, name, o),
    async settle(held, results, { signal } = {}) {
      await write((rows, nowMs) => settleClaim(rows, held, results, nowMs), { signal });
      notifyClaimers(claimers, held.name);
    },
    status: (name, { signal } = {}) => read((rows, nowMs) => subscriptionStatus(rows, name, nowMs), { signal }),
    async replay(name, what, { signal } = {}) {
      await write((rows) => replaySubscription(rows, name, what), { signal });
      notifyClaimers(claimers, name);
    },
  } satisfies Subscriptions);
}

async function claim(handle: Handle, behind: Set<string>, name: string, o: Opt & ClaimTerms): Promise<Claim> {
  const { owner, max, visibleMs, signal } = o;
  checkName('an owner', owner);
  checkCount('The events of a claim', max, 1);
  checkCount('The time of a claim, in milliseconds,', visibleMs, 1);
  const terms = { owner, max, visibleMs };
  const claimer = createClaimer(handle.clock, name, terms, handle.claimers);
  handle.claimers.add(claimer);
  try {
    return await claimBy(handle, behind, claimer, terms, signal);
  } finally {
    handle.claimers.delete(claimer);
  }
}

async function claimBy(
  { read, write, now, pollMs }: Handle,
  behind: Set<string>,
  claimer: OwnClaimer,
  terms: ClaimTerms,
  signal: AbortSignal | undefined,
): Promise<Claim> {
  const { name, wake } = claimer;
  let last: Look | undefined;
  for (;;) {
    const { tick } = wake;
    const before = last;
    let nextMs: number | undefined;
    let work = behind.delete(name);
    if (!work) {
      last = await read((rows, nowMs) => lookForWork(rows, name, before, nowMs), { signal });
      ({ work, nextMs, spec: claimer.spec } = last);
    }
    if (work) {
      const outcome = await write((rows, nowMs) => claimWork(rows, name, terms, nowMs), { signal });
      if ('claim' in outcome) {
        if (outcome.claim.deliveries.length === terms.max) behind.add(name);
        return outcome.claim;
      }
      ({ nextMs } = outcome);
    }
    const untilNext = nextMs === undefined ? Infinity : Math.max(1, nextMs - now());
    const ms = Math.min(untilNext, pollMs ?? Infinity);
    claimer.waits = true;
    try {
      await wake.wait(tick, { ms: ms === Infinity ? undefined : ms, signal });
    } finally {
      claimer.waits = false;
    }
    if (claimer.given !== undefined) return claimer.given;
  }
}
