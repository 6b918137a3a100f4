import { FakeClock, sequentialIds } from '@conductor/core/testing';
import { createClient } from '../src/index.js';
import type { ClientOptions } from '../src/index.js';

/** A request as it left the client. */
export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly redirect: RequestInit['redirect'];
  readonly signal: AbortSignal;
}

/** What a fake server does with one request: answer, or fail as a network does. */
export type Reply = Response | Error | ((sent: Sent) => Response | Promise<Response>);

/** A client over a fetch that replies as listed, the last reply for ever, and the requests that it saw. */
export function clientOf(replies: readonly Reply[], options: Partial<ClientOptions> = {}) {
  const clock = new FakeClock();
  const sent: Sent[] = [];
  const fetch: typeof globalThis.fetch = async (url, init = {}) => {
    const { method = 'GET', body, redirect, signal } = init;
    const request: Sent = {
      method,
      url: url instanceof Request ? url.url : url.toString(),
      headers: new Headers(init.headers),
      body: typeof body === 'string' ? (JSON.parse(body) as unknown) : undefined,
      redirect,
      signal: signal ?? new AbortController().signal,
    };
    sent.push(request);
    const reply = replies[Math.min(sent.length, replies.length) - 1];
    if (typeof reply === 'function') return reply(request);
    if (reply instanceof Response) return reply.clone();
    throw reply ?? new TypeError('fetch failed');
  };
  const api = createClient({
    baseUrl: 'http://127.0.0.1:4270',
    token: 'secret',
    fetch,
    clock,
    ids: sequentialIds(),
    ...options,
  });
  return { api, clock, sent };
}

/** A connection on which nothing ever comes. */
export function silence({ signal }: Sent): Promise<Response> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}

export function refused(
  status: number,
  code: string,
  more: object = {},
  headers: Record<string, string> = {},
): Response {
  return Response.json({ error: { code, message: `${code}!`, retryable: false, ...more } }, { status, headers });
}

export const broken = new TypeError('fetch failed');

export const track = {
  id: 'greet_20260101',
  name: 'Greet',
  type: 'feature',
  priority: 'P2',
  lifecycle: 'draft',
  background: false,
  revision: 3,
  step: 'PLAN',
  stepStatus: 'NOT_STARTED',
  fixCycles: 0,
  planRevisions: 0,
  iterations: 0,
  progress: { total: 0, done: 0, running: 0, blocked: 0, failed: 0, skipped: 0 },
  next: { do: 'start', reason: '' },
  approvals: [],
  blockers: [],
  conditions: [],
  usage: { known: true },
  labels: [],
  dependencies: [],
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};
