import { ConductorError, instant } from '@conductor/core';
import type { ActorRef, Authorize, NewEvent } from '@conductor/core/ports';
import type { EngineContext } from './engine-context.js';

const reads = /\.(?:get|list|check|graph|runs|activity|minutes|health|doctor|follow)$/u;

/** Without a policy: the local owner may do all, agents and foreign tools only look (R35). */
export const localOwnerMayAll: Authorize = async ({ actor, action }) =>
  actor.kind === 'user' || actor.kind === 'system' || actor.kind === 'engine' || reads.test(action)
    ? { allow: true, rule: 'local-owner' }
    : { allow: false, rule: 'agents-only-report', reason: `${actor.kind} ${actor.id} may not ${action}` };

/** Asked before every call; fails closed. A refusal is on record before it is thrown. Throws `FORBIDDEN`. */
export async function requireAllowed(
  engine: EngineContext,
  actor: ActorRef,
  action: string,
  subject: string,
): Promise<void> {
  // Inside an async function, so that a policy that throws before its promise is a refusal as well.
  const ask = async () => engine.authorize({ actor, action, subject });
  const answer = await ask().catch((error: unknown) => ({
    allow: false as const,
    rule: 'authorize-failed',
    reason: String(error),
  }));
  if (answer.allow) return;
  const at = instant(engine.clock.now());
  const refused: NewEvent = {
    type: 'action.refused',
    v: 1,
    data: { action, subject, rule: answer.rule, code: 'FORBIDDEN' },
  };
  const stream = `audit/${at.slice(0, 10).replaceAll('-', '')}`;
  await engine.store.commit({ appends: [{ stream, expectedVersion: 'any', events: [refused] }], meta: { at, actor } });
  throw new ConductorError('FORBIDDEN', answer.reason, { details: { rule: answer.rule, action, subject } });
}
