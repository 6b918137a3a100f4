export { sqliteStore } from './sqlite/store.js';
export type { SqliteStoreOptions } from './sqlite/store.js';
export { databaseLock } from './sqlite/database-lock.js';
export { databaseOwners } from './sqlite/database-owners.js';
export type { DatabaseOwnersOptions } from './sqlite/database-owners.js';
export { sqliteError } from './sqlite/errors.js';
export type { SqlDatabase, SqlStatement, SqlValue } from './sqlite/database.js';
export type { OwnerLocks } from './rules/lease-port.js';
export type { StoreLimits } from './rules/limits.js';
