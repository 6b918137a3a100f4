import { baseEffect, ConductorError } from '@conductor/core';
import type { Action, Finding } from '@conductor/core';
import { syncSubject } from '@conductor/core/business';
import { sha256Hex } from '@conductor/core/hash';
import type { Executor, Json } from '@conductor/core/ports';
import type { GateResult } from '../gates/gate.js';
import { contentOf, readStream } from '../load.js';
import { roleAssignment } from '../run/assignment.js';
import { commitKey } from '../run/commit-work.js';
import { runExecutor } from '../run/run-executor.js';
import type { TrackSession } from '../run/track-session.js';
import { flaggedDecisions } from './flagged.js';
import { recordSync } from './record-sync.js';
import { scribeAnswer } from './scribe-answer.js';
import { planSync, syncDocuments } from './sync-documents.js';
import type { SyncHands } from './sync-documents.js';
import { holdDocuments } from './hold-documents.js';

type Ask = Extract<Action, { do: 'ask' }>;

/**
 * BUSINESS_SYNC of a track: the scribe writes what the flagged decisions mean, tier by tier, our own checks verify it, one
 * commit and one entry of the decision log say so. Documents that do not fit are a failed try (`WORK_UNPROVEN`, retried);
 * after the last one a FAIL with what was found. A synchronisation that a crash left committed is found and not done again.
 */
export async function syncForTrack(
  session: TrackSession,
  { effect }: Pick<Ask, 'effect'>,
  executor: Executor,
  signal: AbortSignal,
): Promise<GateResult> {
  const { engine, id, state } = session;
  const key = commitKey(engine, effect);
  const committed = engine.git === 'off' ? undefined : await engine.repository?.findKey(key);
  if (committed !== undefined) return passed([], committed);
  const cause = await flaggedDecisions(engine, id);
  const plan = await planSync(engine, cause, signal);
  const { scope } = plan;
  const paths = scope.tiers.flatMap(({ documents }) => documents.map(({ path }) => path));
  // Whoever holds one of them is a task, and ends within its time.
  const held = await holdDocuments(engine, paths, { waitMs: state.policy.limits.taskTimeoutMs, signal });
  try {
    const hands = handsOf(session, effect, executor);
    const synced = await syncDocuments(engine, plan, { reasons: cause.reasons, hands }, signal);
    if (synced.findings.length > 0) return failed(session, effect, synced.findings);
    const what = syncSubject(cause.reasons, scope.impacts, state.about.name);
    const recorded = await recordSync(engine, { key, what, trackId: id, scope, documents: synced.documents });
    return passed(recorded.documents, recorded.commit);
  } finally {
    await held.release();
  }
}

function handsOf(session: TrackSession, effect: string, executor: Executor): SyncHands {
  return {
    async ask(input, signal) {
      const previousFailure = (await lastFailure(session, effect)) ?? null;
      const assignment = await roleAssignment(session, 'scribe', effect, { ...input, previousFailure });
      return runExecutor(session, executor, { ...assignment, answerSchema: scribeAnswer }, signal);
    },
    async keep(path, bytes, finding) {
      const text = new TextDecoder().decode(bytes);
      const content = await contentOf(session.engine, text, 'text/plain');
      const data = {
        path,
        hash: sha256Hex(bytes),
        bytes: content,
        disposition: 'refused' as const,
        findings: [finding],
      };
      await session.execute([{ name: 'edit.note', data }]);
    },
  };
}

/** Why the try before this one did not count. */
async function lastFailure({ engine, id }: TrackSession, effect: string): Promise<string | undefined> {
  const events = await readStream(engine.store, `track/${id}`);
  const failure = events.findLast(
    ({ type, data }) =>
      type === 'effect.failed' && baseEffect((data as { effect: string }).effect) === baseEffect(effect),
  );
  return (failure?.data as { message?: string } | undefined)?.message;
}

/** Another try as long as there is one; the last one leaves what was found on record. */
function failed({ state }: TrackSession, effect: string, findings: readonly Finding[]): GateResult {
  const tries = state.effects.get(effect)?.tries ?? 1;
  if (tries >= state.policy.limits.maxEffectTries) return { verdict: 'FAIL', findings, evidence: [] };
  const shown = findings
    .slice(0, 5)
    .map(({ path, line, message }) => `${path ?? ''}${line === undefined ? '' : `:${line}`}: ${message}`);
  const more = findings.length > shown.length ? ` … and ${findings.length - shown.length} more` : '';
  throw new ConductorError('WORK_UNPROVEN', `The documents of the business do not fit: ${shown.join('; ')}${more}`, {
    retryable: true,
  });
}

function passed(documents: readonly string[], commit: string | undefined): GateResult {
  const evidence: Json = { kind: 'business-sync', documents: [...documents], ...(commit !== undefined && { commit }) };
  return { verdict: 'PASS', findings: [], evidence: [evidence] };
}
