import { ConductorError, defaultLimits, parseJson, randomIds, systemClock } from '@conductor/core';
import { ArtifactRef, checked, IdempotencyKey, routes, waitForTrack } from '@conductor/core/api';
import type { Call, ConductorApi, Route, RouteId, RouteResult, Write } from '@conductor/core/api';
import type { Clock, Ids } from '@conductor/core/ports';
import { attempt, invalidResponse, withRetries } from './connection.js';
import type { Connection, Outgoing } from './connection.js';
import { followEvents } from './follow-events.js';

export interface ClientOptions {
  /** Where the server listens, with its base path: `http://127.0.0.1:4270`. */
  readonly baseUrl: string;
  /** Sent as bearer token with every request, never in a URL. */
  readonly token?: string | undefined;
  /** Default: the runtime's own. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Of one attempt; default 20,000. `timeoutMs` of a call limits all its attempts together. */
  readonly timeoutMs?: number | undefined;
  /** Further attempts after the first; default 3. */
  readonly retries?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
}

/**
 * ConductorApi over HTTP, for one server and one actor: that of the token. Reads are repeated when a connection fails or
 * the server says so; writes too, as each carries an idempotency key. Besides the codes of each method: UNREACHABLE,
 * TIMEOUT, RESPONSE_INVALID, AUTH_REQUIRED, RATE_LIMITED. Throws VALIDATION_FAILED for a `baseUrl` that is none.
 */
export function createClient(options: ClientOptions): ConductorApi {
  const connection = connectionOf(options);
  const call = <Id extends RouteId>(id: Id, outgoing: Outgoing, o: Write = {}) => send(connection, id, outgoing, o);
  const api: ConductorApi = {
    tracks: {
      create: (body, o) => call('tracks.create', { body }, o),
      go: (body, o) => call('tracks.go', { body }, o),
      list: (query, o) => call('tracks.list', { query }, o),
      get: (id, o) => call('tracks.get', { id }, o),
      update: (id, body, o) => call('tracks.update', { id, body }, o),
      run: (id, body = {}, o) => call('tracks.run', { id, body }, o),
      pause: (id, body = {}, o) => call('tracks.pause', { id, body }, o),
      resume: (id, body = {}, o) => call('tracks.resume', { id, body }, o),
      cancel: (id, body = {}, o) => call('tracks.cancel', { id, body }, o),
      move: (id, body, o) => call('tracks.move', { id, body }, o),
      runs: (id, query, o) => call('tracks.runs', { id, query }, o),
      activity: (id, o) => call('tracks.activity', { id }, o),
      waitFor: (id, until, o) => waitForTrack(api, id, until, { ...o, clock: connection.clock }),
    },
    plans: {
      get: (id, o) => call('plans.get', { id }, o),
      submit: (id, body, o) => call('plans.submit', { id, body }, o),
      edit: (id, edits, o) => call('plans.edit', { id, body: { edits } }, o),
      check: (body, o) => call('plans.check', { body }, o),
      graph: (id, o) => call('plans.graph', { id }, o),
    },
    approvals: {
      list: (query, o) => call('approvals.list', { query }, o),
      get: (id, o) => call('approvals.get', { id }, o),
      decide: (id, body, o) => call('approvals.decide', { id, body }, o),
    },
    boards: {
      list: (query, o) => call('boards.list', { query }, o),
      get: (id, o) => call('boards.get', { id }, o),
      minutes: (id, o) => call('boards.minutes', { id }, o),
    },
    events: {
      list: (query, o) => call('events.list', { query }, o),
      follow: (query, o) => followEvents(connection, query, o),
    },
    artifacts: { get: (id, o) => artifact(connection, id, o) },
    documents: {
      check: (query, o) => call('documents.check', { query }, o),
      sync: (body = {}, o) => call('documents.sync', { body }, o),
      get: (id, o) => call('documents.get', { id }, o),
      review: (id, body = {}, o) => call('documents.review', { id, body }, o),
    },
    system: {
      health: (o) => call('system.health', {}, o),
      doctor: (o) => call('system.doctor', {}, o),
    },
  };
  return api;
}

function connectionOf({ baseUrl, token, fetch, timeoutMs, retries = 3, clock, ids }: ClientOptions): Connection {
  if (!/^https?:\/\//i.test(baseUrl) || !URL.canParse(baseUrl) || /[?#]/.test(baseUrl)) {
    throw new ConductorError('VALIDATION_FAILED', `No base URL: ${JSON.stringify(baseUrl.slice(0, 200))}`, {
      hint: 'Write it as http://127.0.0.1:4270.',
    });
  }
  return {
    baseUrl: baseUrl.replace(/\/+$/, ''),
    token,
    // Called without `this`, which some runtimes refuse for their own fetch when it is stored on an object.
    fetch: fetch ?? ((...args) => globalThis.fetch(...args)),
    timeoutMs: timeoutMs ?? 20_000,
    retries,
    clock: clock ?? systemClock(),
    ids: ids ?? randomIds(),
  };
}

async function send<Id extends RouteId>(
  connection: Connection,
  id: Id,
  outgoing: Outgoing,
  o: Write,
): Promise<RouteResult<Id>> {
  const route: Route = routes[id];
  const headers = route.write === true ? writeHeaders(connection, o) : {};
  const read = (response: Response) => parsed(route, response);
  const result = await withRetries(connection, o, (signal) =>
    attempt(connection, route, { ...outgoing, headers }, read, { signal }),
  );
  return result as RouteResult<Id>; // parsed by the schema of this very route
}

/** One key for all attempts, so that a repeat of what was done already does nothing. */
function writeHeaders({ ids }: Connection, { idempotencyKey, ifMatch }: Write): Readonly<Record<string, string>> {
  const key =
    idempotencyKey === undefined ? ids.id('key') : checked(IdempotencyKey, idempotencyKey, 'The idempotency key');
  return { 'idempotency-key': key, ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }) };
}

async function parsed(route: Route, response: Response): Promise<unknown> {
  const text = await response.text();
  if (route.media === 'markdown') return text;
  const fail = (issues: Parameters<typeof invalidResponse>[3]) => invalidResponse(route, response, text, issues);
  let json: unknown;
  try {
    // Envelopes hold what was 64 levels deep where it was written, so an answer may be deeper.
    json = parseJson(text, { maxBytes: defaultLimits.artifactBytes, maxDepth: 128 });
  } catch (error) {
    throw fail([{ path: [], message: error instanceof Error ? error.message : 'Not JSON' }]);
  }
  const read = route.result.safeParse(json);
  if (!read.success) throw fail(read.error.issues);
  return read.data;
}

async function artifact(
  connection: Connection,
  id: string,
  o: Call = {},
): ReturnType<ConductorApi['artifacts']['get']> {
  const route = routes['artifacts.get'];
  const read = async (response: Response) => {
    const header = response.headers.get('conductor-artifact') ?? '';
    const ref = ArtifactRef.safeParse(decoded(header));
    if (!ref.success) throw invalidResponse(route, response, header, ref.error.issues);
    return { ref: ref.data, body: response.body ?? new Blob([]).stream() };
  };
  return withRetries(connection, o, (signal) => attempt(connection, route, { id }, read, { signal }));
}

function decoded(header: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(header));
  } catch {
    return undefined; // no ArtifactRef, and refused as such
  }
}
