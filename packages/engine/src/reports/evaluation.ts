import { formatEvaluationReport, formatEvaluationSection } from '@conductor/core/files';
import type { EvaluationReport } from '@conductor/core/files';
import type { Finding, Step, TrackState } from '@conductor/core';
import type { EventEnvelope } from '@conductor/core/ports';

interface Reported {
  readonly effect: string;
  readonly evaluator: string;
  readonly verdict: 'PASS' | 'FAIL' | 'NA';
  readonly findings: readonly Finding[];
}

/** The report of the last evaluation that ended, plan or execution; rendered from what is on record. */
export function evaluationReport(state: TrackState, events: readonly EventEnvelope[]): string | undefined {
  const closed = events.findLast(
    ({ type, data }) => (type === 'step.passed' || type === 'step.failed') && stepOf(data).startsWith('EVALUATE'),
  );
  if (!closed) return undefined;
  const { step, visit } = closed.data as unknown as { step: Step; visit: number }; // our own payload of that type
  const verdict = closed.type === 'step.passed' ? 'PASS' : 'FAIL';
  return formatEvaluationReport(
    reportOf(state, { step, visit, verdict, date: closed.at }, events.slice(0, events.indexOf(closed))),
  );
}

interface Evaluated {
  readonly step: Step;
  readonly visit: number;
  readonly verdict: EvaluationReport['verdict'];
  readonly date: string;
}

/** The short form for plan.md of an evaluation that is about to end. */
export function evaluationSection(state: TrackState, ended: Evaluated, events: readonly EventEnvelope[]): string {
  return formatEvaluationSection(reportOf(state, ended, events));
}

function reportOf(
  state: TrackState,
  { step, visit, verdict, date }: Evaluated,
  events: readonly EventEnvelope[],
): EvaluationReport {
  const prefix = `${state.id}/${step}/${visit}/`;
  const gates = events
    .filter(({ type }) => type === 'evaluation.reported')
    .map(({ data }) => data as unknown as Reported) // our own payload of that type
    .filter(({ effect }) => effect.startsWith(prefix));
  const board = events.findLast(({ type }) => type === 'board.concluded');
  return {
    kind: step === 'EVALUATE_PLAN' ? 'plan' : 'execution',
    trackId: state.id,
    date,
    visit,
    verdict,
    gates: gates.map(({ evaluator, verdict: found, findings }) => ({ evaluator, verdict: found, findings })),
    ...(board && { board: board.data as unknown as { verdict: string; summary: string; conditions: string[] } }),
  };
}

function stepOf(data: EventEnvelope['data']): string {
  return String((data as { step?: unknown }).step);
}
