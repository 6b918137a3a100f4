import type { Action, Finding, TrackCommand } from '@conductor/core';
import type { Json, Usage } from '@conductor/core/ports';
import type { TrackSession } from '../run/track-session.js';

/** What a gate of an evaluation step found. */
export interface GateResult {
  readonly verdict: 'PASS' | 'FAIL' | 'NA';
  readonly findings: readonly Finding[];
  readonly evidence: readonly Json[];
  readonly passes?: Json;
  /** Hash of what was looked at: a result counts only for the input it saw. */
  readonly inputHash?: string;
  readonly usage?: Usage;
  /** Further facts of the same commit. */
  readonly commands?: readonly TrackCommand[];
}

export interface Gate {
  readonly id: string;
  run(session: TrackSession, ask: Extract<Action, { do: 'ask' }>, signal: AbortSignal): Promise<GateResult>;
}
