import * as z from '@conductor/core/schema';
import type { EventEnvelope } from '../ports/values.js';
import type { WireError } from './contract/calls.js';
import { EventEnvelope as EventEnvelopeSchema } from './schemas/events.js';
import { WireError as WireErrorSchema } from './schemas/values.js';

// Frames of server-sent events (WHATWG HTML, 9.2). An envelope has no `event:` line, because a browser's `onmessage`
// then also sees types that it does not know.

/** First words of a stream: where it begins, and where the log ended at that moment. */
export const FeedReady = z.looseObject({ schemaVersion: z.literal(1), after: z.int().min(0), head: z.int().min(0) });
export type FeedReady = z.infer<typeof FeedReady>;

/** Why a stream was closed. `error` is the only one with details: what the feed itself threw. */
export const FeedBye = z.looseObject({
  reason: z.enum(['slow', 'shutdown', 'unauthorized', 'limit', 'error']),
  error: WireErrorSchema.exactOptional(),
});
export type FeedBye = { reason: 'slow' | 'shutdown' | 'unauthorized' | 'limit' | 'error'; error?: WireError };

/** What a client is told. `idle`: everything that matches up to `seq` was sent. */
export type FeedFrame =
  | { readonly kind: 'ready'; readonly ready: FeedReady }
  | { readonly kind: 'event'; readonly event: EventEnvelope }
  | { readonly kind: 'idle'; readonly seq: number | undefined }
  | { readonly kind: 'bye'; readonly bye: FeedBye }
  | { readonly kind: 'end' };

/** A server-sent event as a parser hands it over. */
export interface ParsedFrame {
  readonly event?: string | undefined;
  readonly data: string;
}

/** Opens a stream: a browser is to come back after a second. Has no id, so it moves no one's position. */
export function readyFrame(ready: Omit<FeedReady, 'schemaVersion'>): string {
  return `retry: 1000\nevent: ready\ndata: ${JSON.stringify({ schemaVersion: 1, after: ready.after, head: ready.head })}\n\n`;
}

/** One envelope on one line (JSON escapes every line end), with its `seq` as id. */
export function eventFrame(event: EventEnvelope): string {
  return `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;
}

/**
 * Shows that the stream lives and, with `seq`, up to where all matches were sent: a filtered reader then resumes cheaply.
 * The number stands in the comment too, because parsers report an id only together with data.
 */
export function keepAliveFrame(seq?: number): string {
  return seq === undefined ? ': keep-alive\n\n' : `: keep-alive ${seq}\nid: ${seq}\n\n`;
}

/** Last words before the server closes. The client may come back. */
export function byeFrame(bye: FeedBye): string {
  return `event: bye\ndata: ${JSON.stringify(bye)}\n\n`;
}

/** The feed is complete. With the `seq` of what ended it, a browser that reconnects is told 204 and stops. */
export function endFrame(seq?: number): string {
  return `${seq === undefined ? '' : `id: ${seq}\n`}event: end\ndata: {}\n\n`;
}

/** A parsed frame; `undefined` for names of a newer server. Throws a SyntaxError or a ZodError when it is broken. */
export function readFrame({ event, data }: ParsedFrame): FeedFrame | undefined {
  switch (event) {
    case undefined:
    case 'message':
      return { kind: 'event', event: EventEnvelopeSchema.parse(JSON.parse(data)) };
    case 'ready':
      return { kind: 'ready', ready: FeedReady.parse(JSON.parse(data)) };
    case 'bye':
      return { kind: 'bye', bye: FeedBye.parse(JSON.parse(data)) };
    case 'end':
      return { kind: 'end' };
    default:
      return undefined;
  }
}

/** A comment of {@link keepAliveFrame}; `undefined` for any other. */
export function readKeepAlive(comment: string): FeedFrame | undefined {
  const match = /^keep-alive(?: (\d{1,16}))?$/.exec(comment.trim());
  if (match === null) return undefined;
  return { kind: 'idle', seq: match[1] === undefined ? undefined : Number(match[1]) };
}
