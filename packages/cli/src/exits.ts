import { errorCodeInfo } from '@conductor/core';
import type { StopReason, Track } from '@conductor/core/api';

/** 0 ok, 1 negative result, 2 usage, 3 missing, 4 blocked or awaiting, 5 conflict or held, 10 internal, 130 interrupted. */
export function exitOfError(code: string): number {
  return errorCodeInfo(code).exit;
}

const exits: Readonly<Record<StopReason, number>> = {
  completed: 0,
  awaiting: 4,
  blocked: 4,
  paused: 4,
  budget: 4,
  cancelled: 1,
  stopped: 0,
  error: 1,
};

/** The exit of a run: by where the track stands, not by how the process felt about it. */
export function exitOfRun({ lifecycle, lastStop = 'error' }: Pick<Track, 'lifecycle' | 'lastStop'>): number {
  if (lifecycle === 'completed') return 0;
  return lifecycle === 'failed' || lifecycle === 'cancelled' ? 1 : exits[lastStop];
}
