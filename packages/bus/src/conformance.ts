export { messageBusSuite } from './message-bus.suite.js';
export type { OpenMessageBus } from './suite-messages.js';
