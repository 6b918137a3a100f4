import { ConductorError } from '@conductor/core';
import { byeFrame, endFrame, eventFrame, keepAliveFrame, readyFrame } from '@conductor/core/api';
import type { ConductorApi, EventQuery, FeedBye, WireError } from '@conductor/core/api';
import type { Clock, EventEnvelope } from '@conductor/core/ports';

/** One stream of events, from the API to the socket. */
export interface EventStreamOptions {
  readonly api: ConductorApi;
  readonly query: EventQuery;
  /** Where the log ended when the request came. */
  readonly head: number;
  readonly clock: Clock;
  readonly keepAliveMs: number;
  readonly drainMs: number;
  /** Asked at each keep-alive: a token may expire while a stream is open. */
  isAllowed(): Promise<boolean>;
  describe(thrown: unknown): WireError;
  /** Called once, however the stream ended. */
  onClose(): void;
}

export interface EventStream {
  readonly body: ReadableStream<Uint8Array>;
  /** Says why and closes. The second call does nothing. */
  close(reason: FeedBye['reason']): void;
}

const encoder = new TextEncoder();

/**
 * Frames a feed as server-sent events. It pulls: the next event is asked for when the reader has taken the last one, so a
 * slow reader costs one event of memory, and is closed when it takes nothing for `drainMs`.
 */
export function eventStream(options: EventStreamOptions): EventStream {
  const { api, query, head, clock } = options;
  const stop = new AbortController();
  const feed = api.events.follow(query, { signal: stop.signal })[Symbol.asyncIterator]();
  // All matches up to here were handed over; unknown at first for the last n events, whose first one nobody knows.
  const start = query.tail === undefined ? query.after : undefined;
  let sentUpTo = start;
  let idleSince: number | undefined;
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined;

  const send = (frame: string) => sink?.enqueue(encoder.encode(frame));
  const release = () => {
    stop.abort(new ConductorError('CLOSED', 'The stream of events was closed'));
    // The signal ends a feed that waits; `return` one that stands at an event.
    void feed.return?.().catch(() => undefined);
    options.onClose();
  };
  const end = (...frames: readonly string[]) => {
    if (sink === undefined) return;
    for (const frame of frames) send(frame);
    sink.close();
    sink = undefined;
    release();
  };
  const close = (reason: FeedBye['reason']) => end(byeFrame({ reason }));

  const onEvent = (event: EventEnvelope) => {
    sentUpTo = event.seq;
    send(eventFrame(event));
    idleSince = clock.monotonic();
  };
  const onError = (thrown: unknown) => {
    if (ConductorError.is(thrown, 'CLOSED')) close('shutdown');
    else end(byeFrame({ reason: 'error', error: options.describe(thrown) }));
  };
  const watch = async () => {
    while (sink !== undefined) {
      await clock.sleep(options.keepAliveMs, { signal: stop.signal });
      if (idleSince !== undefined && clock.monotonic() - idleSince >= options.drainMs) return close('slow');
      if (!(await options.isAllowed())) return close('unauthorized');
      if (idleSince !== undefined) continue; // the reader has not even taken the last frame
      sentUpTo = await scanned(api, query, sentUpTo, stop.signal);
      // Where it began is no id: a client that comes back with one says that it has got that event.
      if (idleSince === undefined) send(keepAliveFrame(sentUpTo === start ? undefined : sentUpTo));
    }
  };

  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        sink = controller;
        send(readyFrame({ after: query.after ?? head, head }));
        // Only the end of the stream ends the watch by an error.
        watch().catch((reason: unknown) => (stop.signal.aborted ? undefined : onError(reason)));
      },
      async pull() {
        idleSince = undefined;
        try {
          const next = await feed.next();
          if (sink === undefined) return;
          if (next.done !== true) onEvent(next.value);
          else end(endFrame(await stopOf(api, query, stop.signal)));
        } catch (error) {
          onError(error);
        }
      },
      cancel() {
        sink = undefined;
        release();
      },
    },
    // Nothing is read ahead: what waits in a queue would be as old as the reader is slow.
    { highWaterMark: 0 },
  );
  return { body, close };
}

/** Up to where no match is left that was not sent: the head, when nothing lies between. Costs one read of that stretch. */
async function scanned(
  api: ConductorApi,
  query: EventQuery,
  after: number | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (after === undefined) return undefined;
  const { trackId, stream, types } = query;
  // The head first: what is committed after this read comes through the feed.
  const { seq } = await api.system.health({ signal });
  const { items } = await api.events.list({ trackId, stream, types, after, limit: 1, order: 'asc' }, { signal });
  return items.length === 0 ? Math.max(after, seq) : after;
}

/** `seq` of the `loop.stopped` that ended a feed, also when the filter left it out. */
async function stopOf(
  api: ConductorApi,
  { trackId, after }: EventQuery,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (trackId === undefined) return undefined;
  const { items } = await api.events.list(
    { trackId, types: ['loop.stopped'], after, limit: 1, order: 'asc' },
    { signal },
  );
  return items[0]?.seq;
}

/** Whether a feed until `stopped` has nothing more to say after `lastId`: a browser that comes back is told so. */
export async function isOver(
  api: ConductorApi,
  { trackId, until, after = 0 }: EventQuery,
  lastId: number,
  signal: AbortSignal,
): Promise<boolean> {
  // A run begins right behind the `loop.stopped` of the one before: that one is not its end.
  if (until === undefined || trackId === undefined || lastId <= after) return false;
  return (await stopOf(api, { trackId, after: lastId - 1 }, signal)) === lastId;
}
