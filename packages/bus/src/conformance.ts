export { messageBusSuite } from './message-bus.suite.js';
export type { OpenMessageBus } from './message-bus.suite.js';
