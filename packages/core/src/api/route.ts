import type * as z from '@conductor/core/schema';

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
