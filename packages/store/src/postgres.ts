// Takes a client of postgres.js; Node only.
export { postgresStore } from './postgres/store.js';
export type { PostgresStoreOptions } from './postgres/store.js';
export type { PgClient, PgReserved } from './postgres/client.js';
