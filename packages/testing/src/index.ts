export { createTestEngine, localOwner } from './create-test-engine.js';
export type { TestEngine, TestEngineOptions } from './create-test-engine.js';
export { FakeClock, sequentialIds } from '@conductor/core/testing';
