import { canonicalJson, checkId, ConductorError } from '@conductor/core';
import type { DocumentCheck, DocumentsApi } from '@conductor/core/api';
import type { ActorRef } from '@conductor/core/ports';
import { requireAllowed } from '../authorize.js';
import { planSync } from '../business/sync-documents.js';
import { manualCause } from '../business/syncs.js';
import type { Syncs } from '../business/syncs.js';
import type { EngineContext } from '../engine-context.js';
import { requireTrackState } from '../load.js';
import { reviewPhase } from '../reports/phase-review.js';
import { writeReview } from '../reports/write-review.js';

/** Documents of the business, and reviews of phases. */
export function documentsApi(engine: EngineContext, syncs: Syncs, actor: ActorRef): DocumentsApi {
  const allowed = (action: string, trackId?: string) =>
    requireAllowed(engine, actor, action, trackId === undefined ? 'project' : `track/${checkId(trackId)}`);
  return {
    async check({ trackId } = {}, o = {}) {
      await allowed('documents.check', trackId);
      await known(engine, trackId);
      return checkOf(engine, trackId, o.signal);
    },
    async sync({ trackId } = {}, o = {}) {
      await allowed('documents.sync', trackId);
      await known(engine, trackId);
      const { idempotencyKey: key } = o;
      const own = key === undefined ? undefined : canonicalJson([actor.kind, actor.id, trackId ?? null, key]);
      return found(syncs, await syncs.start({ trackId }, own));
    },
    async get(id) {
      await allowed('documents.get');
      return found(syncs, id);
    },
    async review(trackId, { phase } = {}, o = {}) {
      await allowed('documents.review', trackId);
      const state = await requireTrackState(engine.store, trackId, { signal: o.signal });
      const { review, text } = await reviewPhase(engine, state, phase, { signal: o.signal });
      const label = String(review.phase);
      const path = await writeReview(engine, { trackId, label, text }, { signal: o.signal });
      const { title, verdict, checks, findings } = review;
      return { trackId, phase: label, title, verdict, path, text, checks, findings };
    },
  };
}

/** Throws `TRACK_NOT_FOUND`. */
async function known(engine: EngineContext, trackId: string | undefined): Promise<void> {
  if (trackId !== undefined) await requireTrackState(engine.store, trackId);
}

async function checkOf(
  engine: EngineContext,
  trackId: string | undefined,
  signal?: AbortSignal,
): Promise<DocumentCheck> {
  const cause = await manualCause(engine, trackId);
  const { scope, findings } = await planSync(engine, cause, signal);
  return {
    trigger: scope.trigger,
    impacts: scope.impacts,
    reasons: cause.reasons,
    tiers: scope.tiers.map(({ tier, name, rule, documents }) => ({
      tier,
      name,
      rule,
      documents: documents.map(({ path }) => path),
    })),
    findings,
  };
}

function found(syncs: Syncs, id: string) {
  const sync = syncs.get(id);
  if (sync) return sync;
  throw new ConductorError('FILE_NOT_FOUND', `There is no synchronisation ${JSON.stringify(id.slice(0, 100))}`, {
    hint: 'Those of this engine are known, the last hundred of them; the rest is in decision-log.md.',
  });
}
