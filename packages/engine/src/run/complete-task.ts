import type { TrackCommand } from '@conductor/core';
import { phaseReport } from '../reports/phase-report.js';
import { completedPhase } from './phase.js';
import { endTask } from './record-outcome.js';
import type { TrackSession } from './track-session.js';

/** Records a finished task, and its phase when it was the last one of it. */
export async function completeTask(
  session: TrackSession,
  taskId: string,
  runId: string,
  files: readonly string[],
  sha: string | undefined,
): Promise<void> {
  const task = session.state.plan?.tasks.get(taskId);
  const complete: TrackCommand = {
    name: 'task.complete',
    data: { taskId, runId, files: [...files], summary: task?.note ?? '', ...(sha !== undefined && { commit: sha }) },
  };
  await endTask(session, runId, complete);
  const phase = task && completedPhase(session.state, task.task.phase);
  if (!phase) return;
  const report = await phaseReport(session, phase.phase);
  await session.execute([{ name: 'phase.complete', data: { ...phase, ...report } }]);
}
