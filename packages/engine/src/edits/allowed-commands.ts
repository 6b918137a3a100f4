import { ConductorError } from '@conductor/core';
import { requireAllowed } from '../authorize.js';
import type { EngineContext } from '../engine-context.js';
import type { Decided } from './decide-each.js';
import { fileActor } from './whose-edit.js';

/** Asked of the policy like any call: it may allow the API and not the file. What it forbids is refused. */
export async function allowedCommands(
  engine: EngineContext,
  trackId: string,
  action: string,
  { accepted, refused }: Pick<Decided, 'accepted' | 'refused'>,
): Promise<Pick<Decided, 'accepted' | 'refused'>> {
  if (accepted.length === 0) return { accepted, refused };
  try {
    await requireAllowed(engine, fileActor, action, `track/${trackId}`);
    return { accepted, refused };
  } catch (error) {
    if (!ConductorError.is(error, 'FORBIDDEN')) throw error;
    return { accepted: [], refused: [...refused, ...accepted.map((command) => ({ command, error }))] };
  }
}
