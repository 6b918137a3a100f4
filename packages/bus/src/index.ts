export { lateBus } from './late-bus.js';
export type { LateBusOptions } from './late-bus.js';
export { memoryBus } from './memory-bus.js';
export type { MemoryBusLimits, MemoryBusOptions } from './memory-bus.js';
export { pointerTo, relay } from './relay.js';
export type { RelayOptions } from './relay.js';
