export { memoryBus } from './memory-bus.js';
export type { MemoryBusLimits, MemoryBusOptions } from './memory-bus.js';
