import { z } from 'zod';
import { ConductorError } from '../kernel/error.js';
import * as wire from './schemas.js';

/** One method of ConductorApi over HTTP: what server, SDK and OpenAPI document all read. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Below `/v1`. `{id}` is one percent-encoded segment. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly query?: z.ZodObject;
  /** A missing body counts as `{}`. */
  readonly body?: z.ZodType;
  readonly result: z.ZodType;
  /** Absent: JSON of `result`. `bytes` carry their ArtifactRef in a header, `events` are frames of one envelope each. */
  readonly media?: 'markdown' | 'bytes' | 'events';
  readonly status: 200 | 201 | 202;
  /** Answers whose key has this value go with 200 instead: nothing was made. */
  readonly ok?: { readonly key: string; readonly is: string };
  /** Takes `Idempotency-Key` and `If-Match`. */
  readonly write?: true;
  /** `If-Match` must be there. */
  readonly ifMatch?: 'required';
  /** The answer's `revision` is its ETag. `fresh`: equal revisions mean equal answers, so 304 may be said. */
  readonly etag?: 'revision' | 'fresh';
  /** Where to look next: the path of the resource that the answer names by this key; `a.b` is key b of what a holds. */
  readonly location?: { readonly path: `/${string}`; readonly key: string };
  /** Needs no token. */
  readonly open?: true;
}

/** Version prefix of every path. A break would be `/v2`. */
export const apiPrefix = '/v1';

const trackAnswer = { result: wire.Track, status: 200, etag: 'revision', write: true } as const;
const atTrack = { path: '/tracks/{id}', key: 'id' } as const;

/** The one table of the HTTP API, by `<namespace>.<method>` of ConductorApi. */
export const routes = {
  'tracks.create': {
    ...trackAnswer,
    method: 'POST',
    path: '/tracks',
    summary: 'Create a draft',
    body: wire.CreateTrack,
    status: 201,
    location: atTrack,
  },
  'tracks.go': {
    method: 'POST',
    path: '/goals',
    summary: 'Find the track that a goal is about, or create one: 201 created, 200 resumed',
    body: wire.Goal,
    result: wire.GoResult,
    status: 201,
    ok: { key: 'action', is: 'resumed' },
    location: { path: '/tracks/{id}', key: 'track.id' },
    write: true,
  },
  'tracks.list': {
    method: 'GET',
    path: '/tracks',
    summary: 'List tracks, newest change first',
    query: wire.TrackQuery,
    result: wire.pageOf(wire.Track),
    status: 200,
  },
  'tracks.get': {
    method: 'GET',
    path: '/tracks/{id}',
    summary: 'Read a track',
    result: wire.Track,
    status: 200,
    etag: 'fresh',
  },
  'tracks.update': {
    ...trackAnswer,
    method: 'PATCH',
    path: '/tracks/{id}',
    summary: 'Change what a track is about, never its lifecycle or loop',
    body: wire.TrackPatch,
  },
  'tracks.run': {
    method: 'POST',
    path: '/tracks/{id}/run',
    summary: 'Run a track; answers when the run is leased',
    body: wire.RunInput,
    result: wire.TrackRun,
    status: 202,
    location: { path: '/tracks/{id}', key: 'trackId' },
    write: true,
  },
  'tracks.pause': {
    ...trackAnswer,
    method: 'POST',
    path: '/tracks/{id}/pause',
    summary: 'Pause a track; drain lets running tasks end',
    body: wire.PauseInput,
  },
  'tracks.resume': {
    ...trackAnswer,
    method: 'POST',
    path: '/tracks/{id}/resume',
    summary: 'Lift the pause; starts nothing',
    body: wire.ReasonInput,
  },
  'tracks.cancel': {
    ...trackAnswer,
    method: 'POST',
    path: '/tracks/{id}/cancel',
    summary: 'End the run, then the track',
    body: wire.ReasonInput,
  },
  'tracks.move': {
    ...trackAnswer,
    method: 'POST',
    path: '/tracks/{id}/move',
    summary: 'Move a track in its lifecycle; draft is a retry',
    body: wire.MoveInput,
  },
  'tracks.runs': {
    method: 'GET',
    path: '/tracks/{id}/runs',
    summary: 'List the runs of a track',
    query: wire.PageQuery,
    result: wire.pageOf(wire.TrackRun),
    status: 200,
  },
  'tracks.activity': {
    method: 'GET',
    path: '/tracks/{id}/activity',
    summary: 'Workers, leases, waits and messages of this moment',
    result: wire.Activity,
    status: 200,
  },
  'plans.get': {
    method: 'GET',
    path: '/tracks/{id}/plan',
    summary: 'Read the plan of a track',
    result: wire.PlanDocument,
    status: 200,
    // Marks change the text and leave the revision alone, so an equal revision is no 304.
    etag: 'revision',
  },
  'plans.submit': {
    method: 'PUT',
    path: '/tracks/{id}/plan',
    summary: 'Hand in a whole plan; If-Match "0" when there is none',
    body: wire.PlanText,
    result: wire.PlanDocument,
    status: 200,
    write: true,
    ifMatch: 'required',
    etag: 'revision',
  },
  'plans.edit': {
    method: 'PATCH',
    path: '/tracks/{id}/plan',
    summary: 'Edit the plan: all edits or none',
    body: wire.PlanEdits,
    result: wire.PlanDocument,
    status: 200,
    write: true,
    etag: 'revision',
  },
  'plans.check': {
    method: 'POST',
    path: '/plans/check',
    summary: 'Check a plan without changing anything',
    body: wire.PlanCheck,
    result: wire.PlanCheckResult,
    status: 200,
  },
  'plans.graph': {
    method: 'GET',
    path: '/tracks/{id}/plan/graph',
    summary: 'The graph of the plan, with levels and critical path',
    result: wire.PlanGraph,
    status: 200,
  },
  'approvals.list': {
    method: 'GET',
    path: '/approvals',
    summary: 'List approvals, pending unless asked otherwise, oldest first',
    query: wire.ApprovalQuery,
    result: wire.pageOf(wire.Approval),
    status: 200,
  },
  'approvals.get': {
    method: 'GET',
    path: '/approvals/{id}',
    summary: 'Read an approval',
    result: wire.Approval,
    status: 200,
    etag: 'revision',
  },
  'approvals.decide': {
    method: 'POST',
    path: '/approvals/{id}/decision',
    summary: 'Answer an approval, once',
    body: wire.DecideInput,
    result: wire.Approval,
    status: 200,
    write: true,
    etag: 'revision',
  },
  'boards.list': {
    method: 'GET',
    path: '/boards',
    summary: 'List board sessions',
    query: wire.BoardQuery,
    result: wire.pageOf(wire.BoardSession),
    status: 200,
  },
  'boards.get': {
    method: 'GET',
    path: '/boards/{id}',
    summary: 'Read a board session',
    result: wire.BoardSession,
    status: 200,
    etag: 'revision',
  },
  'boards.minutes': {
    method: 'GET',
    path: '/boards/{id}/minutes',
    summary: 'The minutes of a board session as Markdown',
    result: z.string(),
    media: 'markdown',
    status: 200,
  },
  'events.list': {
    method: 'GET',
    path: '/events',
    summary: 'List events of the log',
    query: wire.EventListQuery,
    result: wire.pageOf(wire.EventEnvelope),
    status: 200,
  },
  'events.follow': {
    method: 'GET',
    path: '/events/stream',
    summary: 'Stored events, then live ones, as server-sent events; resume by Last-Event-ID',
    query: wire.EventQuery,
    result: wire.EventEnvelope,
    media: 'events',
    status: 200,
  },
  'artifacts.get': {
    method: 'GET',
    path: '/artifacts/{id}',
    summary: 'The bytes of an artifact',
    result: wire.ArtifactRef,
    media: 'bytes',
    status: 200,
  },
  'documents.check': {
    method: 'GET',
    path: '/documents',
    summary: 'What a synchronisation of the business documents would ask for; writes nothing',
    query: wire.DocumentQuery,
    result: wire.DocumentCheck,
    status: 200,
  },
  'documents.sync': {
    method: 'POST',
    path: '/documents/syncs',
    summary: 'Synchronise the business documents; answers when the scribe is asked',
    body: wire.DocumentQuery,
    result: wire.DocumentSync,
    status: 202,
    location: { path: '/documents/syncs/{id}', key: 'id' },
    write: true,
  },
  'documents.get': {
    method: 'GET',
    path: '/documents/syncs/{id}',
    summary: 'How a synchronisation stands',
    result: wire.DocumentSync,
    status: 200,
  },
  'documents.review': {
    method: 'POST',
    path: '/tracks/{id}/reviews',
    summary: 'Review a phase of a track and write the report',
    body: wire.ReviewInput,
    result: wire.PhaseReview,
    status: 200,
    write: true,
  },
  'system.health': {
    method: 'GET',
    path: '/health',
    summary: 'Whether the engine takes work: 200, else 503 with the same body',
    result: wire.Health,
    status: 200,
    open: true,
  },
  'system.doctor': {
    method: 'GET',
    path: '/doctor',
    summary: 'Checks of this installation',
    result: wire.DoctorReport,
    status: 200,
  },
} as const satisfies Readonly<Record<string, Route>>;

/** `<namespace>.<method>` of ConductorApi, also the action that `Authorize` is asked for reads. */
export type RouteId = keyof typeof routes;

/** What a route answers, parsed. */
export type RouteResult<Id extends RouteId> = z.output<(typeof routes)[Id]['result']>;

type PathPart<R> = R extends { path: `${string}{id}${string}` } ? { readonly id: string } : unknown;
type QueryPart<R> = R extends { query: infer Q extends z.ZodType } ? { readonly query: z.output<Q> } : unknown;
type BodyPart<R> = R extends { body: infer B extends z.ZodType } ? { readonly body: z.output<B> } : unknown;

/** What a request to a route carries: `id`, `query` and `body`, each where the route has one. */
export type RouteRequest<Id extends RouteId> = PathPart<(typeof routes)[Id]> &
  QueryPart<(typeof routes)[Id]> &
  BodyPart<(typeof routes)[Id]>;

/** The path of a request, below the prefix. Throws ID_INVALID for an id that a URL would lose, such as `..`. */
export function routePath(path: string, id: string | undefined): string {
  if (!path.includes('{id}')) return path;
  // URL parsers resolve dot segments, even percent-encoded ones: the request would reach another route.
  if (id === undefined || id === '' || id === '.' || id === '..' || /\p{Cs}/u.test(id)) {
    throw new ConductorError('ID_INVALID', `${JSON.stringify(id ?? '')} cannot be an id`);
  }
  return path.replace('{id}', () => encodeURIComponent(id));
}

/** The query of a URL: numbers in decimal, lists as repeated keys, absent values left out. */
export function writeQuery(query: object): URLSearchParams {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) params.append(key, String(each));
  }
  return params;
}

/** The inverse of {@link writeQuery}, checked. Throws VALIDATION_FAILED for unknown, repeated or misspelt parameters. */
export function readQuery<S extends z.ZodObject>(schema: S, params: URLSearchParams): z.output<S> {
  const query: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of new Set(params.keys())) {
    const values = params.getAll(key);
    const kind = Object.hasOwn(schema.shape, key) ? kindOf(schema.shape[key]) : 'text';
    if (kind === 'list') query[key] = values;
    else if (values.length > 1) throw invalid('The query', [{ path: [key], message: 'Given more than once' }]);
    else query[key] = kind === 'number' ? decimal(values[0] ?? '') : values[0];
  }
  return checked(schema, { ...query }, 'The query');
}

function kindOf(schema: unknown): 'list' | 'number' | 'text' {
  if (schema instanceof z.ZodOptional) return kindOf(schema.unwrap());
  if (schema instanceof z.ZodArray) return 'list';
  return schema instanceof z.ZodNumber ? 'number' : 'text';
}

/** Only plain digits are a number: `1e3`, `0x10`, `+1` and the empty text stay text and fail the schema. */
function decimal(text: string): number | string {
  return /^\d{1,16}$/.test(text) ? Number(text) : text;
}

/** A value from outside, as its schema wants it. Throws VALIDATION_FAILED with `details.issues` (path, message), 20 at most. */
export function checked<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw invalid(what, read.error.issues);
}

function invalid(what: string, found: readonly { path: PropertyKey[]; message: string }[]): ConductorError {
  const issues = found.slice(0, 20).map(({ path, message }) => ({ path: path.map(String), message }));
  const first = issues[0];
  const at = first === undefined || first.path.length === 0 ? '' : ` at ${first.path.join('.')}`;
  return new ConductorError('VALIDATION_FAILED', `${what} is not valid${at}: ${first?.message ?? ''}`, {
    details: { issues },
  });
}
