import { formatCompletionReport } from '@conductor/core/files';
import { parseSpec } from '@conductor/core/plan';
import { instant, priorities } from '@conductor/core';
import type { TaskState, TrackCommand, TrackState } from '@conductor/core';
import { contentOf, loadProject, loadTrack, readStream, textOf } from '../load.js';
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

/** Phases of which nothing is left to do. */
function phasesDone(tasks: readonly TaskState[]): number {
  const open = new Set(
    tasks.filter(({ status }) => status !== 'done' && status !== 'skipped').map(({ task }) => task.phase),
  );
  return new Set(tasks.map(({ task }) => task.phase).filter((phase) => !open.has(phase))).size;
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
    phases: phasesDone(tasks),
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

/** Of a project with more tracks only the last ones are looked at: the report names one, it is no schedule. */
const maxCandidates = 1000;

/** The most urgent track that is not over: those that nothing keeps waiting first, then by priority, then as registered. */
async function nextTrack({ store }: TrackSession['engine'], id: string): Promise<string | undefined> {
  const { tracks } = await loadProject(store);
  const states = new Map<string, TrackState>();
  for (const other of [...tracks.keys()].slice(-maxCandidates)) states.set(other, await loadTrack(store, other));
  const over = (lifecycle: string | undefined) => lifecycle === 'completed' || lifecycle === 'archived';
  const open = [...states.values()].filter(
    ({ id: other, lifecycle }) =>
      other !== id && !over(lifecycle) && lifecycle !== 'cancelled' && lifecycle !== 'failed',
  );
  const waits = ({ about }: TrackState) =>
    about.dependencies.some((before) => before !== id && !over(states.get(before)?.lifecycle));
  const [next] = open.toSorted(
    (a, b) =>
      Number(waits(a)) - Number(waits(b)) ||
      priorities.indexOf(a.about.priority) - priorities.indexOf(b.about.priority),
  );
  return next && `${next.id} – ${next.about.name}`;
}
