import { instant, roleEffect } from '@conductor/core';
import type { Action, Finding, Step, TrackCommand } from '@conductor/core';
import type { Json } from '@conductor/core/ports';
import { loadBoard, readStream } from '../load.js';
import { evaluationSection } from '../reports/evaluation.js';
import { executionSummary } from './execution-summary.js';
import { planEdit } from './plan-edit.js';
import type { TrackSession } from './track-session.js';

/** Closes a step from what is on record; `decide` reads off the table where it leads. */
export async function closeStep(
  session: TrackSession,
  { step, visit, outcome }: Extract<Action, { do: 'close' }>,
): Promise<void> {
  const facts = await stepFacts(session);
  const data = { step, visit, ...(facts !== undefined && { facts }) };
  const close: TrackCommand =
    outcome === 'pass'
      ? { name: 'step.pass', data }
      : { name: 'step.fail', data: { ...data, findings: [...(await findingsOf(session, visit))] } };
  await session.execute([...(await reportInPlan(session, step, visit, outcome)), close]);
  await session.engine.views.flush(session.id);
  await session.refresh(); // what people changed in the files counts for the next step
}

/** Other programs tell how far a track is by the short report in its plan (C-36). */
async function reportInPlan(
  session: TrackSession,
  step: Step,
  visit: number,
  outcome: 'pass' | 'fail',
): Promise<readonly TrackCommand[]> {
  if (step !== 'EVALUATE_PLAN' && step !== 'EVALUATE_EXECUTION') return [];
  const { engine, state } = session;
  const ended = {
    step,
    visit,
    verdict: outcome === 'pass' ? 'PASS' : 'FAIL',
    date: instant(engine.clock.now()),
  } as const;
  const markdown = evaluationSection(state, ended, await readStream(engine.store, `track/${state.id}`));
  return planEdit(session, [{ do: 'appendReport', markdown }], 'report');
}

/** All errors and warnings of this visit, gate by gate; a rejecting board speaks through its concerns. */
async function findingsOf(session: TrackSession, visit: number): Promise<readonly Finding[]> {
  const { engine, state } = session;
  const { step, boardId } = state.loop;
  const events = await readStream(engine.store, `track/${state.id}`);
  const findings: Finding[] = [];
  for (const { type, data } of events) {
    if (type !== 'evaluation.reported') continue;
    const report = data as unknown as { effect: string; verdict: string; findings: Finding[] }; // our own payload of that type
    if (report.effect.startsWith(`${state.id}/${step}/${visit}/`) && report.verdict === 'FAIL')
      findings.push(...report.findings);
  }
  for (const { data } of events.filter(({ type }) => type === 'effect.failed')) {
    const failed = data as unknown as { effect: string; reason: string; message: string; final: boolean }; // our own payload of that type
    if (failed.final && failed.effect.startsWith(`${state.id}/${step}/${visit}/`)) {
      findings.push({ severity: 'error', code: failed.reason, message: failed.message });
    }
  }
  const rejected =
    boardId !== undefined && state.results.get(roleEffect(state.id, step, visit, 'board'))?.verdict === 'FAIL';
  if (rejected) findings.push(...(await boardFindings(session, boardId)));
  return findings.slice(0, state.policy.limits.maxFindings);
}

async function boardFindings({ engine }: TrackSession, boardId: string): Promise<readonly Finding[]> {
  const { assessments } = await loadBoard(engine.store, boardId);
  return [...assessments]
    .filter(([, { value }]) => value.verdict === 'REJECT')
    .map(([director, { value }]) => ({
      severity: 'error',
      code: 'BOARD_REJECTED',
      item: director,
      message: `${director} rejects: ${value.concerns.join('; ')}`,
      hint: value.recommendations.join('; '),
    }));
}

/** What `metadata.json` shows of a step beside its status. */
async function stepFacts({ engine, state }: TrackSession): Promise<Json | undefined> {
  const { step, visits, planRevisions, fixCycles } = state.loop;
  const tasks = [...(state.plan?.tasks.values() ?? [])];
  const done = tasks.filter(({ status }) => status === 'done');
  const verdicts = [...state.results].map(([effect, { verdict }]) => ({
    gate: effect.split('/').slice(3).join('/'),
    verdict,
  }));
  switch (step) {
    case 'PLAN':
      return { planVersion: planRevisions + 1 };
    case 'EVALUATE_PLAN':
    case 'EVALUATE_EXECUTION':
      return { verdicts, visit: visits[step] };
    case 'EXECUTE':
      return executionSummary(state, await readStream(engine.store, `track/${state.id}`));
    case 'FIX':
      return {
        cycle: fixCycles,
        fixed: done.filter(({ task }) => task.id.startsWith('Fix ')).map(({ task }) => task.id),
      };
    default:
      return undefined;
  }
}
