import { formatRetrospective } from '@conductor/core/files';
import type { Finding, TrackState } from '@conductor/core';
import type { EventEnvelope } from '@conductor/core/ports';
import { readStream } from '../load.js';
import type { TrackSession } from './track-session.js';

const maxItems = 20;

/** Why there is nothing to learn from a track; `undefined` where a retrospective is due (C-58). */
export function skippedRetrospective({ about, plan, policy, loop, consultations }: TrackState): string | undefined {
  if ((plan?.tasks.size ?? 0) < policy.limits.retrospectiveMinTasks) return 'fewer tasks than a retrospective is worth';
  if (loop.fixCycles === 0 && consultations === 0) return 'no fix cycle and no consultation';
  if (['documentation', 'docs'].includes(about.type.toLowerCase())) return 'documentation only';
  return undefined;
}

/** Writes `retrospective.md` of a track from its log, unless somebody has written one. */
export async function retrospect({ engine, id, state }: TrackSession): Promise<void> {
  const events = await readStream(engine.store, `track/${id}`);
  const text = formatRetrospective(id, {
    ...(state.completedAt !== undefined && { completed: state.completedAt }),
    fixCycles: state.loop.fixCycles,
    summary: [summaryOf(state)],
    workedWell: listed(
      [...tasksAt(state, (attempts) => attempts === 1)].map((task) => `Task ${task} at the first attempt`),
    ),
    problems: listed([
      ...tasksAt(state, (attempts) => attempts > 1).map((task) => `Task ${task} needed more than one attempt`),
      ...rejections(events),
    ]),
    patterns: [],
    errors: [],
    improvements: [],
    recommendations: listed(
      state.discovered.map(({ description, recommendation }) => `${description}: ${recommendation}`),
    ),
  });
  await engine.workspace.create(`${engine.folder}/tracks/${id}/retrospective.md`, new TextEncoder().encode(text));
}

function summaryOf({ plan, loop }: TrackState): string {
  return `${plan?.tasks.size ?? 0} tasks, ${loop.planRevisions} plan revisions, ${loop.fixCycles} fix cycles.`;
}

function tasksAt({ plan }: TrackState, holds: (attempts: number) => boolean): readonly string[] {
  return [...(plan?.tasks.values() ?? [])]
    .filter(({ status, failures, earlier = 0 }) => status === 'done' && holds(earlier + failures + 1))
    .map(({ task }) => task.id);
}

/** What evaluations found, each once. */
function rejections(events: readonly EventEnvelope[]): readonly string[] {
  const found = events
    .filter(({ type }) => type === 'step.failed')
    .flatMap(({ data }) => (data as { readonly findings?: readonly Finding[] }).findings ?? []) // our own payload of that type
    .filter(({ severity }) => severity === 'error');
  return [...new Set(found.map(({ message }) => message))];
}

const listed = (items: readonly string[]): readonly string[] => items.slice(0, maxItems);
