import type { ArtifactRef, ConductorApi, RouteId, RouteRequest, RouteResult, Write } from '@conductor/core/api';

/** What a route answers before it is a response. */
export type CallResult<Id extends RouteId> = Id extends 'artifacts.get'
  ? { readonly ref: ArtifactRef; readonly body: ReadableStream<Uint8Array> }
  : RouteResult<Id>;

/** A route as a call of the API. `o` holds the key and the revision only where the route is a write. */
export type ApiCall<Id extends RouteId> = (
  api: ConductorApi,
  request: RouteRequest<Id>,
  o: Write,
) => Promise<CallResult<Id>>;

/** Routes that answer once; the stream of events is served apart. */
export type CallId = Exclude<RouteId, 'events.follow'>;

/** Every route and the one method that it stands for. */
export const calls: { readonly [Id in CallId]: ApiCall<Id> } = {
  'tracks.create': ({ tracks }, { body }, o) => tracks.create(body, o),
  'tracks.go': ({ tracks }, { body }, o) => tracks.go(body, o),
  'tracks.list': ({ tracks }, { query }, o) => tracks.list(query, o),
  'tracks.get': ({ tracks }, { id }, o) => tracks.get(id, o),
  'tracks.update': ({ tracks }, { id, body }, o) => tracks.update(id, body, o),
  'tracks.run': ({ tracks }, { id, body }, o) => tracks.run(id, body, o),
  'tracks.pause': ({ tracks }, { id, body }, o) => tracks.pause(id, body, o),
  'tracks.resume': ({ tracks }, { id, body }, o) => tracks.resume(id, body, o),
  'tracks.cancel': ({ tracks }, { id, body }, o) => tracks.cancel(id, body, o),
  'tracks.move': ({ tracks }, { id, body }, o) => tracks.move(id, body, o),
  'tracks.runs': ({ tracks }, { id, query }, o) => tracks.runs(id, query, o),
  'tracks.activity': ({ tracks }, { id }, o) => tracks.activity(id, o),
  'plans.get': ({ plans }, { id }, o) => plans.get(id, o),
  // The revision is there: the route requires it before anything is called.
  'plans.submit': ({ plans }, { id, body }, o) => plans.submit(id, body, { ...o, ifMatch: o.ifMatch ?? 0 }),
  'plans.edit': ({ plans }, { id, body }, o) => plans.edit(id, body.edits, o),
  'plans.check': ({ plans }, { body }, o) => plans.check(body, o),
  'plans.graph': ({ plans }, { id }, o) => plans.graph(id, o),
  'approvals.list': ({ approvals }, { query }, o) => approvals.list(query, o),
  'approvals.get': ({ approvals }, { id }, o) => approvals.get(id, o),
  'approvals.decide': ({ approvals }, { id, body }, o) => approvals.decide(id, body, o),
  'boards.list': ({ boards }, { query }, o) => boards.list(query, o),
  'boards.get': ({ boards }, { id }, o) => boards.get(id, o),
  'boards.minutes': ({ boards }, { id }, o) => boards.minutes(id, o),
  'events.list': ({ events }, { query }, o) => events.list(query, o),
  'artifacts.get': ({ artifacts }, { id }, o) => artifacts.get(id, o),
  'documents.check': ({ documents }, { query }, o) => documents.check(query, o),
  'documents.sync': ({ documents }, { body }, o) => documents.sync(body, o),
  'documents.get': ({ documents }, { id }, o) => documents.get(id, o),
  'documents.review': ({ documents }, { id, body }, o) => documents.review(id, body, o),
  'system.health': ({ system }, _request, o) => system.health(o),
  'system.doctor': ({ system }, _request, o) => system.doctor(o),
};
