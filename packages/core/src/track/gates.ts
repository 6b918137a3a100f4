import { roleEffect } from './effects.js';
import type { EffectResult, TrackState } from './model.js';

/** Gates that a board holds: `board:full`, `board:quick`. */
export const isBoardGate = (gate: string) => gate.startsWith('board:');

/** What a gate answered in the current visit; whatever its form, a step has one board. */
export function gateResult(state: TrackState, gate: string): EffectResult | undefined {
  const { step, visits } = state.loop;
  return state.results.get(roleEffect(state.id, step, visits[step], isBoardGate(gate) ? 'board' : gate));
}

/**
 * What the gates of the current visit say together. `pass` needs an answer of each, a PASS of at least one and a FAIL of
 * none: where nothing could be judged, nothing has passed. Work that was reopened since its gates looked fails as well.
 */
export function gateVerdict(state: TrackState): 'open' | 'pass' | 'fail' {
  const verdicts = state.loop.asks.flat().map((gate) => gateResult(state, gate)?.verdict);
  if (verdicts.includes('FAIL')) return 'fail';
  if (verdicts.includes(undefined)) return 'open';
  const reopened = state.loop.step === 'EVALUATE_EXECUTION' && (state.plan?.open ?? 0) > 0;
  return verdicts.includes('PASS') && !reopened ? 'pass' : 'fail';
}
