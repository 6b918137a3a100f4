// A store of another thread, over a port as Node's worker threads have it.
export { remoteStore } from './thread/remote-store.js';
export type { RemoteStore, RemoteStoreOptions } from './thread/remote-store.js';
export { serveStore } from './thread/serve-store.js';
export type { Extras } from './thread/serve-store.js';
export type { StorePort } from './thread/messages.js';
