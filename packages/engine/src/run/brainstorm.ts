import { ConductorError } from '@conductor/core';
import { formatOptions, formatRecommendation, parseOptions, parseRecommendation } from '@conductor/core/files';
import type { BrainstormOption, Recommendation } from '@conductor/core/files';
import type { Json, Outcome } from '@conductor/core/ports';
import * as z from '@conductor/core/schema';
import type { TrackSession } from './track-session.js';

const text = z.string().min(1);
/** What an agent answers when it leaves the writing to the engine. */
const Answer = z.object({
  options: z
    .array(
      z.object({
        name: text,
        description: z.string().optional(),
        pros: z.string().optional(),
        cons: z.string().optional(),
      }),
    )
    .min(1)
    .max(100),
  recommendation: z.object({ option: text, reasons: z.array(z.string()).max(100).default([]) }),
});

/** Options and recommendation as they stand in the track's folder; `null` where there is no brainstorm. */
export async function brainstormTexts(session: TrackSession): Promise<Json> {
  const [options, recommendation] = await Promise.all([read(session, 'options'), read(session, 'recommendation')]);
  return options === undefined && recommendation === undefined
    ? null
    : { options: options ?? null, recommendation: recommendation ?? null };
}

/**
 * Takes what a brainstorm led to: the files that the agent wrote, or its answer `{options, recommendation}`, which is put into
 * them. Throws `ANSWER_INVALID` when there are no options or no recommendation.
 */
export async function takeBrainstorm(session: TrackSession, { answer }: Outcome): Promise<void> {
  const given = Answer.safeParse(answer);
  if (given.success) {
    await write(session, 'options', formatOptions(given.data.options satisfies BrainstormOption[]));
    await write(session, 'recommendation', formatRecommendation(given.data.recommendation satisfies Recommendation));
    return;
  }
  const options = parseOptions((await read(session, 'options')) ?? '');
  const recommendation = parseRecommendation((await read(session, 'recommendation')) ?? '');
  if (options.length > 0 && recommendation !== undefined) return;
  throw new ConductorError('ANSWER_INVALID', 'The brainstorm gave no options, or recommends none of them', {
    hint: 'Write options.md and recommendation.md, or answer {"options": [{"name": …}], "recommendation": {"option": …, "reasons": […]}}.',
    retryable: true,
  });
}

type Name = 'options' | 'recommendation';

function pathOf({ engine, id }: TrackSession, name: Name): string {
  return `${engine.folder}/tracks/${id}/brainstorm/${name}.md`;
}

async function read(session: TrackSession, name: Name): Promise<string | undefined> {
  const { engine, state } = session;
  const bytes = await engine.workspace.read(pathOf(session, name), { maxBytes: state.policy.limits.specBytes });
  return bytes && new TextDecoder().decode(bytes);
}

/** What stands there already is somebody's: theirs stays, and what the agent said is in the log. */
async function write(session: TrackSession, name: Name, body: string): Promise<void> {
  const path = pathOf(session, name);
  if (!(await session.engine.workspace.create(path, new TextEncoder().encode(body))))
    session.engine.logger.warn(`${path} is there already and stays as it is`, { track: session.id });
}
