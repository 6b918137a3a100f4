import { formatCompletionReport } from '@conductor/core/files';
import { parseSpec } from '@conductor/core/plan';
import { instant } from '@conductor/core';
import type { TrackCommand } from '@conductor/core';
import { contentOf, loadProject, readStream, textOf } from '../load.js';
import type { TrackSession } from '../run/track-session.js';

/** The fact of completion with its report: every criterion rests on the evaluation that has just passed. */
export async function completion(session: TrackSession): Promise<TrackCommand> {
  const { engine, state } = session;
  const spec = parseSpec(await textOf(engine, state.about.spec));
  const evidence = `EVALUATE_EXECUTION passed at visit ${state.loop.visits.EVALUATE_EXECUTION}`;
  const items = spec.acceptance.length > 0 ? spec.acceptance.map(({ text }) => text) : [state.about.goal];
  const criteria = items.map((text) => ({ text, met: true, evidence }));
  const report = await completionReport(session, criteria);
  return { name: 'track.complete', data: { criteria, report: await contentOf(engine, report) } };
}

async function completionReport(
  { engine, state }: TrackSession,
  criteria: readonly { text: string; met: boolean; evidence: string }[],
): Promise<string> {
  const tasks = [...(state.plan?.tasks.values() ?? [])];
  const events = await readStream(engine.store, `track/${state.id}`);
  const first = events[0]?.at ?? state.createdAt;
  return formatCompletionReport({
    trackId: state.id,
    name: state.about.name,
    startedAt: first,
    completedAt: instant(engine.clock.now()),
    phases: new Set(tasks.map(({ task }) => task.phase)).size,
    tasks: tasks.map(({ task, status, commit }) => ({ id: task.id, title: task.title, status, commit })),
    fixCycles: state.loop.fixCycles,
    planRevisions: state.loop.planRevisions,
    consultations: state.consultations,
    conditions: [...state.conditions.values()],
    criteria,
    discovered: state.discovered,
    nextTrack: await nextTrack(engine, state.id),
  });
}

async function nextTrack(engine: TrackSession['engine'], id: string): Promise<string | undefined> {
  const { tracks } = await loadProject(engine.store);
  const ids = [...tracks.keys()];
  return ids.slice(ids.indexOf(id) + 1)[0];
}
