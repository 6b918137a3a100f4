// Takes clients of postgres.js; Node only.
export { postgresStore } from './postgres/store.js';
export type { PostgresStoreOptions } from './postgres/store.js';
export type { PgClient, PgClientOptions } from './postgres/client.js';
export { postgresArtifacts } from './postgres/artifacts/artifacts.js';
export type { PostgresArtifacts, PostgresArtifactsOptions } from './postgres/artifacts/artifacts.js';
export { postgresUpkeep } from './postgres/upkeep.js';
export type { PostgresUpkeep, PostgresUpkeepOptions } from './postgres/upkeep.js';
