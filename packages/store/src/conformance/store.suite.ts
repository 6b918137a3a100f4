import { edgesSuite } from './edges.suite.js';
import { leaseLineSuite } from './lease-line.suite.js';
import { leasesSuite } from './leases.suite.js';
import { logSuite } from './log.suite.js';
import { modelSuite } from './model.suite.js';
import { readsSuite } from './reads.suite.js';
import { recordsSuite } from './records.suite.js';
import type { OpenStore } from './store-fixture.js';
import { subscriptionsSuite } from './subscriptions.suite.js';

export type { OpenStore, OpenStoreUnderTest } from './store-fixture.js';

/**
 * The contract of the Store port, with its leases, records and subscriptions. A driver is a driver when this passes,
 * unchanged. `open` makes an empty store on the clock that it is given; what only one driver promises is tested beside it.
 */
export function storeSuite(name: string, open: OpenStore): void {
  logSuite(name, open);
  readsSuite(name, open);
  leasesSuite(name, open);
  leaseLineSuite(name, open);
  edgesSuite(name, open);
  recordsSuite(name, open);
  subscriptionsSuite(name, open);
  modelSuite(name, open);
}
