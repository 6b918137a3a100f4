import { anySignal, ConductorError } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { parseSpec } from '@conductor/core/plan';
import type { Assignment, Executor, Json, Outcome } from '@conductor/core/ports';
import { commitUnits } from '../commit-units.js';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';
import { contentOf, requireTrackState } from '../load.js';
import { askOutside } from '../run/ask-outside.js';
import { trackUnits } from '../units.js';

/** A fresh track whose spec is still the template of its goal. */
export interface Draft {
  readonly id: string;
  readonly goal: string;
  readonly intent: string;
  readonly template: string;
}

/**
 * Has the spec of a fresh track written by a scribe, where there is one: in place of the template, unless a person was faster. An agent
 * that does everything may give none, and the template stays; a scribe that was named must give one. Throws what it failed with, with
 * `details.track`, and the reason of `signal`: the track is there in any case.
 */
export async function specByScribe(
  engine: EngineContext,
  draft: Draft,
  signal = new AbortController().signal,
): Promise<void> {
  const executor = engine.agents.for('scribe');
  if (!executor) return;
  try {
    await alone(engine, draft.id, signal, async (own) => {
      await engine.views.flush(draft.id); // what a person has written in the meantime, first
      const { about } = await requireTrackState(engine.store, draft.id);
      if (about.specHash !== sha256Hex(draft.template)) return;
      const text = specIn(await asked(engine, executor, draft, own), engine.limits.specBytes);
      await takeUp(engine, draft, text);
    });
  } catch (error) {
    signal.throwIfAborted();
    if (engine.agents.names('scribe')) throw withTrack(error, draft.id);
    engine.logger.warn('The spec of a goal stays a template', { track: draft.id, error: String(error) });
  }
}

/** Waits for a scribe that writes the spec of this track now, for whoever asked it. Throws as {@link specByScribe}. */
export async function specSettled(
  engine: EngineContext,
  id: string,
  signal = new AbortController().signal,
): Promise<void> {
  if (engine.agents.for('scribe')) await alone(engine, id, signal, async () => {});
}

/** Of several calls for one goal one asks, and the others wait for what it has got. Throws `LEASE_HELD` after the time of an agent. */
async function alone(
  { store, owner, ids, leaseKeeper, limits }: EngineContext,
  id: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { leaseMs: ttlMs, leaseRenewMs: everyMs, effectTimeoutMs: waitMs } = limits;
  const keys = [{ key: `spec:${id}`, mode: 'exclusive' as const }];
  const { set, token } = await store.leases.acquire({ set: ids.id('spec'), owner, keys, ttlMs }, { waitMs, signal });
  const keeper = leaseKeeper.keep(owner, { ttlMs, everyMs });
  const linked = anySignal([signal, keeper.signal]);
  try {
    await work(linked.signal);
  } finally {
    linked.dispose();
    await keeper.stop();
    await store.leases.release(set, token);
  }
}

async function asked(engine: EngineContext, executor: Executor, draft: Draft, signal: AbortSignal): Promise<Outcome> {
  const about = { track: draft.id, role: 'scribe' };
  const outcome = await askOutside(engine, executor, assignmentOf(engine, draft), { signal, about });
  if (outcome.status === 'done') return outcome;
  throw ConductorError.fromJSON(outcome.error ?? { code: 'EXECUTOR_ERROR', message: outcome.summary, retryable: true });
}

function assignmentOf(engine: EngineContext, { id, goal, intent, template }: Draft): Assignment {
  const effect = `${id}/spec`;
  return {
    role: 'scribe',
    effect,
    idempotencyKey: `${engine.projectId}/${effect}`,
    trackId: id,
    step: 'PLAN',
    runId: engine.ids.id('run'),
    attempt: 1,
    recovery: 0,
    folder: engine.workspace.root,
    input: { goal, intent, template },
    answerSchema,
    deadlineMs: engine.limits.effectTimeoutMs,
    idleMs: engine.limits.idleTimeoutMs,
  };
}

/** Says what is asked for in the one place that an agent reads as its instruction. */
const answerSchema: Json = {
  type: 'object',
  properties: {
    spec: {
      type: 'string',
      description: `The specification of the goal of the input, as Markdown: the template filled in from the goal and from what the project
shows. Requirements and acceptance criteria one by one; what neither goal nor project says is named as open. Change no file.`,
    },
  },
  required: ['spec'],
};

/** Throws `ANSWER_INVALID` for what is no spec that anybody could plan by. */
function specIn({ answer }: Outcome, maxBytes: number): string {
  const given = typeof answer === 'object' && answer !== null && 'spec' in answer ? answer['spec'] : undefined;
  const text = typeof given === 'string' ? given : '';
  const lacks = parseSpec(text.slice(0, maxBytes)).findings.map(({ message }) => message);
  if (text.trim() !== '' && new TextEncoder().encode(text).length <= maxBytes && lacks.length === 0)
    return text.endsWith('\n') ? text : `${text}\n`;
  throw new ConductorError('ANSWER_INVALID', ['The scribe gave no spec', ...lacks].join(': '), {
    hint: 'Answer {"spec": "<Markdown with Requirements and Acceptance Criteria>"}.',
    retryable: true,
  });
}

/** The file first: what a person wrote into it in the meantime is kept, and after a crash the next run reads it. */
async function takeUp(engine: EngineContext, { id, template }: Draft, text: string): Promise<void> {
  const ifHash = sha256Hex(template);
  const bytes = new TextEncoder().encode(text);
  try {
    await engine.workspace.replace(`${engine.folder}/tracks/${id}/spec.md`, bytes, { ifHash });
  } catch (error) {
    if (ConductorError.is(error, 'FILE_CHANGED')) return;
    throw error;
  }
  const { about } = await requireTrackState(engine.store, id);
  if (about.specHash !== ifHash) return;
  const specify = {
    name: 'track.specify',
    data: { spec: await contentOf(engine, text), specHash: sha256Hex(text) },
  } as const;
  await commitUnits(engine, trackUnits(engine, id, [specify]), { actor: engineActor, correlation: { track: id } });
}

function withTrack(error: unknown, track: string): unknown {
  if (!ConductorError.is(error)) return error;
  const { code, message, retryable, cause, details } = error;
  return new ConductorError(code, `${message}; the goal is kept in track ${track}`, {
    hint: `Its spec can be filled in by hand. Go on with: conductor run ${track}`,
    details: { ...details, track },
    retryable,
    cause,
  });
}
