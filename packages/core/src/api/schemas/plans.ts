import * as z from '@conductor/core/schema';
import type * as plan from '../../plan/model/plan.js';
import type * as api from '../contract/plans.js';
import { count, flag, text, texts } from './scalars.js';
import { Finding } from './values.js';

export type TaskOutline = plan.TaskOutline;
export const TaskOutline: z.ZodType<plan.TaskOutline> = z.strictObject({
  text,
  id: text.optional(),
  phase: text.optional(),
  type: text.optional(),
  files: texts.optional(),
  dependsOn: texts.optional(),
  acceptance: text.optional(),
});

const taskStates = ['pending', 'inProgress', 'done', 'blocked', 'skipped', 'unknown'] as const;

export type PlanTaskJson = plan.PlanTaskJson;
export const PlanTaskJson: z.ZodType<plan.PlanTaskJson> = z.looseObject({
  id: text,
  text,
  state: z.enum(taskStates),
  marker: text,
  line: z.int(),
  commit: text.exactOptional(),
  dependsOn: texts,
  files: texts,
  acceptance: text.exactOptional(),
  // A getter: tasks nest.
  get children(): z.ZodArray<z.ZodType<plan.PlanTaskJson>> {
    return z.array(PlanTaskJson);
  },
});

const PlanPhase = z.looseObject({
  title: text,
  number: text.exactOptional(),
  line: z.int(),
  checkpoint: text.exactOptional(),
  tasks: z.array(PlanTaskJson),
});

export type PlanDocument = api.PlanDocument;
export const PlanDocument: z.ZodType<api.PlanDocument> = z.looseObject({
  trackId: text,
  revision: count,
  text,
  plan: z.looseObject({ title: text, phases: z.array(PlanPhase), dag: z.unknown().exactOptional() }),
  findings: z.array(Finding),
});

export const PlanText = z.strictObject({ text });

export type PlanEdit = plan.PlanEdit;
export const PlanEdit: z.ZodType<plan.PlanEdit> = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('mark'),
    task: text,
    state: z.enum(taskStates),
    commit: text.optional(),
    note: text.optional(),
  }),
  z.strictObject({ do: z.literal('addTask'), phase: text, task: TaskOutline }),
  z.strictObject({ do: z.literal('addPhase'), title: text }),
  z.strictObject({ do: z.literal('setCheckpoint'), phase: text, sha: text }),
  z.strictObject({ do: z.literal('discover'), description: text, reason: text, recommendation: text }),
  z.strictObject({ do: z.literal('replaceDag'), yaml: text }),
  z.strictObject({ do: z.literal('appendReport'), markdown: text }),
]);
export const PlanEdits = z.strictObject({ edits: z.array(PlanEdit).min(1).max(10_000) });

export const PlanCheck = z.union([z.strictObject({ trackId: text }), z.strictObject({ text })]);
export const PlanCheckResult: z.ZodType<Awaited<ReturnType<api.PlansApi['check']>>> = z.looseObject({
  ok: flag,
  findings: z.array(Finding),
});

export type PlanGraph = api.PlanGraph;
export const PlanGraph: z.ZodType<api.PlanGraph> = z.looseObject({
  nodes: z.array(z.looseObject({ id: text, level: count, state: text, files: texts, critical: flag })),
  edges: z.array(z.tuple([text, text])),
  mermaid: text,
});
