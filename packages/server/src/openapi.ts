import {
  Activity,
  apiPrefix,
  Approval,
  BoardSession,
  Condition,
  CreateTrack,
  EventEnvelope,
  Finding,
  Goal,
  GoResult,
  Health,
  PlanDocument,
  PlanEdit,
  PlanGraph,
  PlanTaskJson,
  routes,
  Track,
  TrackRun,
  Usage,
  WireError,
} from '@conductor/core/api';
import type { Route } from '@conductor/core/api';
import type { Json } from '@conductor/core/ports';
import * as z from '@conductor/core/schema';

const entries: readonly (readonly [string, Route])[] = Object.entries(routes);
const componentRef = (name: string) => `#/components/schemas/${name}`;

/** The HTTP API as an OpenAPI 3.1 document, made from the table of routes, so that it cannot say anything else. */
export function openApiDocument(basePath = ''): Json {
  const { at, components } = converter();
  const paths: Record<string, Record<string, Json>> = {};
  for (const [id, route] of entries) {
    const path = `${apiPrefix}${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(id, route, at) };
  }
  const error = { type: 'object', required: ['error'], properties: { error: { $ref: componentRef('WireError') } } };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Conductor',
      version: '1',
      description: 'Tracks, plans, approvals, boards and events of one project.',
    },
    servers: [{ url: basePath === '' ? '/' : basePath }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: {
        Error: {
          description: 'Refused or failed; `code` says why',
          content: { 'application/json': { schema: error } },
        },
      },
      schemas: components,
    },
  };
}

/** Schemas that stand once in the document, and are referred to by name. */
const named: Readonly<Record<string, z.ZodType>> = {
  Activity,
  Approval,
  BoardSession,
  Condition,
  CreateTrack,
  EventEnvelope,
  Finding,
  Goal,
  GoResult,
  Health,
  PlanDocument,
  PlanEdit,
  PlanGraph,
  PlanTaskJson,
  Track,
  TrackRun,
  Usage,
  WireError,
};

type SchemaOf = (schema: z.ZodType) => Json;

/** Converts all schemas of the table at once, so that each component is referred to wherever it stands. */
function converter(): { readonly at: SchemaOf; readonly components: Json } {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const parts = entries.flatMap(([, { result, body }]) => (body === undefined ? [result] : [result, body]));
  for (const [index, schema] of parts.entries())
    if (!registry.has(schema)) registry.add(schema, { id: `part${index}` });
  const { schemas } = z.toJSONSchema(registry, { uri: componentRef, io: 'input', unrepresentable: 'any' });
  const plain = (id: string) => bare(schemas[id] ?? {});
  return {
    at: (schema) => {
      const id = registry.get(schema)?.id ?? '';
      return Object.hasOwn(named, id) ? { $ref: componentRef(id) } : plain(id);
    },
    components: Object.fromEntries(Object.keys(named).map((id) => [id, plain(id)])),
  };
}

/** Without what only a schema that stands alone needs. */
function bare({ $schema: _version, $id: _id, ...rest }: z.core.JSONSchema.BaseSchema): Json {
  return rest as Json; // a JSON Schema is JSON; zod types it by its keywords
}

function operation(id: string, route: Route, at: SchemaOf): Json {
  return {
    operationId: id,
    summary: route.summary,
    tags: [id.split('.')[0] ?? id],
    parameters: parametersOf(route),
    ...(route.open === true ? { security: [] } : {}),
    ...(route.body === undefined ? {} : { requestBody: bodyOf(route.body, at) }),
    responses: {
      [route.status]: { description: 'Done', content: contentOf(route, at) },
      ...(route.ok && { 200: { description: `Done: ${route.ok.key} ${route.ok.is}`, content: contentOf(route, at) } }),
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

function contentOf({ media, result }: Route, at: SchemaOf): Json {
  if (media === 'bytes') return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  if (media === 'events') return { 'text/event-stream': { schema: { type: 'string' } } };
  return { [media === 'markdown' ? 'text/markdown' : 'application/json']: { schema: at(result) } };
}

function bodyOf(body: z.ZodType, at: SchemaOf): Json {
  const required = !body.safeParse({}).success; // a missing body counts as {}
  return { required, content: { 'application/json': { schema: at(body) } } };
}

function queryOf(route: Route): ReadonlyMap<string, z.ZodType> {
  // The shape of a query holds schemas of the same library, typed by their core alone.
  return new Map(Object.entries(route.query?.shape ?? {}) as [string, z.ZodType][]);
}

function parametersOf(route: Route): Json {
  const text = { type: 'string' };
  const { write = false, ifMatch, etag, media } = route;
  const headers: readonly (readonly [string, boolean])[] = [
    ['Idempotency-Key', write],
    ['If-Match', write],
    ['If-None-Match', etag === 'fresh'],
    ['Last-Event-ID', media === 'events'],
  ];
  return [
    ...(route.path.includes('{id}') ? [{ name: 'id', in: 'path', required: true, schema: text }] : []),
    ...Array.from(queryOf(route), ([name, schema]) => ({ name, in: 'query', schema: bare(z.toJSONSchema(schema)) })),
    ...headers.flatMap(([name, taken]) =>
      taken ? [{ name, in: 'header', required: name === 'If-Match' && ifMatch === 'required', schema: text }] : [],
    ),
  ];
}
