export { exportLog } from './transfer/export-log.js';
export type { ExportOptions, LogSource } from './transfer/export-log.js';
export type { HashOption, LogSummary } from './transfer/format.js';
export { checkLog, importLog } from './transfer/import-log.js';
export type { ImportOptions, ImportResult, LogTarget } from './transfer/import-log.js';
