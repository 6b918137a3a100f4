import { toConductorError } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { Artifacts, Content, Logger, Outcome } from '@conductor/core/ports';
import { contentOf } from '../load.js';

export interface TranscriptParts {
  /** Those that the engine reads as well; absent: the machines share only the log. */
  readonly artifacts: Artifacts | undefined;
  readonly limits: Limits;
  readonly logger: Logger;
}

/**
 * What the agent printed, as it travels with the report: whole, a long one as an artifact. Where machines share none, and when
 * it could not be put, the end of it: a log is no place for megabytes, and no work is lost for want of what was said meanwhile.
 */
export async function travellingTranscript(
  { artifacts, limits, logger }: TranscriptParts,
  { transcript }: Outcome,
): Promise<Content | undefined> {
  if (!transcript || !('text' in transcript) || transcript.text.length <= limits.inlineBytes) return transcript;
  try {
    if (artifacts) return await contentOf({ artifacts, limits }, transcript.text, 'text/plain');
  } catch (error) {
    const { code, message } = toConductorError(error);
    logger.warn('Of a transcript only the end is kept', { error: `${code}: ${message}` });
  }
  return { text: `…\n${transcript.text.slice(-limits.inlineBytes)}` };
}
