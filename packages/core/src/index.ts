// Errors
export { ConductorError, toConductorError } from './kernel/error.js';
export type { ConductorErrorOptions, ErrorJson, ForeignErrorJson } from './kernel/error.js';
export { errorCodeInfo, errorCodes, findingCodes, isErrorCode } from './kernel/error-codes.js';
export type { AnyErrorCode, ErrorCode, ErrorCodeInfo, FindingCode, PluginErrorCode } from './kernel/error-codes.js';

// Time, ids, cancellation
export { instant, parseInstant, systemClock } from './kernel/clock.js';
export { randomIds } from './kernel/ids.js';
export { anySignal, raceAbort, withTimeout } from './kernel/abort.js';
export type { LinkedSignal, TimeoutOptions } from './kernel/abort.js';
export { BackoffPolicy, delayMs } from './kernel/backoff.js';

// Data
export { canonicalJson, deepFreeze, isJson, jsonValue, parseJson } from './kernel/json.js';
export type { ParseJsonOptions } from './kernel/json.js';
export { sha256Hex } from './kernel/hash.js';
