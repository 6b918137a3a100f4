import type { ProcessRecord } from '@conductor/core/ports';
import type { TrackSession } from './track-session.js';

/** Puts a process group on record before its command may begin: whoever finds this effect open after a crash ends it (R19). */
export function processRecorder(session: TrackSession, effect: string): (process: ProcessRecord) => Promise<void> {
  const runId = session.engine.ids.id('run');
  return async (process) =>
    void (await session.execute([{ name: 'process.record', data: { effect, runId, process } }]));
}
