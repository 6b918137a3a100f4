import { ConductorError } from '@conductor/core';
import type { TrackSession } from '../run/track-session.js';
import { conditionsGate } from './conditions.js';
import type { Gate } from './gate.js';
import { judgeGate } from './judge.js';
import { planChecksGate } from './plan-checks.js';
import { evaluatorGate } from './run-evaluator.js';
import { structuralGate } from './structural.js';

const builtIn: Readonly<Record<string, Gate>> = {
  'plan-checks': planChecksGate,
  structural: structuralGate,
  conditions: conditionsGate,
  critic: judgeGate('critic'),
  cto: judgeGate('cto'),
};

/** The gate behind a name in `step.started`: a check of ours, or an evaluator of this host. */
export function gateOf({ engine }: TrackSession, name: string): Gate {
  if (Object.hasOwn(builtIn, name)) return builtIn[name] as Gate; // hasOwn above
  const evaluator = engine.evaluators.find(({ id }) => id === name);
  if (evaluator) return evaluatorGate(evaluator);
  throw new ConductorError('PLUGIN_INVALID', `The step asks for evaluator ${name}, which this host does not have`, {
    details: { plugin: name, reason: 'unknown' },
  });
}
