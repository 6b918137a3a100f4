import { v7 } from 'uuid';
import type { Ids } from '../ports/clock.js';
import { ConductorError } from './error.js';

const kindShape = /^[a-z][a-z0-9-]{0,31}$/;

/** Ids from uuid v7 (RFC 9562): `<kind>_<uuid>`, increasing within this process. The only place that touches randomness. */
export function randomIds(): Ids {
  return Object.freeze({
    id: (kind: string) => `${checkedKind(kind)}_${v7()}`,
    // Spreads delays and choices; no secret is drawn from it.
    random: () => Math.random(),
  });
}

/** The kind of an id: a lower-case word of at most 32 characters, `[a-z0-9-]`. Throws ID_INVALID. */
export function checkedKind(kind: string): string {
  if (!kindShape.test(kind))
    throw new ConductorError('ID_INVALID', `${JSON.stringify(kind.slice(0, 64))} cannot be the kind of an id`);
  return kind;
}
