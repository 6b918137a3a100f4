import { escalations, instant } from '@conductor/core';
import type { Action, TrackState } from '@conductor/core';
import { engineActor } from '../engine-context.js';
import { approvalUnit } from '../units.js';
import type { TrackSession } from './track-session.js';

/** Asks a person: the question, the blocker and the blocked step are one commit over two streams. */
export async function escalate(
  session: TrackSession,
  { reason, rule }: Extract<Action, { do: 'escalate' }>,
): Promise<void> {
  const { engine, state } = session;
  const { title, question, options } = escalations[reason];
  const approvalId = engine.ids.id('approval');
  const subject = `track/${state.id}`;
  const summary = `${title} (${state.loop.step}${why(state)}). ${question}`;
  const request = {
    kind: reason,
    trackId: state.id,
    subject,
    subjectRevision: state.plan?.revision ?? 0,
    requester: { kind: engineActor.kind, id: engineActor.id },
    decider: { kind: 'human' as const },
    summary,
    options: options.map((option) => ({ ...option })),
    expiresAt: instant(engine.clock.now() + state.policy.limits.approvalTtlMs),
  };
  await session.execute(
    [
      {
        name: 'decision.request',
        data: {
          approvalId,
          reason,
          subject,
          summary,
          options: request.options,
          blockerId: engine.ids.id('blocker'),
          rule,
        },
      },
    ],
    { others: [approvalUnit(engine, approvalId, { name: 'approval.request', data: request })] },
  );
}

/** Uses an answer: what it leads to, and that it was used, are one commit. */
export async function applyDecision(
  session: TrackSession,
  { approvalId }: Extract<Action, { do: 'apply' }>,
): Promise<void> {
  await session.execute([{ name: 'decision.apply', data: { approvalId } }], {
    others: [approvalUnit(session.engine, approvalId, { name: 'approval.consume', data: { by: session.id } })],
  });
}

function why(state: TrackState): string {
  const stuck = [...(state.plan?.tasks.values() ?? [])].filter(
    ({ status }) => status === 'failed' || status === 'blocked',
  );
  return stuck.length === 0
    ? ''
    : `: ${stuck.map(({ task, note }) => `task ${task.id}${note === undefined ? '' : `: ${note}`}`).join('; ')}`;
}
