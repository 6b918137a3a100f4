import { lazySchema } from '../schema/lazy.js';
import { errorCodeInfo } from './error-codes.js';
import type { AnyErrorCode } from './error-codes.js';

/** Registered, not local: two copies of this package in one process must recognise each other's errors. */
const brand = Symbol.for('conductor.error');

/** Deeper causes and details are cut, so that a cycle or a hostile answer cannot exhaust the stack. */
const maxDepth = 8;

/** What a throw site may add to code and message. */
export interface ConductorErrorOptions {
  /** What to do about it; default: the hint of the code. */
  readonly hint?: string | undefined;
  /** Values a program can act on. Copied as plain JSON data: prototype keys, functions and cycles do not survive. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
  /** Overrides the code's own answer, for plugin codes and for what a newer server says. */
  readonly retryable?: boolean | undefined;
}

const WireShape = lazySchema((z) =>
  z.looseObject({
    code: z.string().min(1).max(256),
    message: z.string(),
    hint: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
    retryable: z.boolean().optional(),
  }),
);

/** An error as data. A cause without `code` was no ConductorError; it keeps its name and message, never its stack. */
export interface ErrorJson {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;
  readonly cause?: ErrorJson | ForeignErrorJson;
}

/** An error of somebody else as data. */
export interface ForeignErrorJson {
  readonly name: string;
  readonly message: string;
  readonly cause?: ErrorJson | ForeignErrorJson;
}

/**
 * The one error class of Conductor. The message says what happened, with the values; the hint says what to do;
 * the code is for programs. Recognise it with {@link ConductorError.is}, never with `instanceof`.
 */
export class ConductorError extends Error {
  override readonly name: string = 'ConductorError';
  /** From the closed union, `vendor/CODE` of a plugin, or, read off a wire, a word of a newer version. */
  readonly code: AnyErrorCode;
  /** What to do. `declare`: a field would be there, as undefined, where there is no hint. */
  declare readonly hint?: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** True: the same call may succeed later, unchanged or after reading again. */
  readonly retryable: boolean;

  constructor(code: AnyErrorCode, message: string, options: ConductorErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const info = errorCodeInfo(code);
    const hint = options.hint ?? info.hint;
    this.code = code;
    if (hint !== undefined) this.hint = hint;
    this.details = Object.freeze(plainRecord(options.details ?? {}, 0));
    this.retryable = options.retryable ?? info.retryable;
  }

  get [brand](): true {
    return true;
  }

  /** True for a ConductorError of any copy of this package; with codes, only for one of these. */
  static is<C extends AnyErrorCode>(
    error: unknown,
    ...codes: readonly C[]
  ): error is ConductorError & { readonly code: C } {
    if (typeof error !== 'object' || error === null || (error as { [brand]?: unknown })[brand] !== true) return false;
    return codes.length === 0 || (codes as readonly unknown[]).includes((error as ConductorError).code);
  }

  /** The error as data, causes included: for logs and for other threads. A server leaves `cause` out. */
  toJSON(): ErrorJson {
    return errorJson(this, 0);
  }

  /** The inverse of {@link ConductorError.toJSON}. Keeps codes it does not know. Throws VALIDATION_FAILED. */
  static fromJSON(json: unknown): ConductorError {
    const error = readError(json, 0);
    if (error === undefined)
      throw new ConductorError(
        'VALIDATION_FAILED',
        'This value is not an error of Conductor: code and message are needed',
      );
    return error;
  }
}

/** Any thrown value as a ConductorError: itself, or INTERNAL_ERROR with the value as its cause. */
export function toConductorError(thrown: unknown): ConductorError {
  if (ConductorError.is(thrown)) return thrown;
  return new ConductorError('INTERNAL_ERROR', messageOf(thrown), { cause: thrown });
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === 'string' ? thrown : `A value of type ${typeof thrown} was thrown`;
}

function errorJson(error: ConductorError, depth: number): ErrorJson {
  return { ...withoutCause(error), ...causeJson(error.cause, depth + 1) };
}

/** An error as data, for those who shall not see what caused it. */
export function withoutCause(error: ConductorError): Omit<ErrorJson, 'cause'> {
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(Object.keys(error.details).length === 0 ? {} : { details: error.details }),
    retryable: error.retryable,
  };
}

function causeJson(cause: unknown, depth: number): { cause?: ErrorJson | ForeignErrorJson } {
  if (cause === undefined || depth > maxDepth) return {};
  if (ConductorError.is(cause)) return { cause: errorJson(cause, depth) };
  const foreign = cause instanceof Error;
  const name = foreign ? cause.name : typeof cause;
  return { cause: { name, message: messageOf(cause), ...causeJson(foreign ? cause.cause : undefined, depth + 1) } };
}

function readError(json: unknown, depth: number): ConductorError | undefined {
  const read = WireShape.safeParse(json);
  if (!read.success) return undefined;
  const { code, message, hint, details, retryable, cause } = read.data;
  // The cast lets words of newer versions through: clients accept codes they do not know (R33).
  return new ConductorError(code as AnyErrorCode, message, {
    hint,
    details,
    retryable,
    cause: readCause(cause, depth + 1),
  });
}

function readCause(json: unknown, depth: number): unknown {
  if (typeof json !== 'object' || json === null || depth > maxDepth) return undefined;
  const own = readError(json, depth);
  if (own !== undefined) return own;
  const { name, message, cause } = json as Partial<Record<string, unknown>>;
  const inner = readCause(cause, depth + 1);
  const error = new Error(
    typeof message === 'string' ? message : '',
    inner === undefined ? undefined : { cause: inner },
  );
  if (typeof name === 'string') error.name = name;
  return error;
}

const prototypeKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function plainRecord(record: object, depth: number): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(record)) {
    if (prototypeKeys.has(key)) continue;
    const copy = plainValue(value, depth + 1);
    if (copy !== undefined) plain[key] = copy;
  }
  return plain;
}

function plainValue(value: unknown, depth: number): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return undefined;
  if (depth > maxDepth) return '…';
  if (value instanceof Error) return messageOf(value);
  if (value instanceof Map) return plainRecord(Object.fromEntries(value), depth);
  if (Array.isArray(value) || value instanceof Set)
    return Array.from(value, (item) => plainValue(item, depth + 1) ?? null);
  return plainRecord(value, depth);
}
