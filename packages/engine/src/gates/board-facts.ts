import { gatherBoardFacts } from '@conductor/board/directors';
import type { Facts } from '@conductor/core';
import { parseSpec } from '@conductor/core/plan';
import { textOf } from '../load.js';
import type { TrackSession } from '../run/track-session.js';

/** What directors are told: plain data of spec and plan, and the texts of changed files, searched for secrets only. */
export async function gatherFacts(session: TrackSession): Promise<Facts> {
  const { engine, state } = session;
  const specText = await textOf(engine, state.about.spec);
  const spec = parseSpec(specText);
  const items = (list: readonly { readonly text: string }[]) => list.map(({ text }) => text);
  return gatherBoardFacts({
    track: { type: state.about.type, priority: state.about.priority },
    spec: {
      text: specText,
      requirements: items(spec.requirements),
      acceptance: items(spec.acceptance),
      outOfScope: items(spec.outOfScope),
    },
    ...(state.plan && {
      plan: {
        text: await textOf(engine, state.plan.text),
        revision: state.plan.revision,
        tasks: [...state.plan.tasks.values()].map(({ task }) => task),
      },
    }),
    texts: state.loop.step === 'EVALUATE_EXECUTION' ? await workTexts(session) : [],
  });
}

async function workTexts({ engine, state }: TrackSession): Promise<{ name: string; text: string }[]> {
  const files = new Set([...(state.plan?.tasks.values() ?? [])].flatMap(({ task }) => task.files));
  const texts: { name: string; text: string }[] = [];
  for (const name of [...files].sort().slice(0, engine.limits.contextFiles)) {
    const bytes = /[*?[\]{}]|\/$/u.test(name) ? undefined : await engine.workspace.read(name);
    if (bytes && bytes.length <= engine.limits.contextTrimBytes)
      texts.push({ name, text: new TextDecoder().decode(bytes) });
  }
  return texts;
}
