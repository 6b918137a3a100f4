import { roleEffect } from '@conductor/core';
import type { Condition, Finding, TrackCommand } from '@conductor/core';
import { processRecorder } from '../run/record-process.js';
import type { TrackSession } from '../run/track-session.js';
import type { Gate } from './gate.js';

type Ask = Parameters<Gate['run']>[1];

/** What the board attached to its approval is looked at again: an unmet condition fails the step. */
export const conditionsGate: Gate = {
  id: 'conditions',
  async run(session, ask, signal) {
    const verified = await Promise.all(
      [...session.state.conditions.values()].map((condition) => verify(session, condition, ask, signal)),
    );
    const findings = verified
      .filter(({ met }) => !met)
      .map(({ condition, why }): Finding => ({
        severity: 'error',
        code: 'CONDITION_UNMET',
        item: condition.id,
        message: `Condition of ${condition.director} is not met: ${condition.text}`,
        hint: why,
      }));
    const commands: TrackCommand[] = verified.map(({ condition, met, why }) => ({
      name: 'condition.verify',
      data: { conditionId: condition.id, met, evidence: { why } },
    }));
    const evidence = verified.map(({ condition, met, why }) => ({
      kind: 'condition',
      condition: condition.id,
      met,
      why,
    }));
    return { verdict: findings.length > 0 ? 'FAIL' : 'PASS', findings, evidence, commands };
  },
};

async function verify(
  session: TrackSession,
  condition: Condition,
  ask: Ask,
  signal: AbortSignal,
): Promise<{ condition: Condition; met: boolean; why: string }> {
  const { kind, ref } = condition.verify;
  if (kind === 'evaluator' || kind === 'check') {
    const verdict = session.state.results.get(roleEffect(session.id, 'EVALUATE_EXECUTION', ask.visit, ref))?.verdict;
    return {
      condition,
      met: verdict === 'PASS',
      why: verdict === undefined ? `${ref} did not run` : `${ref}: ${verdict}`,
    };
  }
  if (kind === 'person') return { condition, met: false, why: 'A person has to confirm it' };
  return command(session, condition, ask, signal);
}

/** The reference of a `command` condition is a command line without shell syntax. */
async function command(
  session: TrackSession,
  condition: Condition,
  { effect }: Ask,
  signal: AbortSignal,
): Promise<{ condition: Condition; met: boolean; why: string }> {
  const { engine, state } = session;
  const [file, ...args] = condition.verify.ref.split(/\s+/u);
  if (!engine.runCommand || file === undefined || file === '')
    return { condition, met: false, why: 'Commands cannot be run here' };
  const { commandTimeoutMs: timeoutMs, tailBytes } = state.policy.limits;
  const { exitCode } = await engine.runCommand({
    file,
    args,
    cwd: engine.workspace.root,
    timeoutMs,
    tailBytes,
    spawned: processRecorder(session, effect),
    signal,
  });
  return { condition, met: exitCode === 0, why: `${condition.verify.ref}: exit ${exitCode ?? 'by signal'}` };
}
