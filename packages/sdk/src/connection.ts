import { ConductorError, delayMs, isErrorCode, parseJson, withTimeout } from '@conductor/core';
import { apiPrefix, readErrorBody, routePath, statusOfError, writeQuery } from '@conductor/core/api';
import type { Call, Route } from '@conductor/core/api';
import type { Clock, Ids } from '@conductor/core/ports';

/** How to reach one server. */
export interface Connection {
  readonly baseUrl: string;
  readonly token: string | undefined;
  readonly fetch: typeof globalThis.fetch;
  /** Of one attempt, until the answer was read. */
  readonly timeoutMs: number;
  /** Further attempts after the first. */
  readonly retries: number;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** What a request carries besides its route. */
export interface Outgoing {
  readonly id?: string | undefined;
  readonly query?: object | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Delays between attempts: 250 ms doubling to 10 s, full jitter. */
const backoff = { baseMs: 250, maxMs: 10_000 };

/** A `Retry-After` beyond this is not waited for: whoever called decides. */
const longestRetryAfterMs = 60_000;

/** The delay before attempt `failures + 1`, in milliseconds, never below what the server asked for. */
export function retryDelayMs({ ids }: Connection, failures: number, error?: unknown): number {
  const jittered = delayMs(backoff, failures, ids.random());
  const asked = ConductorError.is(error) ? error.details['retryAfterMs'] : undefined;
  return typeof asked === 'number' ? Math.max(jittered, asked) : jittered;
}

/** Method and path, for people. */
export function endpointOf(route: Route): string {
  return `${route.method} ${apiPrefix}${route.path}`;
}

/**
 * One attempt: connects, checks the status and hands the response to `read`, all within `timeoutMs`. Throws the error that
 * the server sent, UNREACHABLE, TIMEOUT, RESPONSE_INVALID, or the reason of `signal`.
 */
export async function attempt<T>(
  connection: Connection,
  route: Route,
  outgoing: Outgoing,
  read: (response: Response) => Promise<T>,
  { signal, timeoutMs = connection.timeoutMs }: Call = {},
): Promise<T> {
  const work = async (deadline: AbortSignal) => {
    try {
      const response = await connection.fetch(...requestOf(connection, route, outgoing, deadline));
      if (isAnswer(route, response)) return await read(response);
      throw await refusal(route, response);
    } catch (error) {
      deadline.throwIfAborted();
      if (ConductorError.is(error)) throw error;
      // What fetch and a body throw when a connection fails has no better name in any runtime.
      throw new ConductorError('UNREACHABLE', `${endpointOf(route)} did not reach ${connection.baseUrl}`, {
        cause: error,
      });
    }
  };
  return withTimeout(work, { timeoutMs, clock: connection.clock, signal });
}

function requestOf(
  { baseUrl, token }: Connection,
  route: Route,
  { id, query, body, headers }: Outgoing,
  signal: AbortSignal,
): [string, RequestInit] {
  const search = query === undefined ? '' : writeQuery(query).toString();
  const url = `${baseUrl}${apiPrefix}${routePath(route.path, id)}${search === '' ? '' : `?${search}`}`;
  const sent = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  };
  // A redirect would carry the token to wherever it points.
  const init: RequestInit = { method: route.method, headers: sent, redirect: 'manual', signal };
  return [url, body === undefined ? init : { ...init, body: JSON.stringify(body) }];
}

/** Health speaks with 503 too. */
function isAnswer(route: Route, { ok, status }: Response): boolean {
  return ok || (route.open === true && status === 503);
}

/** Statuses with which something between us and the server says that it cannot reach it. */
const gatewayStatuses: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

async function refusal(route: Route, response: Response): Promise<ConductorError> {
  const text = await response.text();
  const error = readErrorBody(jsonOrNothing(text));
  const { status } = response;
  if (error !== undefined) {
    const { code, message, hint, details, retryable } = error;
    return new ConductorError(code, message, { hint, details: { ...details, ...retryAfterOf(response) }, retryable });
  }
  if (gatewayStatuses.has(status)) {
    const details = { status, ...retryAfterOf(response) };
    return new ConductorError('UNREACHABLE', `${endpointOf(route)} was answered with ${status} on its way`, {
      details,
    });
  }
  return invalidResponse(route, response, text, [
    { path: [], message: `Status ${status} without an error of Conductor` },
  ]);
}

function retryAfterOf({ headers }: Response): { readonly retryAfterMs?: number } {
  const seconds = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(seconds) ? { retryAfterMs: Number(seconds) * 1000 } : {};
}

function jsonOrNothing(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // a page of some proxy: told by its status
  }
}

/** RESPONSE_INVALID: names the endpoint, what does not fit, and how the answer begins. */
export function invalidResponse(
  route: Route,
  { status }: Response,
  text: string,
  found: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): ConductorError {
  const endpoint = endpointOf(route);
  const issues = found.slice(0, 20).map(({ path, message }) => ({ path: path.map(String), message }));
  const first = issues[0];
  const at = first === undefined || first.path.length === 0 ? '' : ` at ${first.path.join('.')}`;
  return new ConductorError(
    'RESPONSE_INVALID',
    `The answer of ${endpoint} does not fit${at}: ${first?.message ?? ''}`,
    {
      details: { endpoint, status, issues, snippet: text.slice(0, 200) },
    },
  );
}

/**
 * Repeats `work` on UNREACHABLE, TIMEOUT and whatever the server calls retryable. The caller sees to it that a repeat is
 * safe. `timeoutMs` limits the whole; each wait is at least as long as the server asked for.
 */
export async function withRetries<T>(
  connection: Connection,
  { signal, timeoutMs }: Call,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const { clock, retries } = connection;
  const run = async (either: AbortSignal | undefined) => {
    for (let failures = 1; ; failures += 1) {
      try {
        return await work(either);
      } catch (error) {
        either?.throwIfAborted();
        const waitMs = retryDelayMs(connection, failures, error);
        if (failures > retries || !isWorthRepeating(error) || waitMs > longestRetryAfterMs) throw error;
        await clock.sleep(waitMs, { signal: either });
      }
    }
  };
  signal?.throwIfAborted();
  return timeoutMs === undefined ? run(signal) : withTimeout(run, { timeoutMs, clock, signal });
}

/** A conflict (409) says that somebody was first: reading again and deciding again is the caller's. CONTENTION asks for no more than another try. */
function isWorthRepeating(error: unknown): boolean {
  if (!ConductorError.is(error) || !error.retryable) return false;
  return error.code === 'CONTENTION' || !isErrorCode(error.code) || statusOfError(error.code) !== 409;
}
