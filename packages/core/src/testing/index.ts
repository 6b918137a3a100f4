export { FakeClock } from './fake-clock.js';
export { given } from './given.js';
export type { Decided, Decision, ExpectedEvent, Given, GivenEvent } from './given.js';
export { sequentialIds } from './sequential-ids.js';
