import { ConductorError } from '@conductor/core';
import type { AnyErrorCode } from '@conductor/core';
import type { DriverInfo, StoreCapabilities } from '@conductor/core/ports';

/** The part of a `MessagePort` of Node, or of a worker, that is used. */
export interface StorePort {
  postMessage(message: unknown): void;
  on(event: 'message', listen: (message: unknown) => void): unknown;
}

/** What the thread says first: its store is open, or why it is not. */
export type Hello =
  | { readonly hello: { readonly driver: DriverInfo<StoreCapabilities>; readonly id: string } }
  | { readonly refused: SentError };

/** A call of a method; `signal`: its last argument is options, which get a signal that `abort` fires. */
export interface Call {
  readonly id: number;
  readonly call: string;
  readonly args: readonly unknown[];
  readonly signal: boolean;
}

export interface Abort {
  readonly abort: number;
}

/** How a call ended. Errors travel as data: a clone of an error loses its code. */
export type Answer =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: SentError };

export interface SentError {
  readonly code: AnyErrorCode | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Methods that answer once, by the part of the store that has them; `store` is the store itself. */
export const methods = {
  store: ['commit', 'head', 'streams'],
  leases: ['acquire', 'extend', 'renew', 'release', 'reap', 'list'],
  records: ['define', 'get', 'list'],
  subscriptions: ['ensure', 'claim', 'settle', 'status', 'replay'],
} as const;

/** Methods that answer page by page. */
export const iterations = ['read', 'readAll', 'follow'] as const;

export type Iteration = (typeof iterations)[number];

export function sentError(error: unknown): SentError {
  const message = error instanceof Error ? error.message : String(error);
  if (!ConductorError.is(error)) return { code: undefined, message, hint: undefined, details: {} };
  const { code, hint, details } = error;
  return { code, message, hint, details };
}

/** The error as the caller would have seen it without a thread between. */
export function receivedError({ code, message, hint, details }: SentError): Error {
  if (code === undefined) return new Error(message);
  return new ConductorError(code, message, { ...(hint !== undefined && { hint }), details });
}
