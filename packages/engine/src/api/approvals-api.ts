import { checkId, ConductorError, defaultLimits, instant } from '@conductor/core';
import type { ApprovalState, TrackCommand } from '@conductor/core';
import { decodeCursor, encodeCursor } from '@conductor/core/api';
import type { Approval, ApprovalsApi, DecideInput } from '@conductor/core/api';
import type { ActorRef } from '@conductor/core/ports';
import * as z from '@conductor/core/schema';
import { requireAllowed } from '../authorize.js';
import { commitUnits } from '../commit-units.js';
import type { EngineContext } from '../engine-context.js';
import { loadApproval, loadTrack } from '../load.js';
import { approvalUnit, trackUnits } from '../units.js';
import { remembered, replayed } from './write.js';

export function approvalsApi(engine: EngineContext, actor: ActorRef): ApprovalsApi {
  const allowed = (action: string, subject: string) => requireAllowed(engine, actor, action, subject);
  return {
    async list(query = {}) {
      await allowed('approvals.list', 'project');
      const status = query.status ?? 'pending';
      const all: Approval[] = [];
      for (const { stream } of await engine.store.streams({ kind: 'approval' })) {
        all.push(await viewOf(engine, await loadApproval(engine.store, stream.slice('approval/'.length))));
      }
      const fitting = all
        .filter((item) => item.status === status && (query.trackId === undefined || item.trackId === query.trackId))
        .sort((a, b) =>
          a.requestedAt === b.requestedAt ? (a.id < b.id ? -1 : 1) : a.requestedAt < b.requestedAt ? -1 : 1,
        );
      const scope = { query, order: 'requested' };
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, scope, z.string());
      const rest = after === undefined ? fitting : fitting.slice(fitting.findIndex(({ id }) => id === after) + 1);
      const items = rest.slice(0, query.limit ?? defaultLimits.pageItems);
      const last = items.at(-1);
      return { items, ...(rest.length > items.length && last && { nextCursor: encodeCursor(scope, last.id) }) };
    },
    async get(id) {
      await allowed('approvals.get', `approval/${checkId(id)}`);
      return viewOf(engine, await existing(engine, id));
    },
    async decide(id, input, o = {}) {
      await allowed('approval.answer', `approval/${checkId(id)}`);
      const request = { actor, action: 'approval.answer', body: [id, input], key: o.idempotencyKey };
      if ((await replayed(engine, request)) === undefined) {
        const trackId = await answer(engine, actor, id, input, o.ifMatch, remembered(request, id));
        if (trackId !== undefined) engine.views.touch(trackId);
      }
      return viewOf(engine, await existing(engine, id));
    },
  };
}

/** The answer, and its reference in the subject's stream: one commit, so that two answers at once cannot both win (R29). */
async function answer(
  engine: EngineContext,
  actor: ActorRef,
  id: string,
  input: DecideInput,
  ifMatch: number | undefined,
  records: ReturnType<typeof remembered>,
): Promise<string | undefined> {
  const state = await existing(engine, id);
  await checkCurrent(engine, state, ifMatch);
  const trackId = state.request?.trackId;
  const { outcome, choice, answer: value, reason } = input;
  const data = {
    outcome,
    ...(choice !== undefined && { choice }),
    ...(value !== undefined && { answer: value }),
    ...(reason !== undefined && { reason }),
  };
  const units = [
    approvalUnit(engine, id, { name: 'approval.answer', data }),
    ...(trackId === undefined ? [] : trackUnits(engine, trackId, [decisionOf(state, actor, input)])),
  ];
  await commitUnits(engine, units, {
    actor,
    correlation: trackId === undefined ? undefined : { track: trackId },
    records,
  });
  return trackId;
}

/** Throws `VERSION_CONFLICT` where the caller has seen another revision, `APPROVAL_STALE` where the subject has changed. */
async function checkCurrent(engine: EngineContext, state: ApprovalState, ifMatch: number | undefined): Promise<void> {
  const { id, version } = state;
  if (ifMatch !== undefined && ifMatch !== version) {
    throw new ConductorError('VERSION_CONFLICT', `Question ${id} is at revision ${version}, not ${ifMatch}`, {
      details: { expected: ifMatch, actual: version },
    });
  }
  if (state.status === 'pending' && (await viewOf(engine, state)).stale) {
    throw new ConductorError('APPROVAL_STALE', `What question ${id} asks about has changed`, {
      details: { approval: id },
    });
  }
}

/** The answer as the track takes it: who approves and chooses nothing takes the first option. */
function decisionOf({ id, request }: ApprovalState, actor: ActorRef, input: DecideInput): TrackCommand {
  const chosen =
    request?.options.find((option) => option.id === input.choice) ??
    (input.outcome === 'approved' ? request?.options[0] : undefined);
  return {
    name: 'decision.give',
    data: {
      approvalId: id,
      outcome: input.outcome,
      by: actor.id,
      ...(chosen && { choice: chosen.id, leadsTo: chosen.leadsTo }),
      ...(input.reason !== undefined && { answer: input.reason }),
    },
  };
}

async function existing(engine: EngineContext, id: string): Promise<ApprovalState> {
  const state = await loadApproval(engine.store, id);
  if (state.request) return state;
  throw new ConductorError('APPROVAL_NOT_FOUND', `There is no question ${id}`, { details: { approval: id } });
}

async function viewOf(engine: EngineContext, state: ApprovalState): Promise<Approval> {
  const { request, answer: given } = state;
  if (!request)
    throw new ConductorError('APPROVAL_NOT_FOUND', `There is no question ${state.id}`, {
      details: { approval: state.id },
    });
  const subject = request.trackId === undefined ? undefined : await loadTrack(engine.store, request.trackId);
  const expired = request.expiresAt !== undefined && request.expiresAt < instant(engine.clock.now());
  const { trackId, expiresAt, ...asked } = request;
  const { id: deciderId, kind } = request.decider;
  return {
    ...asked,
    decider: { kind, ...(deciderId !== undefined && { id: deciderId }) },
    id: state.id,
    status: state.status === 'pending' && expired ? 'expired' : state.status === 'none' ? 'pending' : state.status,
    stale: subject !== undefined && (subject.plan?.revision ?? 0) !== request.subjectRevision,
    revision: state.version,
    requestedAt: state.requestedAt ?? '',
    ...(trackId !== undefined && { trackId }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(state.answeredBy && { answeredBy: state.answeredBy }),
    ...(state.answeredAt !== undefined && { answeredAt: state.answeredAt }),
    ...(given?.choice !== undefined && { choice: given.choice }),
    ...(given?.answer !== undefined && { answer: given.answer }),
    ...(given?.reason !== undefined && { reason: given.reason }),
  };
}
