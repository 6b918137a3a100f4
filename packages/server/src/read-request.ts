import { ConductorError, parseJson } from '@conductor/core';
import { checked, IdempotencyKey, readQuery } from '@conductor/core/api';
import type { Route, Write } from '@conductor/core/api';

/** The parts of a request that a route asked for, checked. */
export interface Incoming {
  readonly id: string;
  readonly query: unknown;
  readonly body: unknown;
  readonly options: Write;
}

/**
 * Reads a request as its route wants it. Throws VALIDATION_FAILED, TOO_LARGE, PRECONDITION_REQUIRED, or the reason of
 * `signal`, which also ends the reading of a body that never comes to its end.
 */
export async function readRequest(
  route: Route,
  request: Request,
  {
    id = '',
    maxBytes,
    signal,
  }: { readonly id?: string | undefined; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Incoming> {
  const params = new URL(request.url).searchParams;
  return {
    id,
    query: route.query === undefined ? refuseQuery(params) : readQuery(route.query, params),
    options: route.write === true ? writeOptions(route, request.headers, signal) : { signal },
    body:
      route.body === undefined ? undefined : checked(route.body, await readJson(request, maxBytes, signal), 'The body'),
  };
}

function refuseQuery(params: URLSearchParams): undefined {
  const [key] = params.keys();
  if (key === undefined) return undefined;
  throw new ConductorError(
    'VALIDATION_FAILED',
    `This route takes no query, and was given ${JSON.stringify(key.slice(0, 64))}`,
  );
}

function writeOptions(route: Route, headers: Headers, signal: AbortSignal): Write {
  const key = headers.get('idempotency-key');
  const ifMatch = headers.get('if-match');
  if (route.ifMatch === 'required' && ifMatch === null) {
    throw new ConductorError('PRECONDITION_REQUIRED', 'This request must say with If-Match which revision it replaces');
  }
  return {
    signal,
    ...(key === null ? {} : { idempotencyKey: checked(IdempotencyKey, key, 'The header Idempotency-Key') }),
    ...(ifMatch === null ? {} : { ifMatch: revisionOf(ifMatch) }),
  };
}

function revisionOf(ifMatch: string): number {
  const digits = /^"(\d{1,15})"$/.exec(ifMatch.trim())?.[1];
  if (digits !== undefined) return Number(digits);
  throw new ConductorError(
    'VALIDATION_FAILED',
    'If-Match holds one revision in quotes, as an ETag of this server shows it',
  );
}

async function readJson(request: Request, maxBytes: number, signal: AbortSignal): Promise<unknown> {
  const bytes = await readBytes(request, maxBytes, signal);
  if (bytes.length === 0) return {};
  const type = request.headers.get('content-type') ?? '';
  // Strict also because a form or a text could be sent by any page without asking beforehand.
  if (!/^application\/json *(?:; *charset="?utf-8"?)? *$/i.test(type)) {
    throw new ConductorError('VALIDATION_FAILED', 'A body has the content type application/json, in UTF-8');
  }
  return parseJson(decodeUtf8(bytes), { maxBytes, source: 'The body' });
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConductorError('VALIDATION_FAILED', 'The body is not UTF-8', { cause });
  }
}

async function readBytes(request: Request, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array();
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const stop = () => void reader.cancel(signal.reason).catch(() => undefined); // it is ending anyway
  signal.addEventListener('abort', stop, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(next.value);
    }
    signal.throwIfAborted();
    return joined(chunks, length);
  } catch (error) {
    stop();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}

function tooLarge(maxBytes: number): ConductorError {
  return new ConductorError('TOO_LARGE', `The body is larger than ${maxBytes} bytes`, { details: { maxBytes } });
}
