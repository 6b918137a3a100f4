import { ConductorError } from '@conductor/core';
import { statusOfError, toWireError } from '@conductor/core/api';
import type { ErrorBody, WireError } from '@conductor/core/api';
import type { Ids, Logger } from '@conductor/core/ports';

/** Turns whatever was thrown into what a client may see. */
export interface Problems {
  /** What a client is told. Errors that are none of ours become INTERNAL_ERROR with a reference, and go to the log. */
  wire(thrown: unknown): WireError;
  response(thrown: unknown): Response;
}

/** Seconds after which a client may come back, where the error does not say. */
const defaultRetryAfterS = 1;

export function problems({ ids, logger }: { readonly ids: Ids; readonly logger: Logger }): Problems {
  const wire = (thrown: unknown): WireError => {
    // INTERNAL_ERROR may wrap any message of any library, so it says no more than a foreign error does.
    if (ConductorError.is(thrown) && thrown.code !== 'INTERNAL_ERROR') return toWireError(thrown);
    const reference = ids.id('error');
    logger.error('A request failed', { reference, error: thrown });
    return toWireError(
      new ConductorError('INTERNAL_ERROR', `Something went wrong here: ${reference}`, { details: { reference } }),
    );
  };
  const response = (thrown: unknown): Response => {
    const error = wire(thrown);
    const status = statusOfError(error.code);
    const body: ErrorBody = { error };
    return Response.json(body, { status, headers: headersOf(status, error) });
  };
  return { wire, response };
}

function headersOf(status: number, { details }: WireError): Headers {
  const headers = new Headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  if (status === 401) headers.set('www-authenticate', 'Bearer');
  if (status === 429 || status === 503) {
    const ms = details?.['retryAfterMs'];
    headers.set('retry-after', String(typeof ms === 'number' ? Math.ceil(ms / 1000) : defaultRetryAfterS));
  }
  return headers;
}
