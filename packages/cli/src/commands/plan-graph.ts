import type { PlanGraph } from '@conductor/core/api';
import type { PlanModelTask } from '@conductor/core/plan';
import type { ScheduleStatus } from '@conductor/dag';
import type { CommandSpec } from '../command.js';
import { choiceOption } from '../flags.js';
import { planSource } from '../plan-source.js';

const formats = ['mermaid', 'json'] as const;

export const planGraphCommand: CommandSpec = {
  name: 'plan graph',
  description: 'what waits for what, as a Mermaid flowchart',
  arguments: [{ usage: '<file|track>', description: 'plan.md, or a track' }],
  options: [['--format <format>', `${formats.join(' or ')}; default: mermaid`]],
  async run(context, [wanted = ''], options) {
    const format = choiceOption(options, 'format', '--format', formats) ?? 'mermaid';
    const { parsePlan, planModel } = await import('@conductor/core/plan');
    const graph = await graphOf(planModel(parsePlan(await planSource(context, wanted)).plan).tasks);
    const { mermaid, ...shape } = graph;
    context.out.result({ ...graph }, format === 'json' ? JSON.stringify(shape, undefined, 2) : mermaid.trimEnd());
    return 0;
  },
};

/** Tasks on a cycle, and behind one, have level 0: `plan check` tells of them. */
async function graphOf(tasks: readonly PlanModelTask[]): Promise<PlanGraph> {
  const { buildGraph, criticalPath, levels, renderGraph } = await import('@conductor/dag');
  const graph = buildGraph(tasks);
  const level = new Map(levels(graph).flatMap((ids, index) => ids.map((id) => [id, index] as const)));
  const critical = new Set(criticalPath(graph).path);
  return {
    nodes: graph.nodes.map(({ id, mark, files }) => ({
      id,
      level: level.get(id) ?? 0,
      state: mark,
      files,
      critical: critical.has(id),
    })),
    edges: graph.nodes.flatMap(({ id }) => graph.dependencies(id).map((before) => [before, id] as const)),
    mermaid: renderGraph(graph, {
      label: ({ id, title }) => `${id} ${title}`,
      status: (id) => statuses[graph.node(id)?.mark ?? 'unknown'],
    }),
  };
}

const statuses: Readonly<Record<PlanModelTask['mark'], ScheduleStatus | undefined>> = {
  pending: undefined,
  inProgress: 'running',
  done: 'done',
  blocked: 'failed',
  skipped: 'held',
  unknown: undefined,
};
