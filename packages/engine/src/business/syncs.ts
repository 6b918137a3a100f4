import { anySignal, ConductorError, instant, toConductorError } from '@conductor/core';
import { staleSubject, syncSubject } from '@conductor/core/business';
import type { DocumentSync } from '@conductor/core/api';
import type { Assignment, Executor, Json } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { commitKey } from '../run/commit-work.js';
import { askOutside } from '../run/ask-outside.js';
import { flaggedDecisions } from './flagged.js';
import { holdDocuments } from './hold-documents.js';
import { recordSync } from './record-sync.js';
import { scribeAnswer } from './scribe-answer.js';
import { planSync, syncDocuments } from './sync-documents.js';
import type { SyncCause, SyncHands } from './sync-documents.js';

/** Synchronisations by hand, of this engine. */
export interface Syncs {
  /**
   * Resolves with its id when the scribe is about to be asked; a key that was used before gives the one it began. Throws
   * `EXECUTOR_MISSING`, `LEASE_HELD`, `CLOSED`.
   */
  start(input: { readonly trackId?: string | undefined }, key?: string): Promise<string>;
  /** The last hundred are known; `undefined` for any other. */
  get(id: string): DocumentSync | undefined;
  /** Ends what is being written and waits for it. */
  close(): Promise<void>;
}

const maxKnown = 100;

/** A synchronisation asked for by a person belongs to no run: its traces are the documents, the decision log and the commit. */
export function createSyncs(engine: EngineContext): Syncs {
  const known = new Map<string, DocumentSync>();
  const running = new Set<Promise<void>>();
  const asked = new Map<string, Promise<string>>();
  const closing = new AbortController();
  const remember = (sync: DocumentSync) => {
    known.set(sync.id, sync);
    const [oldest] = [...known].find(([, { status }]) => status !== 'running') ?? [];
    if (known.size > maxKnown && oldest !== undefined) known.delete(oldest);
    return sync;
  };
  const begin = async (trackId: string | undefined) => {
    if (closing.signal.aborted) throw new ConductorError('CLOSED', 'The engine is closing');
    const executor = requireScribe(engine);
    const cause = await manualCause(engine, trackId);
    const { scope, findings } = await planSync(engine, cause);
    const paths = scope.tiers.flatMap(({ documents }) => documents.map(({ path }) => path));
    const held = await holdDocuments(engine, paths);
    const begun: DocumentSync = {
      id: engine.ids.id('sync'),
      status: 'running',
      what: syncSubject(cause.reasons, scope.impacts, staleSubject(findings)),
      ...(trackId !== undefined && { trackId }),
      startedAt: instant(engine.clock.now()),
      documents: [],
      findings: [],
    };
    const work = perform(engine, executor, cause, begun, closing.signal)
      // Free first: who sees that it has ended may begin the next one.
      .then(async (ended) => {
        await held.release().catch((error: unknown) => {
          engine.logger.warn('The lease of a synchronisation was not given back', { error: String(error) });
        });
        remember(ended);
      });
    running.add(work);
    void work.finally(() => running.delete(work));
    return remember(begun).id;
  };
  return {
    start({ trackId }, key) {
      const before = key === undefined ? undefined : asked.get(key);
      if (before) return before;
      const begun = begin(trackId);
      if (key === undefined) return begun;
      asked.set(key, begun);
      const [oldest] = asked.keys();
      if (asked.size > maxKnown && oldest !== undefined) asked.delete(oldest);
      // A request that failed may be made again.
      return begun.catch((error: unknown) => {
        asked.delete(key);
        throw error;
      });
    },
    get: (id) => known.get(id),
    async close() {
      closing.abort(new DOMException('The engine closes', 'AbortError'));
      await Promise.all(running);
    },
  };
}

/** Throws `EXECUTOR_MISSING` before anything is looked at. */
function requireScribe({ agents }: EngineContext): Executor {
  const executor = agents.for('scribe');
  if (executor) return executor;
  throw new ConductorError('EXECUTOR_MISSING', 'Documents are written by a scribe, and nobody was handed in', {
    hint: 'Set `agents.scribe` in the configuration, or use `--agent`. `--dry-run` needs none.',
    details: { role: 'scribe' },
  });
}

/** What a person asks for concerns all documents; a track adds what its workers flagged. */
export async function manualCause(engine: EngineContext, trackId: string | undefined): Promise<SyncCause> {
  const flagged = trackId === undefined ? undefined : await flaggedDecisions(engine, trackId);
  return { trigger: 'manual', impacts: flagged?.impacts ?? [], reasons: flagged?.reasons ?? [] };
}

/** As often as an effect of a run is tried; never rejects. */
async function perform(
  engine: EngineContext,
  executor: Executor,
  cause: SyncCause,
  begun: DocumentSync,
  closing: AbortSignal,
): Promise<DocumentSync> {
  const { leaseMs: ttlMs, leaseRenewMs: everyMs } = engine.limits;
  const keeper = engine.leaseKeeper.keep(engine.owner, { ttlMs, everyMs });
  const linked = anySignal([closing, keeper.signal]);
  const ended = () => ({ endedAt: instant(engine.clock.now()) });
  try {
    return { ...(await tries(engine, executor, cause, begun, linked.signal)), ...ended() };
  } catch (thrown) {
    const { code, message, hint, retryable } = toConductorError(linked.signal.aborted ? linked.signal.reason : thrown);
    const error = { code, message, retryable, ...(hint !== undefined && { hint }) };
    return { ...begun, status: 'failed', error, ...ended() };
  } finally {
    linked.dispose();
    await keeper.stop();
  }
}

async function tries(
  engine: EngineContext,
  executor: Executor,
  cause: SyncCause,
  begun: DocumentSync,
  signal: AbortSignal,
): Promise<DocumentSync> {
  const changed = new Set<string>();
  for (let attempt = 1; ; attempt += 1) {
    const plan = await planSync(engine, cause, signal);
    const hands = handsOf(engine, executor, begun, attempt);
    const { documents, findings } = await syncDocuments(engine, plan, { reasons: cause.reasons, hands }, signal);
    for (const path of documents) changed.add(path);
    const last = attempt >= engine.limits.maxEffectTries;
    if (findings.length > 0 && last) return { ...begun, status: 'failed', documents: [...changed], findings };
    if (findings.length > 0) continue;
    const { id, what, trackId } = begun;
    const record = { key: commitKey(engine, id), what, trackId, scope: plan.scope, documents: [...changed] };
    return { ...begun, status: 'done', findings, ...(await recordSync(engine, record)) };
  }
}

function handsOf(engine: EngineContext, executor: Executor, begun: DocumentSync, attempt: number): SyncHands {
  return {
    ask: (input, signal) => {
      const assignment = assignmentOf(engine, begun, attempt, input);
      return askOutside(engine, executor, assignment, { signal, about: { effect: assignment.effect } });
    },
    async keep(path, bytes, finding) {
      const { id } = await engine.artifacts.put(bytes, { mediaType: 'text/plain' });
      engine.logger.warn(finding.message, { path, kept: id });
    },
  };
}

function assignmentOf(
  engine: EngineContext,
  { id, trackId }: DocumentSync,
  attempt: number,
  input: Readonly<Record<string, Json>>,
): Assignment {
  return {
    role: 'scribe',
    effect: id,
    idempotencyKey: commitKey(engine, id),
    trackId: trackId ?? 'project',
    step: 'BUSINESS_SYNC',
    runId: engine.ids.id('run'),
    attempt,
    recovery: 0,
    folder: engine.workspace.root,
    input,
    answerSchema: scribeAnswer,
    deadlineMs: engine.limits.effectTimeoutMs,
    idleMs: engine.limits.idleTimeoutMs,
  };
}
