import { later } from './paper-track.js';
import type { Flight, PaperTrack } from './paper-track.js';
import { planned, planOf } from './track-facts.js';

/** Somebody begins to work at a task. */
export function begin(paper: PaperTrack, taskId: string, runId: string): void {
  paper.command({ name: 'task.start', data: { taskId, runId, executor: 'worker', files: [], isolation: 'shared' } });
  paper.flights.set(runId, { kind: 'task', taskId, runId });
}

function endTask(paper: PaperTrack, { taskId, runId }: Extract<Flight, { kind: 'task' | 'wait' }>): void {
  if (paper.state.plan?.tasks.get(taskId)?.runId !== runId) return;
  const outcome = paper.choose(`task ${taskId}`, [
    'report',
    'complete',
    'flag',
    'fail',
    'fail-later',
    'block',
    'question',
    'leaseLost',
  ]);
  if (outcome === 'report' || outcome === 'flag')
    paper.command({
      name: 'task.report',
      data: { taskId, runId, summary: 'done', changed: [], answer: { businessSyncRequired: outcome === 'flag' } },
    });
  else if (outcome === 'complete')
    paper.command({ name: 'task.complete', data: { taskId, runId, files: [], summary: 'done' } });
  else if (outcome.startsWith('block'))
    paper.command({
      name: 'task.block',
      data: { taskId, runId, reason: outcome.slice('block '.length) || 'impossible' },
    });
  else if (outcome.startsWith('fail'))
    paper.command({
      name: 'task.fail',
      data: {
        taskId,
        runId,
        reason: 'EXECUTOR_ERROR',
        message: 'no',
        ...(outcome === 'fail-later' && { retryAt: later }),
      },
    });
  else paper.command({ name: 'task.interrupt', data: { taskId, runId, reason: outcome } });
}

function endEffect(paper: PaperTrack, { effect, role }: Extract<Flight, { kind: 'effect' }>): void {
  if (!paper.state.effects.has(effect)) return;
  const verdicts =
    role === 'structural' && (paper.state.plan?.open ?? 0) > 0
      ? ['FAIL']
      : role === 'scribe'
        ? ['PASS']
        : ['PASS', 'NA', 'FAIL'];
  const outcome = paper.choose(`ask ${role}`, [
    ...(role === 'planner' ? ['plan'] : verdicts),
    'retry',
    'retry-later',
    'give-up',
  ]);
  if (outcome === 'plan') paper.command({ name: 'plan.submit', data: { ...planOf(...paper.planned), effect } });
  else if (outcome === 'PASS' || outcome === 'NA' || outcome === 'FAIL')
    paper.command({
      name: 'evaluation.report',
      data: { visit: 1, evaluator: role, effect, verdict: outcome, findings: [], evidence: [] },
    });
  else
    paper.command({
      name: 'effect.fail',
      data: {
        effect,
        reason: 'EXECUTOR_ERROR',
        message: 'no',
        retryable: outcome !== 'give-up',
        ...(outcome === 'retry-later' && { retryAt: later }),
      },
    });
}

/** One of those at work ends, as it is chosen. */
export function land(paper: PaperTrack): void {
  const keys = [...paper.flights.keys()];
  const key = paper.choose('lands first', keys);
  const flight = paper.flights.get(key);
  if (!flight) throw new Error(`Waiting for nothing at ${paper.state.loop.step} / ${paper.state.loop.status}`);
  paper.flights.delete(key);
  if (flight.kind === 'effect') endEffect(paper, flight);
  else if (flight.kind === 'task') endTask(paper, flight);
  else if (paper.state.plan?.waiting.has(flight.taskId)) begin(paper, flight.taskId, flight.runId);
}

/** The fix tasks that a fixing step adds to the plan. */
export function addFixes(paper: PaperTrack): void {
  const kept = [...(paper.state.plan?.tasks.values() ?? [])].map(({ task, status }) =>
    planned(task.id, { dependsOn: [...task.dependsOn], ...(status === 'done' && { state: 'done' }) }),
  );
  const count = Number(paper.choose('fixes', ['1', '0', '2']));
  const fixes = Array.from({ length: count }, (_, index) => planned(`Fix ${kept.length + index + 1}`));
  const plan = planOf(...kept, ...fixes);
  paper.command({
    name: 'plan.edit',
    data: { ...plan, textHash: paper.mint('text'), base: paper.state.plan?.revision ?? 0, ops: [], cause: 'fix' },
  });
}
