import type { Finding, Step } from '@conductor/core';
import type { EventEnvelope } from '@conductor/core/ports';

/** What one gate of an evaluation said last. */
export interface GateOnRecord {
  readonly step: 'EVALUATE_PLAN' | 'EVALUATE_EXECUTION';
  readonly gate: string;
  readonly verdict: 'PASS' | 'FAIL' | 'NA';
  readonly findings: readonly Finding[];
}

const evaluations: readonly Step[] = ['EVALUATE_PLAN', 'EVALUATE_EXECUTION'];

interface Reported {
  readonly effect: string;
  readonly evaluator: string;
  readonly verdict: GateOnRecord['verdict'];
  readonly findings: readonly Finding[];
}

/** The gates of the last visit of each evaluation that has been entered, the board's among them. O(events of the track). */
export function gatesOnRecord(trackId: string, events: readonly EventEnvelope[]): readonly GateOnRecord[] {
  const found: GateOnRecord[] = [];
  for (const step of evaluations as readonly GateOnRecord['step'][]) {
    const begun = events.findLast(
      ({ type, data }) => type === 'step.started' && (data as { step?: string }).step === step,
    );
    if (!begun) continue;
    const { visit } = begun.data as unknown as { visit: number }; // our own payload of that type
    const prefix = `${trackId}/${step}/${visit}/`;
    for (const { type, data, seq } of events) {
      const report = data as unknown as Reported; // our own payload of that type
      if (type === 'evaluation.reported' && report.effect.startsWith(prefix))
        found.push({ step, gate: report.evaluator, verdict: report.verdict, findings: report.findings });
      if (type === 'board.concluded' && seq > begun.seq && isNext(events, step, seq)) found.push(board(step, data));
    }
  }
  return found;
}

/** A board belongs to the evaluation that was open when it concluded. */
function isNext(events: readonly EventEnvelope[], step: string, seq: number): boolean {
  const open = events.findLast(({ type, seq: at }) => type === 'step.started' && at < seq);
  return (open?.data as { step?: string } | undefined)?.step === step;
}

function board(step: GateOnRecord['step'], data: EventEnvelope['data']): GateOnRecord {
  const { verdict } = data as unknown as { verdict: string }; // our own payload of that type
  const passed = verdict.startsWith('APPROVED');
  const findings: readonly Finding[] = passed
    ? []
    : [{ severity: 'error', code: 'BOARD_REJECTED', message: `The board has decided: ${verdict}` }];
  return { step, gate: 'board', verdict: passed ? 'PASS' : 'FAIL', findings };
}

/** Gates that passed, in words. */
export function passedGates(trackId: string, events: readonly EventEnvelope[]): readonly string[] {
  return gatesOnRecord(trackId, events)
    .filter(({ verdict }) => verdict === 'PASS')
    .map(({ step, gate }) => `${step}: ${gate}`);
}
