// For Node only: listens on a socket.
import { ConductorError, defaultLimits, systemClock } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { createAdaptorServer } from '@hono/node-server';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Handler } from './create-handler.js';

export interface ServeOptions {
  /** Default 127.0.0.1: this machine alone. */
  readonly host?: string | undefined;
  /** 0 = any free port. */
  readonly port: number;
  readonly limits?: Partial<Pick<Limits, 'headerBytes' | 'closeGraceMs' | 'requestTimeoutMs'>> | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RunningServer {
  /** With the port that was really taken, for example `http://127.0.0.1:4270`. */
  readonly url: string;
  /** Closes the handler and then the socket; connections that are still open after `closeGraceMs` are cut. Idempotent. */
  close(): Promise<void>;
}

/** Listens, and resolves when it does. Throws ADDRESS_IN_USE, or VALIDATION_FAILED for an address that is not ours. */
export async function serve(handler: Handler, options: ServeOptions): Promise<RunningServer> {
  const { host = '127.0.0.1', port, clock = systemClock(), signal } = options;
  const limits = { ...defaultLimits, ...options.limits };
  signal?.throwIfAborted();
  const server = createAdaptorServer({
    fetch: (request: Request) => handler.fetch(request),
    hostname: host,
    // The host's own Request and Response stay as they are.
    overrideGlobalObjects: false,
    createServer,
    serverOptions: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.requestTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
    },
  }) as Server; // createServer above makes this kind
  const closeIdle = watchIdle(server);
  await listening(server, host, port);
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= shutDown(handler, server, closeIdle, limits.closeGraceMs, clock));
  if (signal?.aborted === true) {
    await close();
    signal.throwIfAborted();
  }
  return Object.freeze({ url: urlOf(server.address() as AddressInfo), close }); // an address, as it listens on a port
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => reject(refused(cause, host, port));
    server.once('error', onError);
    try {
      server.listen(port, host, () => {
        server.off('error', onError);
        resolve();
      });
    } catch (cause) {
      reject(refused(cause as NodeJS.ErrnoException, host, port)); // a port out of range is thrown
    }
  });
}

function refused(cause: NodeJS.ErrnoException, host: string, port: number): ConductorError {
  const details = { host, port };
  if (cause.code === 'EADDRINUSE') {
    return new ConductorError('ADDRESS_IN_USE', `Something else listens on ${host}:${port}`, { cause, details });
  }
  return new ConductorError('VALIDATION_FAILED', `Cannot listen on ${host}:${port}: ${cause.message}`, {
    cause,
    details,
    hint: 'Use an address of this machine and a port from 0 to 65535 that you may open.',
  });
}

/** Destroys the connections on which nothing is asked. */
type CloseIdle = () => void;

/** Node's own closeIdleConnections leaves those alone that never asked anything: a browser keeps some in reserve. */
function watchIdle(server: Server): CloseIdle {
  const requests = new Map<Socket, number>();
  server.on('connection', (socket) => {
    requests.set(socket, 0);
    socket.once('close', () => requests.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    const add = (change: number) => requests.has(socket) && requests.set(socket, (requests.get(socket) ?? 0) + change);
    add(1);
    response.once('close', () => add(-1));
  });
  return () => {
    for (const [socket, open] of requests) if (open === 0) socket.destroy();
  };
}

async function shutDown(
  handler: Handler,
  server: Server,
  closeIdle: CloseIdle,
  graceMs: number,
  clock: Clock,
): Promise<void> {
  const done = new AbortController();
  const closed = new Promise<void>((resolve) => void server.close(() => resolve(done.abort())));
  const handled = handler.close();
  const deadline = clock.monotonic() + graceMs;
  while (!done.signal.aborted) {
    // A connection that is kept alive would hold the server open for seconds; it is idle once its answer is out.
    if (clock.monotonic() < deadline) closeIdle();
    else server.closeAllConnections();
    await clock.sleep(closePollMs, { signal: done.signal }).catch(() => closed); // woken by the end
  }
  await handled;
}

const closePollMs = 20;

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
