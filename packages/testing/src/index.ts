// A whole engine in memory
export { createTestEngine, localOwner } from './create-test-engine.js';
export type { TestEngine, TestEngineOptions } from './create-test-engine.js';

// Fakes and words for tests
export { FakeClock, given, sequentialIds } from '@conductor/core/testing';
export type { Decided, Decision, ExpectedEvent, Given, GivenEvent } from '@conductor/core/testing';
export { scriptedExecutor } from '@conductor/agents';
export type { ScriptedExecutor, ScriptLine } from '@conductor/agents';
