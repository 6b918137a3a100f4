// NATS JetStream, through the optional peers @nats-io/transport-node and @nats-io/jetstream.
export { natsBus, natsDriver } from './nats/nats-bus.js';
export type { NatsBus, NatsBusLimits, NatsBusOptions } from './nats/nats-bus.js';
export { parseNatsUrl } from './nats/server-url.js';
export type { NatsPlace } from './nats/server-url.js';
export type { DeadLetter } from './nats/dead-letters.js';
