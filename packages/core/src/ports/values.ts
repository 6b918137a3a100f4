/** Any value that survives `JSON.parse(JSON.stringify(value))` unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** RFC 3339 in UTC with milliseconds and `Z`. For people; order is `seq`, never time. */
export type Instant = string;

/** `project`, or `<kind>/<id>`; see {@link checkStreamId}. */
export type StreamId = string;
export type OwnerId = string;

/** Computed from state alone, so that a resumed engine computes the same one (contracts 1.5). */
export type EffectId = string;

/** `sha256:<64 hex digits>`. */
export type ArtifactId = string;

/** Who speaks. `org` and `workspace` come from authentication, never from a request. */
export interface ActorRef {
  readonly kind: 'user' | 'agent' | 'engine' | 'system' | 'foreign';
  readonly id: string;
  readonly org?: string;
  readonly workspace?: string;
  readonly via?: string;
}

/** What a commit belongs to; stored once per commit. */
export interface Correlation {
  readonly track?: string;
  readonly mission?: string;
  readonly request?: string;
  readonly session?: string;
}

/** A fact as a decider hands it over: not stored yet. */
export interface NewEvent {
  readonly type: string;
  /** Version of the payload's shape, from 1. */
  readonly v: number;
  readonly data: Json;
}

/** A stored fact as it is read back. */
export interface EventEnvelope extends NewEvent {
  /** `<stream>@<version>`: built on read, not stored. */
  readonly id: string;
  /** From 1, gap-free, store-wide, in commit order. */
  readonly seq: number;
  readonly stream: StreamId;
  /** From 1, gap-free within the stream. */
  readonly version: number;
  /** Ordinal of the commit that holds `at`, `actor`, `correlation` and `causation` once. */
  readonly commit: number;
  /** The writer's clock; it may go back. */
  readonly at: Instant;
  readonly actor: ActorRef;
  readonly correlation: Correlation;
  /** An event id, or `cmd:<idempotency key>`. */
  readonly causation?: string;
}

/** Text in place, or a reference to an artifact when it is above the inline limit (64 KiB). */
export type Content =
  { readonly text: string } | { readonly artifact: ArtifactId; readonly bytes: number; readonly mediaType?: string };

/** What a piece of work consumed. `known: false` means that the executor could not tell. */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** Millionths of one unit of `currency`. */
  readonly costMicros?: number;
  readonly currency?: string;
  readonly wallMs?: number;
  readonly known: boolean;
}

/** Every asynchronous method ends in this: abort rejects with `signal.reason`, nothing half-done. */
export interface Opt {
  readonly signal?: AbortSignal | undefined;
}

/** What a driver is and can do, fixed when it opens; capabilities are data, nothing is probed. */
export interface DriverInfo<C extends object> {
  /** Which port it drives: `store`, `MessageBus`, `executor`. */
  readonly port: string;
  /** The driver's own name, for people: `sqlite`, `nats`. */
  readonly name: string;
  /** Of the driver, for people. */
  readonly version: string;
  /** Of the port: raised when a driver of before would not do. */
  readonly api: 1;
  readonly capabilities: Readonly<C>;
}
