import type { Action, CompletionPart, TrackCommands } from '@conductor/core';
import { commitKey, commitWork } from './commit-work.js';
import { retrospect, skippedRetrospective } from './retrospect.js';
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
    const pages = ['tracks.md', 'index.md'].map((name) => `${engine.folder}/${name}`);
    const changed = (status?.changed ?? []).filter(
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
  async retrospective(session, effect) {
    const { engine, id, state } = session;
    const skipped = skippedRetrospective(state);
    if (skipped !== undefined) return { skipped };
    await retrospect(session);
    const sha = await commitWork(engine, {
      key: commitKey(engine, effect),
      paths: [`${engine.folder}/tracks/${id}/retrospective.md`],
      message: `docs: retrospective of ${id}`,
    });
    return sha === undefined ? {} : { commit: sha };
  },
  async cleanup() {
    return { skipped: 'workers share the folder of the project' }; // none has a folder of its own that could be removed
  },
};
