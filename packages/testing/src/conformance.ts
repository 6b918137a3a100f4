// The suites of every port and of the API, in one place; importing them needs vitest.
export { executorSuite } from '@conductor/agents/conformance';
export type { Behaviour, ExecutorSuiteOptions, ProcessBehaviour } from '@conductor/agents/conformance';
export { messageBusSuite } from '@conductor/bus/conformance';
export type { OpenMessageBus } from '@conductor/bus/conformance';
export { artifactsSuite, storeSuite, workspaceSuite } from '@conductor/store/conformance';
export type { OpenArtifacts, OpenStore, OpenStoreUnderTest, OpenWorkspace } from '@conductor/store/conformance';
export { conductorApiSuite } from './conductor-api.suite.js';
export type { ApiSetup, ApiUnderTest, OpenApi } from './conductor-api.suite.js';
