import { upcast } from '@conductor/core';
import type { Batches, Claim, Store } from '@conductor/core/ports';
import type { FoldCache } from './fold-cache.js';

/** A store as the engine sees it. */
export interface EngineStore extends Store {
  readonly folds?: FoldCache | undefined;
}

/**
 * The read edge: whatever of our events was stored in an older shape leaves it in the newest, for folds, reports and the
 * feed alike. The rows stay as they were written, and an export carries them so. Unknown types and newer versions pass.
 */
export function readEdge(store: Store, folds?: FoldCache): EngineStore {
  return Object.freeze<EngineStore>({
    folds,
    driver: store.driver,
    id: store.id,
    leases: store.leases,
    records: store.records,
    subscriptions: {
      ensure: (spec) => store.subscriptions.ensure(spec),
      claim: async (name, o) => upcastClaim(await store.subscriptions.claim(name, o)),
      settle: (claim, results, o) => store.subscriptions.settle(claim, results, o),
      status: (name, o) => store.subscriptions.status(name, o),
      replay: (name, what, o) => store.subscriptions.replay(name, what, o),
    },
    commit: (commit, o) => store.commit(commit, o),
    head: (o) => store.head(o),
    streams: (o) => store.streams(o),
    read: (stream, o) => upcastPages(store.read(stream, o)),
    readAll: (o) => upcastPages(store.readAll(o)),
    follow: (o) => upcastPages(store.follow(o)),
    close: () => store.close(),
  });
}

async function* upcastPages(pages: Batches): Batches {
  for await (const page of pages) yield page.map((event) => upcast(event));
}

function upcastClaim(claim: Claim): Claim {
  return { ...claim, deliveries: claim.deliveries.map((each) => ({ ...each, event: upcast(each.event) })) };
}
