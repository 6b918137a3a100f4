import { ConductorError, withoutCause } from '../kernel/error.js';
import { errorCodeInfo } from '../kernel/error-codes.js';
import type { WireError } from './contract/calls.js';
import { WireError as WireErrorSchema } from './schemas/values.js';

/** The body of every refused request. */
export interface ErrorBody {
  readonly error: WireError;
}

/** An error as it crosses a wire: code, message, hint, details, retryable; never its cause, never a stack. */
export function toWireError(error: ConductorError): WireError {
  return withoutCause(error);
}

/** The inverse of {@link toWireError}. Keeps codes of a newer server, so `error.code` may be none of our union. */
export function fromWireError(wire: WireError): ConductorError {
  return ConductorError.fromJSON(wire);
}

/** The error in a refused answer; `undefined` when the body is none of ours. */
export function readErrorBody(body: unknown): ConductorError | undefined {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'error')) return undefined;
  const read = WireErrorSchema.safeParse((body as { readonly error: unknown }).error);
  return read.success ? fromWireError(read.data) : undefined;
}

/** The HTTP status of a code; 500 for those that no server answers by itself. */
export function statusOfError(code: string): number {
  return errorCodeInfo(code).status ?? 500;
}
