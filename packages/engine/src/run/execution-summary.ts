import type { TrackState } from '@conductor/core';
import { readSyncFlag } from '@conductor/core/business';
import type { EventEnvelope, Json } from '@conductor/core/ports';

/**
 * What EXECUTE came to, in the published words: tasks, what was found and not done, and whether the business documents have to
 * follow, why, and which. From what is on record; O(events of the track).
 */
export function executionSummary(state: TrackState, events: readonly EventEnvelope[]): ExecutionSummary {
  const tasks = [...(state.plan?.tasks.values() ?? [])];
  const flags = events
    .filter(({ type }) => type === 'task.reported')
    .map(({ data }) => data as unknown as { readonly summary: string; readonly answer?: Json }) // our own payload of that type
    .map(({ answer, summary }) => readSyncFlag(answer, summary))
    .filter(({ required }) => required);
  const tasksCompleted = tasks.filter(({ status }) => status === 'done').length;
  const blocked = tasks.filter(({ status }) => status === 'blocked' || status === 'failed').map(({ task }) => task.id);
  const reasons = unique(flags.flatMap(({ reason }) => reason ?? []));
  const documents = unique(flags.flatMap((flag) => flag.documents));
  const discovered = state.discovered.map(({ description }) => description);
  const notes = [
    `Tasks Completed: ${tasksCompleted}/${tasks.length}`,
    ...(blocked.length > 0 ? [`Blocked: ${blocked.join(', ')}`] : []),
    ...(discovered.length > 0 ? [`Discovered Work: ${discovered.length}`] : []),
    `Business Doc Sync Required: ${flags.length > 0 ? 'Yes' : 'No'}`,
    ...(reasons.length > 0 ? [`Reason: ${reasons.join('; ')}`] : []),
    ...(documents.length > 0 ? [`Documents: ${documents.join(', ')}`] : []),
  ].join('\n');
  return {
    tasksCompleted,
    tasksTotal: tasks.length,
    businessSyncRequired: flags.length > 0,
    businessReasons: reasons,
    businessDocuments: documents,
    notes,
  };
}

/** Facts of the EXECUTE checkpoint; `notes` is the summary as people read it. */
export type ExecutionSummary = {
  readonly tasksCompleted: number;
  readonly tasksTotal: number;
  readonly businessSyncRequired: boolean;
  readonly businessReasons: readonly string[];
  readonly businessDocuments: readonly string[];
  readonly notes: string;
};

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].slice(0, 50);
}
