import { ConductorError } from '@conductor/core';
import type { Assignment, Outcome } from '@conductor/core/ports';
import { failedOutcome, failedWith, outcomeOf } from '../answer.js';
import type { parseAnswer } from '../answer.js';
import { oneLine } from '../plain-text.js';
import type { SpokenVerdict } from './spoken-verdict.js';

/** How a call of an agent of the published families ended, and what it said. */
export interface AgentEnd {
  readonly agent: string;
  /** `null` after a signal. */
  readonly exitCode: number | null;
  readonly signal?: string | null | undefined;
  /** The last one-line JSON of its output. */
  readonly answer?: ReturnType<typeof parseAnswer>;
  /** What its words say where there is no JSON. */
  readonly spoken?: SpokenVerdict | undefined;
  /** Its checkpoint in `metadata.json`. */
  readonly checkpoint?: string | undefined;
  /** End of its output. */
  readonly tail: string;
}

/**
 * The outcome of an agent by its exit code, passed through: 0 counts by its verdict (the one-line JSON, else its words, in
 * doubt its checkpoint), 1 is a failure, 2 and 3 are a wrong call that only a person can mend, 4 waits for a dependency. What
 * is none of these is a failure as well.
 */
export function agentOutcome(end: AgentEnd, role: Assignment['role']): Outcome {
  switch (end.exitCode) {
    case 0:
      return succeeded(end, role);
    case 2:
      return { ...wrongCall('VALIDATION_FAILED', end, 'a parameter is missing'), exitCode: 2 };
    case 3:
      return { ...wrongCall('FILE_NOT_FOUND', end, 'a file is missing'), exitCode: 3 };
    case 4:
      return { status: 'blocked', summary: told(end, 'blocked by a dependency'), exitCode: 4 };
    default:
      return failure(end, role);
  }
}

/** A call that could not even begin, by the code that the agent itself would have ended with. */
export function refusedCall(error: unknown): Outcome {
  const code = ConductorError.is(error) ? error.code : undefined;
  if (code === 'FILE_NOT_FOUND') return { ...failedWith(error), exitCode: 3 };
  return code === 'VALIDATION_FAILED' || code === 'PATH_UNSAFE'
    ? { ...failedWith(error), exitCode: 2 }
    : failedWith(error);
}

function succeeded(end: AgentEnd, role: Assignment['role']): Outcome {
  const { agent, answer, spoken, checkpoint } = end;
  if (answer !== undefined) return byVerdict(outcomeOf(answer, role), answer['verdict'], agent);
  if (spoken?.status === 'done') return { status: 'done', summary: spoken.line, exitCode: 0 };
  if (spoken?.status === 'blocked') return { status: 'blocked', summary: spoken.line };
  if (spoken) return failedOutcome('EXECUTOR_ERROR', `${agent}: ${spoken.line}`);
  // Files decide in doubt.
  if (checkpoint === 'PASSED')
    return { status: 'done', summary: `${agent} said nothing; its checkpoint reads PASSED`, exitCode: 0 };
  return failedOutcome('EXECUTOR_NO_OUTCOME', `${agent} ended without a verdict`, {
    hint: 'Print {"verdict":"PASS","summary":"…"} as the last line.',
  });
}

/** These agents do work: whatever their role, a FAIL is a failure and not an opinion. */
function byVerdict(outcome: Outcome, verdict: unknown, agent: string): Outcome {
  if (outcome.status !== 'done' || verdict === undefined) return { ...outcome, ...exitOf(outcome) };
  const word = typeof verdict === 'string' ? verdict.toUpperCase() : '';
  if (word === 'PASS' || word === 'PASSED') return { ...outcome, exitCode: 0 };
  if (word === 'BLOCKED') return { status: 'blocked', summary: outcome.summary };
  if (word === 'FAIL' || word === 'FAILED' || word === 'ERROR')
    return failedOutcome('EXECUTOR_ERROR', `${agent}: ${outcome.summary}`);
  return failedOutcome('ANSWER_INVALID', `${agent} gave the verdict ${JSON.stringify(verdict).slice(0, 100)}`, {
    hint: 'A verdict is PASS, FAIL or BLOCKED.',
  });
}

function exitOf({ status }: Outcome): Pick<Outcome, 'exitCode'> {
  return status === 'done' ? { exitCode: 0 } : {};
}

function wrongCall(code: 'VALIDATION_FAILED' | 'FILE_NOT_FOUND', end: AgentEnd, what: string): Outcome {
  return failedWith(new ConductorError(code, told(end, what), { retryable: false }));
}

/** A step's agent has tried as often as it was told: its step has failed. A task has its attempts. */
function failure(end: AgentEnd, role: Assignment['role']): Outcome {
  const how = end.exitCode === null ? `was ended by ${end.signal ?? 'a signal'}` : 'failed';
  const retryable = end.exitCode !== 1 || role === 'worker' || role === 'fixer';
  const failed = failedOutcome('EXECUTOR_ERROR', told(end, how), { retryable });
  return end.exitCode === 1 ? { ...failed, exitCode: 1 } : failed;
}

/** What happened, in the agent's own words where it has any. */
function told({ agent, exitCode, answer, spoken, tail }: AgentEnd, what: string): string {
  const own = answer?.['summary'];
  const last = tail.trimEnd().split('\n').slice(-3).join(' ');
  const words = typeof own === 'string' ? own : spoken !== undefined && spoken.status !== 'done' ? spoken.line : last;
  const code = exitCode === null ? '' : ` (exit code ${exitCode})`;
  const line = oneLine(words, 500);
  return `${agent} ${what}${code}${line === '' ? '' : `: ${line}`}`;
}
