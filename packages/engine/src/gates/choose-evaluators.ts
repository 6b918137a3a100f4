import type { Track } from '@conductor/core/api';
import type { AppliesTo, EvaluatorDefinition } from '@conductor/core/plugin';
import { textOf } from '../load.js';
import type { TrackSession } from '../run/track-session.js';
import { trackView } from '../api/track-view.js';

const fallback = 'eval-code-quality';

/** All evaluators that fit type, words or `when`; none that names the track: the one for code quality (C-53). */
export async function chooseEvaluators({ engine, state }: TrackSession): Promise<readonly string[]> {
  const words = `${state.about.name}\n${await textOf(engine, state.about.spec)}`;
  const view = trackView(state);
  const chosen = engine.evaluators.filter(({ definition }) => fits(definition, view, words)).map(({ id }) => id);
  return chosen.length > 0 || !engine.evaluators.some(({ id }) => id === fallback) ? chosen : [fallback];
}

function fits({ appliesTo }: EvaluatorDefinition, track: Track, words: string): boolean {
  if (appliesTo === undefined) return true;
  if (isList(appliesTo)) return appliesTo.includes(track.type);
  return (
    appliesTo.types?.includes(track.type) === true ||
    appliesTo.keywords?.some((keyword) => hasWord(words, keyword)) === true ||
    appliesTo.when?.(track) === true
  );
}

const isList = (value: AppliesTo): value is readonly string[] => Array.isArray(value);

/** Whole words, any case; the keyword is a text, never a pattern. */
function hasWord(text: string, keyword: string): boolean {
  const escaped = keyword.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
  return new RegExp(String.raw`(?<![\p{L}\p{N}_])${escaped}(?![\p{L}\p{N}_])`, 'iu').test(text);
}
