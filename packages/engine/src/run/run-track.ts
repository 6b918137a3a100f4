import { ConductorError, nextAction } from '@conductor/core';
import type { Action } from '@conductor/core';
import { askRole } from './ask-role.js';
import { applyDecision, escalate } from './escalate.js';
import { closeStep } from './close-step.js';
import { finishPart } from './finish-part.js';
import { holdBoard } from './hold-board.js';
import { recoverEffect } from './recover-effect.js';
import { settleTask } from './settle-task.js';
import { startStep } from './start-step.js';
import { startTasks } from './start-tasks.js';
import { stopRun } from './stop-run.js';
import type { TrackSession } from './track-session.js';
import { waitForEffects } from './wait-for-effects.js';

type Performers = {
  readonly [D in Action['do']]: (session: TrackSession, action: Extract<Action, { do: D }>) => Promise<void>;
};

/** Which part of the shell performs an action. A table, no rules: what to do is asked of the state. */
const performers: Performers = {
  start: startStep,
  ask: askRole,
  work: startTasks,
  settle: settleTask,
  recover: recoverEffect,
  board: holdBoard,
  apply: applyDecision,
  close: closeStep,
  escalate,
  finish: finishPart,
  wait: waitForEffects,
  await: (session, { approvals }) => stopRun(session, { reason: 'awaiting', waitingFor: [...approvals] }),
  stop: (session, { reason }) => stopRun(session, { reason }),
  none: async () => {},
};

/**
 * THE loop: ask, perform (which decides and appends), until nothing is owed. It holds no rules; a run that crashed is
 * resumed by loading the state and asking again. Rejects when a performer does, and with FENCED when the log says that
 * another run holds the track: what that one owes is not ours to do. The caller ends the run.
 */
export async function runTrack(session: TrackSession): Promise<void> {
  const epoch = session.state.run?.epoch;
  const [drained, performed] = [notOvertaken(session), notOvertaken(session)]; // each counts its own
  for (;;) {
    if (!(await drained(() => session.drain()))) continue;
    if (session.state.run?.epoch !== epoch)
      throw new ConductorError('FENCED', `Another engine has taken over track ${session.id}`);
    if (session.state.run?.stopped !== undefined) return;
    if (session.stopRequested) return stopRun(session, { reason: 'stopped' });
    const action = nextAction(session.state);
    if (action.do === 'none') throw new ConductorError('INVALID_STATE', `Track ${session.id}: ${action.because}`);
    const perform = performers[action.do] as (s: TrackSession, a: Action) => Promise<void>; // keyed by the action itself
    const done = await performed(() => perform(session, action));
    if (done && (action.do === 'stop' || action.do === 'await')) return; // its lease is given back: what comes next is another run's
  }
}

/**
 * False: a person spoke between the question and the answer (a pause, a mark, an edit), so that what was owed is owed no
 * more. The state has been read again; asking it again is all there is to do, `decideRetries` times in a row.
 */
function notOvertaken(session: TrackSession): (work: () => Promise<void>) => Promise<boolean> {
  let inARow = 0;
  return async (work) => {
    const { version } = session.state;
    try {
      await work();
      inARow = 0;
      return true;
    } catch (error) {
      inARow += 1;
      if (!ConductorError.is(error, 'INVALID_STATE') || inARow > session.engine.limits.decideRetries) throw error;
      await session.refresh();
      if (session.state.version === version) throw error;
      return false;
    }
  };
}
