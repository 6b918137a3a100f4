export { snapshotsSuite } from './conformance/snapshots.suite.js';
export type { OpenSnapshots, OpenSnapshotsUnderTest } from './conformance/snapshots.suite.js';
export { artifactsSuite } from './conformance/artifacts.suite.js';
export type { OpenArtifacts } from './conformance/artifacts.suite.js';
export { workspaceSuite } from './conformance/workspace.suite.js';
export type { OpenWorkspace } from './conformance/workspace.suite.js';
export { storeSuite } from './conformance/store.suite.js';
export type { OpenStore, OpenStoreUnderTest } from './conformance/store.suite.js';
export { transferSuite } from './conformance/transfer.suite.js';
