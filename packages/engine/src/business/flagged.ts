import { impactsOf, readSyncFlag, triggerOf } from '@conductor/core/business';
import type { Json } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { readStream } from '../load.js';
import type { SyncCause } from './sync-documents.js';

interface Reported {
  readonly summary: string;
  readonly answer?: Json;
}

const maxReasons = 20;

/** What the workers of a track flagged, and what that means for the business. O(events of the track). */
export async function flaggedDecisions({ store }: Pick<EngineContext, 'store'>, trackId: string): Promise<SyncCause> {
  const reasons: string[] = [];
  const texts: string[] = [];
  for (const { type, data } of await readStream(store, `track/${trackId}`)) {
    if (type !== 'task.reported') continue;
    const { summary, answer } = data as unknown as Reported; // our own payload of that type
    const flag = readSyncFlag(answer, summary);
    if (!flag.required) continue;
    reasons.push(flag.reason ?? firstLine(summary));
    texts.push(flag.reason ?? '', summary, ...flag.documents);
  }
  const impacts = impactsOf(texts);
  return { trigger: triggerOf(impacts), impacts, reasons: [...new Set(reasons)].slice(0, maxReasons) };
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0]?.trim() ?? '';
}
