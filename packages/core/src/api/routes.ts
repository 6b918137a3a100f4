import * as z from '@conductor/core/schema';
import * as approvals from './schemas/approvals.js';
import * as artifacts from './schemas/artifacts.js';
import * as boards from './schemas/boards.js';
import * as documents from './schemas/documents.js';
import * as events from './schemas/events.js';
import * as plans from './schemas/plans.js';
import * as system from './schemas/system.js';
import * as tracks from './schemas/tracks.js';
import * as values from './schemas/values.js';
import type { Route } from './route.js';

const trackAnswer = { result: tracks.Track, status: 200, etag: 'revision', write: true } as const;
const atTrack = { path: '/tracks/{id}', key: 'id' } as const;

/** The one table of the HTTP API, by `<namespace>.<method>` of ConductorApi. */
export const routes = {
  'tracks.create': {
    ...trackAnswer,
    method: 'POST',
    path: '/tracks',
    summary: 'Create a draft',
    body: tracks.CreateTrack,
    status: 201,
    location: atTrack,
  },
  'tracks.go': {
    method: 'POST',
    path: '/goals',
    summary: 'Find the track that a goal is about, or create one: 201 created, 200 resumed',
    body: tracks.Goal,
    result: tracks.GoResult,
    status: 201,
    ok: { key: 'action', is: 'resumed' },
    location: { path: '/tracks/{id}', key: 'track.id' },
    write: true,
  },
  'tracks.list': {
    method: 'GET',
    path: '/tracks',
    summary: 'List tracks, newest change first',
    query: tracks.TrackQuery,
    result: values.pageOf(tracks.Track),
    status: 200,
  },
  'tracks.get': {
    method: 'GET',
    path: '/tracks/{id}',
    summary: 'Read a track',
    result: tracks.Track,
    status: 200,
    etag: 'fresh',
  },
  'tracks.update': {
    ...trackAnswer,
    method: 'PATCH',
    path: '/tracks/{id}',
    summary: 'Change what a track is about, never its lifecycle or loop',
    body: tracks.TrackPatch,
  },
  'tracks.run': {
    method: 'POST',
    path: '/tracks/{id}/run',
    summary: 'Run a track; answers when the run is leased',
    body: tracks.RunInput,
    result: tracks.TrackRun,
    status: 202,
    location: { path: '/tracks/{id}', key: 'trackId' },
    write: true,
  },
  'tracks.pause': {
    ...trackAnswer,
    method: 'POST',
    path: '/tracks/{id}/pause',
    summary: 'Pause a track; drain lets running tasks end',
    body: tracks.PauseInput,
  },
  'tracks.resume': {
    ...trackAnswer,
    method: 'POST',
    path: '/tracks/{id}/resume',
    summary: 'Lift the pause; starts nothing',
    body: tracks.ReasonInput,
  },
  'tracks.cancel': {
    ...trackAnswer,
    method: 'POST',
    path: '/tracks/{id}/cancel',
    summary: 'End the run, then the track',
    body: tracks.ReasonInput,
  },
  'tracks.move': {
    ...trackAnswer,
    method: 'POST',
    path: '/tracks/{id}/move',
    summary: 'Move a track in its lifecycle; draft is a retry',
    body: tracks.MoveInput,
  },
  'tracks.runs': {
    method: 'GET',
    path: '/tracks/{id}/runs',
    summary: 'List the runs of a track',
    query: values.PageQuery,
    result: values.pageOf(tracks.TrackRun),
    status: 200,
  },
  'tracks.activity': {
    method: 'GET',
    path: '/tracks/{id}/activity',
    summary: 'Workers, leases, waits and messages of this moment',
    result: tracks.Activity,
    status: 200,
  },
  'plans.get': {
    method: 'GET',
    path: '/tracks/{id}/plan',
    summary: 'Read the plan of a track',
    result: plans.PlanDocument,
    status: 200,
    // Marks change the text and leave the revision alone, so an equal revision is no 304.
    etag: 'revision',
  },
  'plans.submit': {
    method: 'PUT',
    path: '/tracks/{id}/plan',
    summary: 'Hand in a whole plan; If-Match "0" when there is none',
    body: plans.PlanText,
    result: plans.PlanDocument,
    status: 200,
    write: true,
    ifMatch: 'required',
    etag: 'revision',
  },
  'plans.edit': {
    method: 'PATCH',
    path: '/tracks/{id}/plan',
    summary: 'Edit the plan: all edits or none',
    body: plans.PlanEdits,
    result: plans.PlanDocument,
    status: 200,
    write: true,
    etag: 'revision',
  },
  'plans.check': {
    method: 'POST',
    path: '/plans/check',
    summary: 'Check a plan without changing anything',
    body: plans.PlanCheck,
    result: plans.PlanCheckResult,
    status: 200,
  },
  'plans.graph': {
    method: 'GET',
    path: '/tracks/{id}/plan/graph',
    summary: 'The graph of the plan, with levels and critical path',
    result: plans.PlanGraph,
    status: 200,
  },
  'approvals.list': {
    method: 'GET',
    path: '/approvals',
    summary: 'List approvals, pending unless asked otherwise, oldest first',
    query: approvals.ApprovalQuery,
    result: values.pageOf(approvals.Approval),
    status: 200,
  },
  'approvals.get': {
    method: 'GET',
    path: '/approvals/{id}',
    summary: 'Read an approval',
    result: approvals.Approval,
    status: 200,
    etag: 'revision',
  },
  'approvals.decide': {
    method: 'POST',
    path: '/approvals/{id}/decision',
    summary: 'Answer an approval, once',
    body: approvals.DecideInput,
    result: approvals.Approval,
    status: 200,
    write: true,
    etag: 'revision',
  },
  'boards.list': {
    method: 'GET',
    path: '/boards',
    summary: 'List board sessions',
    query: boards.BoardQuery,
    result: values.pageOf(boards.BoardSession),
    status: 200,
  },
  'boards.get': {
    method: 'GET',
    path: '/boards/{id}',
    summary: 'Read a board session',
    result: boards.BoardSession,
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
    query: events.EventListQuery,
    result: values.pageOf(events.EventEnvelope),
    status: 200,
  },
  'events.follow': {
    method: 'GET',
    path: '/events/stream',
    summary: 'Stored events, then live ones, as server-sent events; resume by Last-Event-ID',
    query: events.EventQuery,
    result: events.EventEnvelope,
    media: 'events',
    status: 200,
  },
  'artifacts.get': {
    method: 'GET',
    path: '/artifacts/{id}',
    summary: 'The bytes of an artifact',
    result: artifacts.ArtifactRef,
    media: 'bytes',
    status: 200,
  },
  'documents.check': {
    method: 'GET',
    path: '/documents',
    summary: 'What a synchronisation of the business documents would ask for; writes nothing',
    query: documents.DocumentQuery,
    result: documents.DocumentCheck,
    status: 200,
  },
  'documents.sync': {
    method: 'POST',
    path: '/documents/syncs',
    summary: 'Synchronise the business documents; answers when the scribe is asked',
    body: documents.DocumentQuery,
    result: documents.DocumentSync,
    status: 202,
    location: { path: '/documents/syncs/{id}', key: 'id' },
    write: true,
  },
  'documents.get': {
    method: 'GET',
    path: '/documents/syncs/{id}',
    summary: 'How a synchronisation stands',
    result: documents.DocumentSync,
    status: 200,
  },
  'documents.review': {
    method: 'POST',
    path: '/tracks/{id}/reviews',
    summary: 'Review a phase of a track and write the report',
    body: documents.ReviewInput,
    result: documents.PhaseReview,
    status: 200,
    write: true,
  },
  'system.health': {
    method: 'GET',
    path: '/health',
    summary: 'Whether the engine takes work: 200, else 503 with the same body',
    result: system.Health,
    status: 200,
    open: true,
  },
  'system.doctor': {
    method: 'GET',
    path: '/doctor',
    summary: 'Checks of this installation',
    result: system.DoctorReport,
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
