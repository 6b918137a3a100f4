import { apiPrefix, routePath } from '@conductor/core/api';
import type { ArtifactRef, Route } from '@conductor/core/api';

/** The answer to a call: status, body and the headers that its route promises. */
export function answer(route: Route, request: Request, result: unknown, basePath: string): Response {
  if (route.media === 'markdown') return markdown(String(result));
  if (route.media === 'bytes') return bytes(request, result as { ref: ArtifactRef; body: ReadableStream<Uint8Array> });
  // Results are records by their schemas; only these three keys are ever looked at.
  const { revision, status } = result as { readonly revision?: number; readonly status?: unknown };
  const headers = new Headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  if (route.etag !== undefined) {
    headers.set('etag', `"${revision}"`);
    if (route.etag === 'fresh') {
      headers.set('cache-control', 'private, no-cache'); // may be kept, must be asked for
      if (isKnown(request, String(revision))) return new Response(null, { status: 304, headers });
    }
  }
  if (route.location !== undefined) {
    const id = String(valueAt(result, route.location.key));
    headers.set('location', `${basePath}${apiPrefix}${routePath(route.location.path, id)}`);
  }
  const closed = route.open === true && status !== 'ok';
  if (closed) headers.set('retry-after', '1');
  return Response.json(result, { status: closed ? 503 : statusOf(route, result), headers });
}

function statusOf({ ok, status }: Route, result: unknown): number {
  return ok !== undefined && valueAt(result, ok.key) === ok.is ? 200 : status;
}

/** What an answer holds at a key, or at `a.b`. Results are records by their schemas. */
function valueAt(result: unknown, key: string): unknown {
  return key.split('.').reduce((at, part) => (at as Readonly<Record<string, unknown>> | undefined)?.[part], result);
}

/** If-None-Match names this version, or any. Weak and strong marks count alike (RFC 9110, 13.1.2). */
function isKnown(request: Request, version: string): boolean {
  const header = request.headers.get('if-none-match');
  if (header === null) return false;
  return header.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === `"${version}"`);
}

function markdown(text: string): Response {
  return new Response(text, {
    headers: {
      'content-type': 'text/markdown; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  });
}

/** Content that anybody may have made: never shown in place, never sniffed, and nothing in it runs. */
function bytes(request: Request, { ref, body }: { ref: ArtifactRef; body: ReadableStream<Uint8Array> }): Response {
  const headers = new Headers({
    etag: `"${ref.id}"`,
    'cache-control': 'private, max-age=31536000, immutable',
    'conductor-artifact': encodeURIComponent(JSON.stringify(ref)) /* JSON.stringify escapes lone surrogates */,
    'content-disposition': `attachment; filename*=UTF-8''${fileName(ref)}`,
    'content-security-policy': "sandbox; default-src 'none'",
    'content-type': mediaType(ref.mediaType),
    'x-content-type-options': 'nosniff',
  });
  if (isKnown(request, ref.id)) {
    void body.cancel().catch(() => undefined); // nobody reads it; how it ends is nobody's concern
    return new Response(null, { status: 304, headers });
  }
  headers.set('content-length', String(ref.bytes));
  return new Response(body, { headers });
}

function fileName({ name, id }: ArtifactRef): string {
  const plain = (name ?? id.replace(':', '-')).split(/[\\/]/).at(-1) ?? '';
  const wellFormed = new TextDecoder().decode(new TextEncoder().encode(plain)); // a lone surrogate cannot be encoded
  // What encodeURIComponent leaves and RFC 8187 does not.
  return encodeURIComponent(wellFormed).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

function mediaType(text: string): string {
  return /^[\w.+-]{1,100}\/[\w.+-]{1,100}(?:; ?charset=[\w-]{1,40})?$/.test(text) ? text : 'application/octet-stream';
}
