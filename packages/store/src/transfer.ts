export { exportLog } from './transfer/export-log.js';
export type { ExportOptions, LogSource } from './transfer/export-log.js';
export type { LogSummary } from './transfer/format.js';
export { checkLog, importLog } from './transfer/import-log.js';
export type { ImportResult, LogTarget } from './transfer/import-log.js';
