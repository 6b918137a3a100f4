import type { Finding, TrackState } from '@conductor/core';
import { checkPlan, parsePlan, parseSpec, planModel } from '@conductor/core/plan';
import type { EventEnvelope } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { changedSince } from '../gates/file-handles.js';
import { textOf } from '../load.js';
import { isFile } from './plan-phases.js';
import type { PlanPhase } from './plan-phases.js';

const maxDrift = 20;

/** Where spec, plan and work part from each other. */
export async function driftOf(
  engine: EngineContext,
  state: TrackState,
  phase: PlanPhase,
  events: readonly EventEnvelope[],
): Promise<readonly Finding[]> {
  const drift = (severity: 'error' | 'warning', message: string, hint?: string): Finding => ({
    severity,
    code: 'DRIFT',
    message,
    ...(hint !== undefined && { hint }),
  });
  const last = (...types: readonly string[]) => events.findLastIndex(({ type }) => types.includes(type));
  // What the engine itself wrote down where there was nothing is no change of what is asked for.
  const specified = events.findLastIndex(({ type, actor }) => type === 'track.specified' && actor.kind !== 'engine');
  return [
    ...(specified > last('plan.submitted', 'plan.edited')
      ? [drift('error', 'The spec was changed after the plan was made', 'Plan again for what the spec asks for now.')]
      : []),
    ...(await uncovered(engine, state)).map((message) => drift('warning', message)),
    ...phase.tasks
      .filter(({ status }) => status === 'skipped')
      .map(({ task }) => drift('warning', `Task ${task.id} was planned and left out: ${task.title}`)),
    ...discovered(phase, events).map((text) => drift('warning', `Found for this track and not planned: ${text}`)),
    ...(await unplanned(engine, state)).map((path) => drift('warning', `${path} was changed, and no task names it`)),
  ];
}

/** Items of the spec of which the plan says nothing. */
async function uncovered(engine: EngineContext, { about, plan }: TrackState): Promise<readonly string[]> {
  if (!plan) return [];
  const parsed = parsePlan(await textOf(engine, plan.text)).plan;
  const spec = parseSpec(await textOf(engine, about.spec));
  return checkPlan({ plan: parsed, model: planModel(parsed), spec })
    .findings.filter(({ code }) => code === 'PLAN_REQUIREMENT_UNCOVERED')
    .map(({ message }) => message)
    .slice(0, maxDrift);
}

function discovered({ tasks }: PlanPhase, events: readonly EventEnvelope[]): readonly string[] {
  return events
    .filter(({ type }) => type === 'work.discovered')
    .map(({ data }) => data as unknown as { description: string; recommendation: string; taskId?: string }) // our own payload of that type
    .filter(
      ({ taskId, recommendation }) => /current/iu.test(recommendation) && tasks.some(({ task }) => task.id === taskId),
    )
    .map(({ description }) => description)
    .slice(0, maxDrift);
}

/** Changed since the track began and named by no task; where a task names no files, everything may be its. */
async function unplanned(engine: EngineContext, { about, plan }: TrackState): Promise<readonly string[]> {
  const tasks = [...(plan?.tasks.values() ?? [])].map(({ task }) => task);
  if (engine.git === 'off' || tasks.some(({ files }) => files.length === 0)) return [];
  const files = tasks.flatMap((task) => task.files);
  const changed = await changedSince(engine, about.baseline, files);
  const bases = files.filter((file) => !isFile(file)).map((file) => file.split(/[*?[{]/u, 1)[0] ?? file);
  const named = new Set(files);
  return [...changed]
    .filter((path) => !named.has(path) && !bases.some((base) => path.startsWith(base)))
    .slice(0, maxDrift);
}
