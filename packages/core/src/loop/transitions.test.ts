import { describe, expect, it } from 'vitest';
import { initialTrack } from '../track/initial.js';
import { steps, stepStatuses } from '../track/model.js';
import type { Step, StepStatus } from '../track/model.js';
import { transitionFor, transitions } from './transitions.js';
import type { LoopFacts } from './transitions.js';

const always = () => true;

/**
 * The published table, written down a second time and in another shape: what happens, in words, per step and status.
 * Resuming a step that was interrupted is the rule for all of them, also where the table has no line of its own.
 */
const published: readonly (readonly [
  string,
  Step | 'any',
  StepStatus | 'any',
  (facts: LoopFacts) => boolean,
  string,
])[] = [
  ['T30', 'any', 'BLOCKED', (f) => f.activeBlocker, 'escalate TRACK_BLOCKED'],
  ['T31', 'any', 'BLOCKED', (f) => !f.activeBlocker, 'reopen as NOT_STARTED'],
  ['T2', 'BRAINSTORM', 'NOT_STARTED', (f) => f.brainstorm, 'start'],
  ['T2', 'BRAINSTORM', 'IN_PROGRESS', always, 'resume'],
  ['T3', 'BRAINSTORM', 'PASSED', always, 'PLAN'],
  ['T4', 'PLAN', 'NOT_STARTED', always, 'start'],
  ['T5', 'PLAN', 'IN_PROGRESS', always, 'resume'],
  ['T6', 'PLAN', 'PASSED', always, 'EVALUATE_PLAN'],
  ['T7', 'PLAN', 'FAILED', always, 'escalate PLAN_FAILED'],
  ['T8', 'EVALUATE_PLAN', 'NOT_STARTED', always, 'start'],
  ['T9', 'EVALUATE_PLAN', 'IN_PROGRESS', always, 'resume'],
  ['T10', 'EVALUATE_PLAN', 'PASSED', always, 'EXECUTE'],
  ['T11', 'EVALUATE_PLAN', 'FAILED', (f) => f.revisionsLeft, 'PLAN'],
  ['T12', 'EVALUATE_PLAN', 'FAILED', (f) => !f.revisionsLeft, 'escalate PLAN_LIMIT'],
  ['T13', 'EXECUTE', 'NOT_STARTED', (f) => f.mode === 'PARALLEL', 'start'],
  ['T14', 'EXECUTE', 'NOT_STARTED', (f) => f.mode === 'SEQUENTIAL', 'start'],
  ['T15', 'EXECUTE', 'IN_PROGRESS', always, 'resume'],
  ['T16', 'EXECUTE', 'PASSED', always, 'EVALUATE_EXECUTION'],
  ['T17', 'EXECUTE', 'FAILED', (f) => f.runnable, 'resume'],
  ['T17', 'EXECUTE', 'FAILED', (f) => !f.runnable && f.retriesUsedUp, 'escalate TASK_LIMIT'],
  ['T17', 'EXECUTE', 'FAILED', (f) => !f.runnable && !f.retriesUsedUp, 'FIX'],
  ['T18', 'EVALUATE_EXECUTION', 'NOT_STARTED', always, 'start'],
  ['T18', 'EVALUATE_EXECUTION', 'IN_PROGRESS', always, 'resume'],
  ['T19', 'EVALUATE_EXECUTION', 'PASSED', (f) => f.businessSyncRequired, 'BUSINESS_SYNC'],
  ['T20', 'EVALUATE_EXECUTION', 'PASSED', (f) => !f.businessSyncRequired, 'COMPLETE'],
  ['T21', 'EVALUATE_EXECUTION', 'FAILED', (f) => f.fixCyclesLeft, 'FIX'],
  ['T22', 'EVALUATE_EXECUTION', 'FAILED', (f) => !f.fixCyclesLeft, 'escalate FIX_LIMIT'],
  ['T23', 'FIX', 'NOT_STARTED', always, 'start'],
  ['T24', 'FIX', 'IN_PROGRESS', always, 'resume'],
  ['T25', 'FIX', 'PASSED', always, 'EVALUATE_EXECUTION'],
  ['T26', 'FIX', 'FAILED', always, 'EVALUATE_EXECUTION'],
  ['T27', 'BUSINESS_SYNC', 'NOT_STARTED', always, 'start'],
  ['T27', 'BUSINESS_SYNC', 'IN_PROGRESS', always, 'resume'],
  ['T28', 'BUSINESS_SYNC', 'PASSED', always, 'COMPLETE'],
  ['T28', 'BUSINESS_SYNC', 'SKIPPED', always, 'COMPLETE'],
  ['T29', 'COMPLETE', 'any', always, 'complete'],
];

const flags = [
  'brainstorm',
  'revisionsLeft',
  'fixCyclesLeft',
  'businessSyncRequired',
  'runnable',
  'retriesUsedUp',
  'activeBlocker',
] as const;

function* everyFacts(): Generator<LoopFacts> {
  for (let bits = 0; bits < 2 ** flags.length; bits += 1) {
    const set = Object.fromEntries(flags.map((flag, index) => [flag, (bits & (1 << index)) !== 0]));
    for (const mode of ['PARALLEL', 'SEQUENTIAL'] as const) yield { ...(set as Omit<LoopFacts, 'mode'>), mode }; // every flag is set above
  }
}

function* everyPair(): Generator<readonly [Step, StepStatus]> {
  for (const step of steps) for (const status of stepStatuses) yield [step, status];
}

function told(step: Step, status: StepStatus, facts: LoopFacts): string | undefined {
  const row = transitionFor(step, status, facts);
  if (!row) return undefined;
  if (row.does === 'escalate') return `${row.id} escalate ${row.reason}`;
  if (row.does === 'reopen') return `${row.id} reopen as ${row.next.status}`;
  if (row.does === 'move') return `${row.id} ${row.next.step}`;
  return `${row.id} ${row.does}`;
}

describe('the table of the loop', () => {
  it('is the published one for every step, status and condition, and knows no other pair [LOOP-01]', () => {
    expect(initialTrack('greet').loop).toMatchObject({ step: 'PLAN', status: 'NOT_STARTED' }); // T1
    for (const [step, status] of everyPair()) {
      for (const facts of everyFacts()) {
        const line = published.find(
          ([, s, t, holds]) => (s === 'any' || s === step) && (t === 'any' || t === status) && holds(facts),
        );
        expect(told(step, status, facts), `${step} ${status} ${JSON.stringify(facts)}`).toBe(
          line && `${line[0]} ${line[4]}`,
        );
      }
    }
  });

  it('visits each of its rows, T2 to T31, at least once', () => {
    const seen = new Set<unknown>();
    for (const [step, status] of everyPair())
      for (const facts of everyFacts()) seen.add(transitionFor(step, status, facts));
    expect(transitions.filter((row) => !seen.has(row))).toEqual([]);
    const ids = [...new Set(transitions.map(({ id }) => Number(id.slice(1))))].sort((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: 30 }, (_, index) => index + 2));
  });

  it('does not know these pairs', () => {
    const unknown = [...everyPair()].filter(([step, status]) =>
      [...everyFacts()].every((facts) => !transitionFor(step, status, facts)),
    );
    expect(unknown.map((pair) => pair.join(' '))).toEqual([
      'BRAINSTORM FAILED',
      'BRAINSTORM SKIPPED',
      'PLAN SKIPPED',
      'EVALUATE_PLAN SKIPPED',
      'EXECUTE SKIPPED',
      'EVALUATE_EXECUTION SKIPPED',
      'FIX SKIPPED',
      'BUSINESS_SYNC FAILED',
    ]);
  });

  it('moves to a step that is not begun, and leaves a step that asks a person blocked', () => {
    for (const { does, next } of transitions) {
      if (does === 'move') expect(next).toEqual({ step: expect.any(String), status: 'NOT_STARTED' });
      if (does === 'escalate') expect(next).toEqual({ status: 'BLOCKED' });
    }
  });
});
