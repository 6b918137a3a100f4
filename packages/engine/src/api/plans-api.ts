import { checkId, ConductorError } from '@conductor/core';
import type { TrackCommand, TrackState } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { PlanDocument, PlanGraph, PlansApi } from '@conductor/core/api';
import { checkPlan, editPlan, parsePlan, planJson, planModel } from '@conductor/core/plan';
import type { PlanEdit } from '@conductor/core/plan';
import type { ActorRef } from '@conductor/core/ports';
import { buildGraph, criticalPath, levels, renderGraph } from '@conductor/dag';
import { requireAllowed } from '../authorize.js';
import type { Unit } from '../commit-units.js';
import type { EngineContext } from '../engine-context.js';
import { contentOf, requireTrackState, textOf } from '../load.js';
import { loggedModel } from '../run/plan-text.js';
import { planText } from '../views/plan-view.js';
import { writeTrack } from './write.js';

export function plansApi(engine: EngineContext, actor: ActorRef): PlansApi {
  const allowed = (action: string, subject: string) => requireAllowed(engine, actor, action, subject);
  return {
    async get(trackId) {
      await allowed('plans.get', `track/${checkId(trackId)}`);
      return documentOf(engine, await requireTrackState(engine.store, trackId));
    },
    async submit(trackId, { text }, o) {
      await allowed('plan.submit', `track/${checkId(trackId)}`);
      const request = { actor, action: 'plan.submit', body: [trackId, text], key: o.idempotencyKey };
      const command = await submission(engine, text);
      const state = await writeTrack(
        engine,
        trackId,
        request,
        (now) => {
          requireRevision(now, o.ifMatch);
          return [command];
        },
        { signal: o.signal },
        { others: () => [revisionUnit(engine, trackId, o.ifMatch)] },
      );
      return documentOf(engine, state);
    },
    async edit(trackId, edits, o = {}) {
      await allowed('plan.edit', `track/${checkId(trackId)}`);
      const request = { actor, action: 'plan.edit', body: [trackId, edits], key: o.idempotencyKey };
      const commands = async (now: TrackState) => {
        if (o.ifMatch !== undefined) requireRevision(now, o.ifMatch);
        return editCommands(engine, now, edits);
      };
      return documentOf(engine, await writeTrack(engine, trackId, request, commands, { signal: o.signal }));
    },
    async check(input) {
      await allowed('plans.check', 'trackId' in input ? `track/${checkId(input.trackId)}` : 'project');
      const text = 'text' in input ? input.text : await planText(engine, await requirePlan(engine, input.trackId));
      const parsed = parsePlan(text);
      const { findings } = checkPlan({ plan: parsed.plan, model: planModel(parsed.plan) });
      const all = [...parsed.findings, ...findings];
      return { ok: !all.some(({ severity }) => severity === 'error'), findings: all };
    },
    async graph(trackId) {
      await allowed('plans.graph', `track/${checkId(trackId)}`);
      return graphOf(await requirePlan(engine, trackId));
    },
  };
}

async function requirePlan(engine: EngineContext, trackId: string): Promise<TrackState> {
  const state = await requireTrackState(engine.store, trackId);
  if (state.plan) return state;
  throw new ConductorError('PLAN_NOT_FOUND', `Track ${trackId} has no plan yet`, { details: { track: trackId } });
}

function requireRevision(state: TrackState, expected: number): void {
  const actual = state.plan?.revision ?? 0;
  if (actual === expected) return;
  throw new ConductorError('VERSION_CONFLICT', `The plan of ${state.id} is at revision ${actual}, not ${expected}`, {
    details: { expected, actual },
  });
}

/** Looked at again with each decision: of two plans handed in at once, one is told that the other was quicker. */
function revisionUnit({ store }: EngineContext, trackId: string, expected: number): Unit {
  return {
    stream: `track/${trackId}`,
    async decide() {
      const state = await requireTrackState(store, trackId);
      requireRevision(state, expected);
      return { version: state.version, events: [] };
    },
  };
}

async function submission(engine: EngineContext, text: string): Promise<TrackCommand> {
  const model = planModel(parsePlan(text).plan);
  if (model.tasks.length === 0)
    throw new ConductorError('PLAN_INVALID', 'The plan has no tasks', { hint: 'conductor plan check <file>' });
  return {
    name: 'plan.submit',
    data: { text: await contentOf(engine, text), textHash: sha256Hex(text), model: loggedModel(model, 'count') },
  };
}

type Mark = Extract<PlanEdit, { do: 'mark' }>;
const markable = ['pending', 'done', 'blocked', 'skipped'] as const;

/** Marks are facts of tasks and do not raise the plan's revision; every other edit is an edit of its text. */
async function editCommands(
  engine: EngineContext,
  state: TrackState,
  edits: readonly PlanEdit[],
): Promise<TrackCommand[]> {
  if (!state.plan)
    throw new ConductorError('PLAN_NOT_FOUND', `Track ${state.id} has no plan yet`, { details: { track: state.id } });
  const marks = edits.filter((edit): edit is Mark => edit.do === 'mark').map(markCommand);
  const others = edits.filter(({ do: what }) => what !== 'mark');
  if (others.length === 0) return marks;
  const { text } = editPlan(await textOf(engine, state.plan.text), others);
  const edit: TrackCommand = {
    name: 'plan.edit',
    data: {
      base: state.plan.revision,
      text: await contentOf(engine, text),
      textHash: sha256Hex(text),
      model: loggedModel(planModel(parsePlan(text).plan), 'count'),
      ops: others.map(({ do: what }) => what),
      cause: 'person',
    },
  };
  return [edit, ...marks];
}

function markCommand({ task, state, commit, note }: Mark): TrackCommand {
  const to = markable.find((mark) => mark === state);
  if (!to)
    throw new ConductorError('VALIDATION_FAILED', `A person cannot mark a task as ${state}`, {
      hint: `One of: ${markable.join(', ')}`,
    });
  return {
    name: 'task.mark',
    data: {
      taskId: task,
      state: to,
      source: 'person',
      ...(commit !== undefined && { commit }),
      ...(note !== undefined && { note }),
    },
  };
}

async function documentOf(engine: EngineContext, state: TrackState): Promise<PlanDocument> {
  if (!state.plan)
    throw new ConductorError('PLAN_NOT_FOUND', `Track ${state.id} has no plan yet`, { details: { track: state.id } });
  const text = await planText(engine, state);
  const { plan, findings } = parsePlan(text);
  return { trackId: state.id, revision: state.plan.revision, text, plan: planJson(plan), findings };
}

function graphOf({ plan }: TrackState): PlanGraph {
  const tasks = [...(plan?.tasks.values() ?? [])];
  const graph = buildGraph(tasks.map(({ task }) => task));
  const level = new Map(levels(graph).flatMap((ids, index) => ids.map((id) => [id, index] as const)));
  const critical = new Set(criticalPath(graph).path);
  return {
    nodes: tasks.map(({ task, status }) => ({
      id: task.id,
      level: level.get(task.id) ?? 0,
      state: status,
      files: task.files,
      critical: critical.has(task.id),
    })),
    edges: tasks.flatMap(({ task }) => task.dependsOn.map((before) => [before, task.id] as const)),
    mermaid: renderGraph(graph),
  };
}
