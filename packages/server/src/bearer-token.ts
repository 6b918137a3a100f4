import { ConductorError } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { ActorRef } from '@conductor/core/ports';

/** What `authenticate` of {@link createHandler} may be: the actor of a request, or nothing. */
export type Authenticate = (request: Request) => ActorRef | undefined | Promise<ActorRef | undefined>;

/**
 * Takes requests with `Authorization: Bearer <token>` for those of `actor`. Compared in constant time, as hashes, so that
 * not even the length shows. Throws VALIDATION_FAILED for a token that cannot stand in a header.
 */
export function bearerToken(token: string, actor: ActorRef): Authenticate {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new ConductorError('VALIDATION_FAILED', 'A token has visible ASCII characters, at least one');
  }
  const expected = sha256Hex(token);
  return (request) => {
    const given = /^bearer +([\x21-\x7e]+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    return given !== undefined && isEqual(sha256Hex(given), expected) ? actor : undefined;
  };
}

/** Looks at every character, whatever it finds. */
function isEqual(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < b.length; index += 1) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}
