import type { TrackState } from '@conductor/core';
import type { Content, EventEnvelope } from '@conductor/core/ports';
import { takeUpGone } from '../edits/folder-gone.js';
import { takeUpFirstPlan } from '../edits/take-up-first-plan.js';
import { takeUpPlan, tellConflicts } from '../edits/take-up-plan.js';
import { takeUpReport } from '../edits/take-up-report.js';
import { takeUpSpec } from '../edits/take-up-spec.js';
import type { EngineContext } from '../engine-context.js';
import { readStream, textOf } from '../load.js';
import { evaluationReport } from '../reports/evaluation.js';
import { fixLog } from '../reports/fix-log.js';
import { phaseReports } from '../reports/phase-report.js';
import { planPhases } from '../reports/plan-phases.js';
import { markedText, planText } from './plan-view.js';
import type { TextView } from './text-view.js';
import { trackAt } from './track-at.js';
import type { ViewRow } from './view-row.js';

/** `spec.md`: what the track is about, written by people. */
export function specView(engine: EngineContext, state: TrackState): TextView {
  // A folder that came without one gets none before it is worked on.
  const render: TextView['render'] = async ({ about }) => (await textOf(engine, about.spec)) || undefined;
  return {
    path: `${engine.folder}/tracks/${state.id}/spec.md`,
    fromLog: true,
    render,
    begin: (found) => takeUpSpec(engine, state, { render }, found, ''),
    isGone: (found) => takeUpGone(engine, state, found),
    takeUp: (found, ours) => takeUpSpec(engine, state, { render }, found, ours),
    tellConflicts: (found, conflicts) => tellConflicts(engine, state, found, conflicts),
  };
}

/** `plan.md`: the text in the log with the smallest edits for marks, commits and summaries (R21). */
export function planView(engine: EngineContext, state: TrackState): TextView {
  const render: TextView['render'] = async (at) => (at.plan ? planText(engine, at) : undefined);
  return {
    path: `${engine.folder}/tracks/${state.id}/plan.md`,
    fromLog: true,
    render,
    mark: markedText,
    isHandedIn: ({ hash, row }) => isHandedIn(engine, state, hash, row),
    begin: (found) => takeUpFirstPlan(engine, state, found),
    takeUp: (found, ours) => takeUpPlan(engine, state, { render }, found, ours),
    tellConflicts: (found, conflicts) => tellConflicts(engine, state, found, conflicts),
  };
}

/** The planner's own file became the plan: not so when the same text was written before, and somebody went back to it. */
async function isHandedIn(
  { store }: EngineContext,
  { id, plan }: TrackState,
  hash: string,
  row: ViewRow | undefined,
): Promise<boolean> {
  if (hash !== plan?.textHash) return false;
  const from = row?.pendingFrom;
  if (!from) return true;
  return 'version' in from && (await trackAt(store, id, from.version)).plan?.textHash !== hash;
}

/** Reports are rendered from the log: what a crash tore off is written again. */
export async function reportViews(engine: EngineContext, state: TrackState): Promise<readonly TextView[]> {
  const { loop, completedAt } = state;
  const evaluated =
    loop.visits.EVALUATE_PLAN > 0 && loop.step !== 'EVALUATE_PLAN' && loop.step !== 'EVALUATE_EXECUTION';
  if (!evaluated && completedAt === undefined) return [];
  const events = await readStream(engine.store, `track/${state.id}`);
  return [
    reportView(engine, state, 'evaluation-report.md', async () => evaluationReport(state, events)),
    reportView(engine, state, 'completion-report.md', async () => completionReport(engine, events)),
    // An agent may keep this log itself: what we add stands behind its words.
    reportView(engine, state, 'fix-log.md', async () => fixLog(events), { before: '' }),
    ...phaseReports(await planPhases(engine, state), events).map(({ name, report }) =>
      reportView(engine, state, name, () => textOf(engine, report)),
    ),
  ];
}

async function completionReport(engine: EngineContext, events: readonly EventEnvelope[]): Promise<string | undefined> {
  const completed = events.findLast(({ type }) => type === 'track.completed');
  return completed && textOf(engine, (completed.data as unknown as { report: Content }).report); // our own payload of that type
}

function reportView(
  engine: EngineContext,
  state: TrackState,
  name: string,
  render: () => Promise<string | undefined>,
  o: { readonly before?: string } = {},
): TextView {
  return {
    path: `${engine.folder}/tracks/${state.id}/${name}`,
    fromLog: false,
    render,
    takeUp: (found, ours) => takeUpReport(engine, state, { render, ...o }, found, ours),
    tellConflicts: (found, conflicts) => tellConflicts(engine, state, found, conflicts),
  };
}
