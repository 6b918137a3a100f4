// NATS JetStream, through the optional peers @nats-io/transport-node and @nats-io/jetstream.
export { natsBus } from './nats/nats-bus.js';
export type { NatsBus, NatsBusLimits, NatsBusOptions } from './nats/nats-bus.js';
export type { DeadLetter } from './nats/dead-letters.js';
