import { ConductorError } from '@conductor/core';
import type { Finding } from '@conductor/core';
import type { Json, Outcome } from '@conductor/core/ports';
import { roleAssignment } from '../run/assignment.js';
import { runExecutor } from '../run/run-executor.js';
import type { Gate } from './gate.js';

/**
 * A second opinion played by an agent: critic or CTO. It may find fault; its PASS counts as NA, because nobody's word
 * alone is evidence.
 */
export function judgeGate(role: 'critic' | 'cto'): Gate {
  return {
    id: role,
    async run(session, { effect }, signal) {
      const executor = session.engine.agents.for(role);
      if (!executor)
        throw new ConductorError('EXECUTOR_MISSING', `Nobody was handed in as ${role}`, { details: { role } });
      const outcome = await runExecutor(session, executor, await roleAssignment(session, role, effect), signal);
      if (outcome.status !== 'done') {
        throw ConductorError.fromJSON(
          outcome.error ?? { code: 'EXECUTOR_ERROR', message: outcome.summary, retryable: true },
        );
      }
      return { ...verdict(outcome), evidence: [], ...(outcome.usage && { usage: outcome.usage }) };
    },
  };
}

function verdict({ answer, summary }: Outcome): { verdict: 'FAIL' | 'NA'; findings: readonly Finding[] } {
  const record = (typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? answer : {}) as Readonly<
    Record<string, Json>
  >; // an object that is no list
  const findings = (Array.isArray(record['findings']) ? record['findings'] : [])
    .slice(0, 200)
    .map((text: Json): Finding => ({
      severity: record['verdict'] === 'FAIL' ? 'error' : 'warning',
      message: typeof text === 'string' ? text : JSON.stringify(text),
    }));
  if (record['verdict'] !== 'FAIL') return { verdict: 'NA', findings };
  return { verdict: 'FAIL', findings: findings.length > 0 ? findings : [{ severity: 'error', message: summary }] };
}
