import { ConductorError, instant } from '@conductor/core';
import type { Finding, TrackState } from '@conductor/core';
import { formatPhaseReview } from '@conductor/core/files';
import type { PhaseReview, ReviewCheck } from '@conductor/core/files';
import type { EventEnvelope, Opt } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { missingFlag } from '../business/missing-flag.js';
import { missingDeliverables, missingFiles } from '../gates/missing-files.js';
import { readStream } from '../load.js';
import { coverageFloors } from './coverage.js';
import { driftOf } from './drift.js';
import { gatesOnRecord } from './gates-on-record.js';
import { deliverablesOf } from './phase-report.js';
import { isComplete, planPhases } from './plan-phases.js';
import type { PlanPhase } from './plan-phases.js';

/** A review with its report as Markdown. */
export interface PhaseReviewed {
  readonly review: PhaseReview;
  readonly text: string;
}

/**
 * Reviews a phase by what is on record and in the files: deliverables, alignment, gates, regression, tests, documentation. The
 * same state gives the same verdict, and an error found is a FAIL. `wanted` is a number of a phase; without it the last complete
 * one, else the first. Throws `PLAN_NOT_FOUND`, and `VALIDATION_FAILED` for a phase that is not there.
 */
export async function reviewPhase(
  engine: EngineContext,
  state: TrackState,
  wanted: string | undefined,
  { signal }: Opt = {},
): Promise<PhaseReviewed> {
  const phases = await planPhases(engine, state);
  const phase = chosen(state.id, phases, wanted);
  const events = await readStream(engine.store, `track/${state.id}`, { signal });
  const deliverables = await deliverableFindings(engine, phase);
  const drift = await driftOf(engine, state, phase, events);
  const regression = await regressionOf(engine, phases, phase);
  const gates = gateChecks(state.id, events);
  const tests = await testChecks(engine, { signal });
  const documentation = documentationOf(engine, state, phase);
  const findings = [...deliverables, ...drift, ...gates.findings, ...regression, ...tests.findings, ...documentation];
  const review: PhaseReview = {
    trackId: state.id,
    phase: phase.label,
    title: phase.title,
    date: instant(engine.clock.now()),
    verdict: findings.some(({ severity }) => severity === 'error') ? 'FAIL' : 'PASS',
    deliverables: checklist(engine, phase, deliverables),
    drift: drift.map(({ message }) => message),
    checks: [
      ...gates.checks,
      check(
        'Regression',
        regression,
        phases.some(({ ordinal }) => ordinal < phase.ordinal) ? undefined : 'no earlier phase',
      ),
      ...tests.checks,
      check('Documentation', documentation),
    ],
    findings,
  };
  return { review, text: formatPhaseReview(review) };
}

function chosen(trackId: string, phases: readonly PlanPhase[], wanted: string | undefined): PlanPhase {
  const [first] = phases;
  if (!first)
    throw new ConductorError('PLAN_NOT_FOUND', `Track ${trackId} has no plan yet`, { details: { track: trackId } });
  if (wanted === undefined) return phases.findLast(isComplete) ?? first;
  const found = phases.find(({ label }) => label === wanted);
  if (found) return found;
  throw new ConductorError('VALIDATION_FAILED', `The plan of ${trackId} has no phase ${wanted.slice(0, 50)}`, {
    hint: `Its phases: ${phases
      .map(({ label }) => label)
      .slice(0, 50)
      .join(', ')}`,
    details: { phases: phases.map(({ label }) => label) },
  });
}

/** Every task is done, and its files are there. */
async function deliverableFindings(engine: EngineContext, { tasks }: PlanPhase): Promise<readonly Finding[]> {
  const findings: Finding[] = tasks
    .filter(({ status }) => status !== 'done' && status !== 'skipped')
    .map(({ task, status, note }) => ({
      severity: 'error',
      code: 'TASK_OPEN',
      item: task.id,
      message: `Task ${task.id} is ${status}, not done`,
      ...(note !== undefined && (status === 'failed' || status === 'blocked') && { hint: note }),
    }));
  findings.push(...(await missingDeliverables(engine, tasks)));
  return findings;
}

function checklist(engine: EngineContext, phase: PlanPhase, findings: readonly Finding[]): PhaseReview['deliverables'] {
  const up = '../'.repeat(engine.folder.split('/').length + 3);
  return phase.tasks
    .filter(({ status }) => status !== 'skipped')
    .map((each) => {
      const met = each.status === 'done' && !findings.some(({ item }) => item === each.task.id);
      const [delivered] = deliverablesOf({ tasks: [each] }, up);
      return { ...(delivered ?? { text: `Task ${each.task.id}: ${each.task.title}` }), met };
    });
}

const evaluationNames = { EVALUATE_PLAN: 'Plan evaluation', EVALUATE_EXECUTION: 'Execution evaluation' } as const;

function gateChecks(trackId: string, events: readonly EventEnvelope[]) {
  const gates = gatesOnRecord(trackId, events);
  const words = { PASS: 'PASS', FAIL: 'FAIL', NA: 'N/A' } as const;
  const checks = (['EVALUATE_PLAN', 'EVALUATE_EXECUTION'] as const).flatMap((step): readonly ReviewCheck[] => {
    const own = gates.filter((gate) => gate.step === step);
    if (own.length === 0) return [{ name: evaluationNames[step], result: 'NOT RUN' }];
    return own.map(({ gate, verdict }) => ({ name: `${evaluationNames[step]}: ${gate}`, result: words[verdict] }));
  });
  const findings = gates
    .filter(({ verdict }) => verdict === 'FAIL')
    .flatMap(({ gate, findings: found }): readonly Finding[] =>
      found.some(({ severity }) => severity === 'error')
        ? found.filter(({ severity }) => severity === 'error')
        : [{ severity: 'error', code: 'GATE_FAILED', item: gate, message: `${gate} has failed` }],
    );
  return { checks, findings };
}

/** What earlier phases had delivered is still done and still there. */
async function regressionOf(
  engine: EngineContext,
  phases: readonly PlanPhase[],
  { ordinal }: PlanPhase,
): Promise<readonly Finding[]> {
  const earlier = phases.filter((phase) => phase.ordinal < ordinal);
  const findings: Finding[] = [];
  for (const { label, tasks } of earlier) {
    for (const { task, status } of tasks.filter((each) => each.status !== 'done' && each.status !== 'skipped'))
      findings.push(regression(task.id, `Task ${task.id} of phase ${label} is ${status}`));
    for (const { task, path } of await missingFiles(engine, tasks))
      findings.push({ ...regression(task.id, `${path} of phase ${label} is gone`), path });
  }
  return findings;
}

function regression(item: string, message: string): Finding {
  return { severity: 'error', code: 'REGRESSION', item, message };
}

async function testChecks(engine: EngineContext, o: Opt) {
  const floors = await coverageFloors(engine, o);
  const checks = floors.map(({ name, floor, percent }): ReviewCheck => {
    const result = percent === undefined ? 'NOT CONFIGURED' : percent < floor ? 'FAIL' : 'PASS';
    return {
      name: `Tests: ${name}`,
      result,
      detail: `${percent === undefined ? '' : `${percent} % of lines, `}floor ${floor} %`,
    };
  });
  const findings = floors
    .filter(({ percent, floor }) => percent !== undefined && percent < floor)
    .map(({ name, percent, floor }): Finding => ({
      severity: 'error',
      code: 'COVERAGE_LOW',
      item: name,
      message: `Tests cover ${percent} % of ${name === 'overall' ? 'all lines' : name}, the floor is ${floor} %`,
    }));
  return { checks, findings };
}

/** What was done is written down, and a decision for the business is flagged. */
function documentationOf(engine: EngineContext, state: TrackState, { tasks }: PlanPhase): readonly Finding[] {
  const silent = tasks.filter(({ status, note }) => status === 'done' && (note ?? '').trim() === '');
  return [
    ...silent.map(({ task }): Finding => ({
      severity: 'warning',
      code: 'SUMMARY_MISSING',
      item: task.id,
      message: `Task ${task.id} is done and nobody said what was done`,
    })),
    ...missingFlag({ engine, state }).filter(({ item }) => tasks.some(({ task }) => task.id === item)),
  ];
}

function check(name: string, findings: readonly Finding[], none?: string): ReviewCheck {
  if (none !== undefined) return { name, result: 'N/A', detail: none };
  const failed = findings.some(({ severity }) => severity === 'error');
  return { name, result: failed ? 'FAIL' : 'PASS', ...(findings.length > 0 && { detail: `${findings.length} found` }) };
}
