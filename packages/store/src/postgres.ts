// Takes clients of postgres.js; Node only.
export { postgresStore } from './postgres/store.js';
export type { PostgresStoreOptions } from './postgres/store.js';
export type { PgClient, PgClientOptions } from './postgres/client.js';
