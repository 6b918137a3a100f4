import type { Claim, Clock, SubscriptionSpec } from '@conductor/core/ports';
import { matcher } from './filter.js';
import type { Rows } from './rows.js';
import type { Tell } from './store.js';
import { claimWork } from './subscriptions.js';
import type { ClaimTerms } from './subscriptions.js';
import { createWake } from './wake.js';
import type { Wake } from './wake.js';

type Appends = readonly { readonly stream: string; readonly events: readonly { readonly type: string }[] }[];

/** A call of `claim` of this process that looks or waits for work. */
export interface Claimer {
  readonly name: string;
  readonly wake: Pick<Wake, 'notify' | 'close'>;
  /** Whether a commit holds anything for it, told without asking the store. */
  wants(appends: Appends): boolean;
  /** Claims in the transaction that brings events, while it waits. */
  serve(rows: Rows, nowMs: number, tell: Tell): void;
}

/** A claimer as the call itself has it. */
export interface OwnClaimer extends Claimer {
  readonly wake: Wake;
  /** What the subscription hands out, as of the last look; until then it wants everything. */
  spec: SubscriptionSpec | undefined;
  /** Only who waits is served: who looks may be claiming just now. */
  waits: boolean;
  /** What it was served, once that lasts. */
  readonly given: Claim | undefined;
}

export function createClaimer(clock: Clock, name: string, terms: ClaimTerms, claimers: Iterable<Claimer>): OwnClaimer {
  let spec: SubscriptionSpec | undefined;
  let matches: ReturnType<typeof matcher> = () => true;
  let given: Claim | undefined;
  return {
    name,
    wake: createWake(clock),
    waits: false,
    get spec() {
      return spec;
    },
    set spec(next) {
      if (next !== undefined && next !== spec) matches = matcher(next);
      spec = next;
    },
    get given() {
      return given;
    },
    wants: (appends) => appends.some(({ stream, events }) => events.some(({ type }) => matches(stream, type))),
    serve(rows, nowMs, tell) {
      if (!this.waits) return;
      const outcome = claimWork(rows, name, terms, nowMs);
      if (!('claim' in outcome)) return;
      tell(() => {
        given = outcome.claim;
        notifyClaimers(claimers, name); // the others have to know when this claim runs out
      });
    },
  };
}

/** Lets those look again who claim from a subscription. */
export function notifyClaimers(claimers: Iterable<Claimer>, name: string): void {
  for (const claimer of claimers) if (claimer.name === name) claimer.wake.notify();
}
