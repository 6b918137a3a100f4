import type { Action, CompletionPart, TrackCommands } from '@conductor/core';
import { commitKey, commitWork } from './commit-work.js';
import type { TrackSession } from './track-session.js';

type Recorded = Omit<TrackCommands['completion.record'], 'part' | 'effect'>;

/** One part of the completion protocol, in its order; what was done before a crash is found again, not done twice. */
export async function finishPart(
  session: TrackSession,
  { part, effect }: Extract<Action, { do: 'finish' }>,
): Promise<void> {
  const recorded = await parts[part](session, effect);
  await session.execute([{ name: 'completion.record', data: { part, effect, ...recorded } }]);
}

const parts: Readonly<Record<CompletionPart, (session: TrackSession, effect: string) => Promise<Recorded>>> = {
  async commit(session, effect) {
    const { engine, id } = session;
    await engine.views.flush(id, { patient: true });
    const status = await engine.repository?.status();
    const changed = (status?.changed ?? []).filter(
    const pages = ['tracks.md', 'index.md'].map((name) => `${engine.folder}/${name}`);
      (path) =>
        (path.startsWith(`${engine.folder}/tracks/${id}/`) || pages.includes(path)) && !path.includes('/.message-bus/'),
    );
    const sha = await commitWork(engine, {
      key: commitKey(engine, effect),
      paths: changed,
      message: `docs: complete ${id} - evaluation passed`,
    });
    return sha === undefined ? { skipped: 'nothing to commit' } : { commit: sha };
  },
  async report({ engine, id, state }) {
    const text = `Track ${id} is complete: ${state.plan?.title ?? state.about.name}`;
    for (const notifier of engine.notifiers ?? []) {
      await notifier.notify({
        key: `${id}/complete`,
        kind: 'track.completed',
        subject: `track/${id}`,
        text,
        data: { track: id },
      });
    }
    return {};
  },
  // The retrospective is written by a scribe; without one, or for small smooth tracks, there is nothing to learn (C-58).
  async retrospective(session) {
    return { skipped: skipReason(session) };
  },
  async cleanup() {
    return {};
  },
};

function skipReason({ state }: TrackSession): string {
  if ((state.plan?.tasks.size ?? 0) < state.policy.limits.retrospectiveMinTasks)
    return 'fewer tasks than a retrospective is worth';
  if (state.loop.fixCycles === 0) return 'no fix cycle and no consultation';
  return 'no scribe writes retrospectives in this version';
}
