export { leaseKeeper } from './lease-keeper.js';
export type { LeaseKeeperOptions } from './lease-keeper.js';
export { snapshotArtifacts } from './snapshots/row.js';
export { storedSnapshots } from './snapshots/snapshots.js';
export type { StoredSnapshotsOptions } from './snapshots/snapshots.js';
