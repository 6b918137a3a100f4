import { anySignal, ConductorError, withTimeout } from '@conductor/core';
import { fromWireError, readFrame, readKeepAlive, routes } from '@conductor/core/api';
import type { Call, EventQuery, FeedFrame, WireError } from '@conductor/core/api';
import type { EventEnvelope } from '@conductor/core/ports';
import { createParser } from 'eventsource-parser';
import { attempt, endpointOf, invalidResponse, retryDelayMs } from './connection.js';
import type { Connection } from './connection.js';

/** To connect; and, as three missed keep-alives, the silence after which a connection counts as dead. */
const silenceMs = 30_000;
/** An event has at most 8 MiB; a stream without line ends must not fill the memory. */
const maxFrameLength = 32 * 1024 * 1024;

const route = routes['events.follow'];

/** Where the next connection begins. */
interface Position {
  /** Of the query, or what the server took for "now" when it was first asked. */
  after: number | undefined;
  /** What was really received: an event, or a keep-alive that covers it. */
  lastId: number | undefined;
}

/**
 * Events over any number of connections as one feed: no gap, no doublet. Connects again after 250 ms, doubling to 10 s with
 * jitter, reset by any frame. Before the first frame of all it gives up after `retries`, so that a wrong address is told.
 * Throws what refused the stream, RESPONSE_INVALID for frames that do not fit, TIMEOUT, or the reason of `signal`.
 */
export async function* followEvents(
  connection: Connection,
  query: EventQuery = {},
  o: Call = {},
): AsyncGenerator<EventEnvelope, void, undefined> {
  const { signal, release } = deadlineOf(connection, o);
  const position: Position = { after: query.after, lastId: undefined };
  let connected = false;
  let failures = 0;
  try {
    for (;;) {
      let failure: unknown;
      try {
        for await (const frame of frames(connection, query, position, signal)) {
          connected = true;
          failures = 0;
          if (frame.kind === 'end') return;
          if (frame.kind === 'bye') throwIfFinal(frame.bye.error);
          if (advance(position, frame, query) && frame.kind === 'event') yield frame.event;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error) || (!connected && failures >= connection.retries)) throw error;
        failure = error;
      }
      failures += 1;
      await connection.clock.sleep(retryDelayMs(connection, failures, failure), { signal });
    }
  } finally {
    release();
  }
}

/** Takes note of a frame; false for an event that was seen before. */
function advance(position: Position, frame: FeedFrame, { tail }: EventQuery): boolean {
  // The last n begin before "now": until one of them came, only asking for them again misses none.
  if (frame.kind === 'ready' && tail === undefined) position.after ??= frame.ready.after;
  const seq = frame.kind === 'event' ? frame.event.seq : frame.kind === 'idle' ? frame.seq : undefined;
  if (seq === undefined || seq <= (position.lastId ?? position.after ?? -1)) return false;
  position.lastId = seq;
  return true;
}

function throwIfFinal(error: WireError | undefined): void {
  if (error !== undefined && !error.retryable) throw fromWireError(error);
}

/** Whether another connection may fare better: all but what the server refused for good, and what we cannot read. */
function isPassing(error: unknown): boolean {
  // CLOSED: a server that is being restarted says so on its way out.
  return ConductorError.is(error) && (error.retryable || error.code === 'CLOSED');
}

/** The frames of one connection, until it ends or `signal` aborts. */
async function* frames(
  connection: Connection,
  query: EventQuery,
  { after, lastId }: Position,
  signal: AbortSignal,
): AsyncGenerator<FeedFrame, void, undefined> {
  const headers = { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': String(lastId) }) };
  const outgoing = { query: { ...query, after }, headers };
  const response = await attempt(connection, route, outgoing, opened, { signal, timeoutMs: silenceMs });
  // 204: the feed ended with the last event that we have.
  if (response === 'over') return yield { kind: 'end' };
  const reader = response.body.getReader();
  const parse = frameParser(response);
  try {
    for (;;) {
      const chunk = await nextChunk(connection, reader, signal);
      if (chunk === undefined) return;
      yield* parse(chunk);
    }
  } finally {
    // Closes the connection. It may be gone already, which is as good.
    await reader.cancel().catch(() => undefined);
  }
}

type Opened = Response & { readonly body: ReadableStream<Uint8Array> };

async function opened(response: Response): Promise<Opened | 'over'> {
  if (response.status === 204) return 'over';
  const type = response.headers.get('content-type') ?? 'no content type';
  if (response.body !== null && type.startsWith('text/event-stream')) return response as Opened; // its body was looked at
  const text = await response.text();
  throw invalidResponse(route, response, text, [{ path: [], message: `${type} is no stream of events` }]);
}

async function nextChunk(
  { clock }: Connection,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const error = () => new ConductorError('UNREACHABLE', `${endpointOf(route)} was silent for ${silenceMs} ms`);
  try {
    return (await withTimeout(reader.read(), { timeoutMs: silenceMs, clock, signal, error })).value;
  } catch (cause) {
    signal.throwIfAborted();
    if (ConductorError.is(cause)) throw cause;
    throw new ConductorError('UNREACHABLE', `${endpointOf(route)} broke off`, { cause });
  }
}

/** Turns chunks, cut anywhere, into frames. Throws RESPONSE_INVALID. */
function frameParser(response: Response): (chunk: Uint8Array) => FeedFrame[] {
  const decoder = new TextDecoder();
  const found: FeedFrame[] = [];
  const keep = (frame: FeedFrame | undefined) => {
    if (frame !== undefined) found.push(frame);
  };
  const parser = createParser({
    maxBufferSize: maxFrameLength,
    onEvent: (event) => keep(readFrame(event)),
    onComment: (comment) => keep(readKeepAlive(comment)),
    onError: (error) => {
      // Unknown fields are of a newer server; only a frame without end is none.
      if (error.type === 'max-buffer-size-exceeded') throw error;
    },
  });
  return (chunk) => {
    const text = decoder.decode(chunk, { stream: true });
    try {
      parser.feed(text);
    } catch (error) {
      throw invalidResponse(route, response, text, [
        { path: [], message: error instanceof Error ? error.message : 'Unreadable' },
      ]);
    }
    return found.splice(0);
  };
}

/** The caller's signal, and the end of `timeoutMs`. Release it in `finally`. */
function deadlineOf(
  { clock }: Connection,
  { signal, timeoutMs }: Call,
): { readonly signal: AbortSignal; release(): void } {
  const late = new AbortController();
  const timer = new AbortController();
  const either = anySignal([signal, late.signal]);
  if (timeoutMs !== undefined) {
    const error = new ConductorError('TIMEOUT', `Not finished after ${timeoutMs} ms`, {
      details: { limit: timeoutMs },
    });
    clock.sleep(timeoutMs, { signal: timer.signal }).then(
      () => late.abort(error),
      () => undefined, // released before
    );
  }
  const release = () => {
    timer.abort();
    either.dispose();
  };
  return { signal: either.signal, release };
}
