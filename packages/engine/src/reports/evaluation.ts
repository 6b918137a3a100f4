import { formatEvaluationReport } from '@conductor/core/files';
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
  const prefix = `${state.id}/${step}/${visit}/`;
  const gates = events
    .filter(({ type }) => type === 'evaluation.reported')
    .map(({ data }) => data as unknown as Reported) // our own payload of that type
    .filter(({ effect }) => effect.startsWith(prefix));
  const board = events.findLast(({ type, seq }) => type === 'board.concluded' && seq < closed.seq);
  return formatEvaluationReport({
    kind: step === 'EVALUATE_PLAN' ? 'plan' : 'execution',
    trackId: state.id,
    date: closed.at,
    visit,
    verdict: closed.type === 'step.passed' ? 'PASS' : 'FAIL',
    gates: gates.map(({ evaluator, verdict, findings }) => ({ evaluator, verdict, findings })),
    ...(board && { board: board.data as unknown as { verdict: string; summary: string; conditions: string[] } }),
  });
}

function stepOf(data: EventEnvelope['data']): string {
  return String((data as { step?: unknown }).step);
}
