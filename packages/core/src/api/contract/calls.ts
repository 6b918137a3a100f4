/** Options of a read. `signal` and `timeoutMs` end the wait, never the work. */
export interface Call {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
}

/** Options of a write. Same key and body again: the subject as it is now. `ifMatch` stale: `VERSION_CONFLICT`. */
export interface Write extends Call {
  idempotencyKey?: string | undefined;
  ifMatch?: number | undefined;
}

export interface Cursor {
  cursor?: string | undefined;
  /** 1 to 500, 100 when absent. */
  limit?: number | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

export interface WireError {
  code: string;
  message: string;
  hint?: string;
  details?: Readonly<Record<string, unknown>>;
  retryable: boolean;
}
