import type { Finding } from '@conductor/core';
import { businessDocument } from '@conductor/core/business';
import type { TrackSession } from '../run/track-session.js';

/**
 * A track that changed a source of truth of the business has to say so: the flag is checked here, the documents are
 * synchronised later (C-56). What a task names and did counts, as nothing else tells whose change it is.
 */
export function missingFlag({ engine, state }: Pick<TrackSession, 'engine' | 'state'>): readonly Finding[] {
  if (state.loop.businessSync) return [];
  const done = [...(state.plan?.tasks.values() ?? [])].filter(({ status }) => status === 'done');
  return done.flatMap(({ task }) =>
    task.files
      .filter((path) => businessDocument(path, engine.folder)?.tier === 1)
      .map((path) => ({
        severity: 'error' as const,
        code: 'BUSINESS_FLAG_MISSING',
        item: task.id,
        path,
        message: `Task ${task.id} changed ${path}, a source of truth of the business docs, and nobody flagged it`,
        hint: 'Answer {"businessSyncRequired": true, "businessSyncReason": "<what was decided>"}.',
      })),
  );
}
