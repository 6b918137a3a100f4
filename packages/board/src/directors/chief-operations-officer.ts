import type { Check } from './check.js';
import { named, says } from './check.js';
import { taskKinds } from './task-kinds.js';

const longTaskMinutes = 8 * 60;

/** COO: can it be built, run and taken back. */
export const operationsChecks: readonly Check[] = [
  {
    id: 'empty-plan',
    criterion: 'feasibility',
    severity: 'flag',
    find: ({ plan }) => (plan && plan.tasks.length === 0 ? 'The plan has no task' : undefined),
    advice: 'Plan the work.',
  },
  {
    id: 'no-way-back',
    criterion: 'deployment',
    severity: 'flag',
    find: ({ plan, mentions }) => {
      const deploys = plan?.tasks.filter(taskKinds.deploy) ?? [];
      if (deploys.length === 0 || mentions.includes('rollback')) return undefined;
      return `A deployment without a way back: ${named(deploys)}`;
    },
    advice: 'Plan the rollback, and who decides on it.',
  },
  {
    id: 'unbounded-cost',
    criterion: 'resources',
    severity: 'flag',
    find: says('unboundedCost', 'Cost without a bound'),
    advice: 'Set a limit and say what happens at it.',
  },
  {
    id: 'fragile-service',
    criterion: 'risk',
    severity: 'flag',
    find: ({ plan, mentions }) => {
      const relies =
        mentions.includes('externalService') &&
        !mentions.includes('failureHandling') &&
        plan?.tasks.some(taskKinds.code);
      return relies ? 'An external service is used, and nothing is said about its failures' : undefined;
    },
    advice: 'Plan time-outs, retries and what the user sees meanwhile.',
  },
  {
    id: 'single-point-of-failure',
    criterion: 'risk',
    severity: 'flag',
    find: (facts) =>
      facts.mentions.includes('failureHandling')
        ? undefined
        : says('singlePoint', 'A single point of failure without a fallback')(facts),
    advice: 'Plan a fallback.',
  },
  {
    id: 'no-buffer',
    criterion: 'timeline',
    severity: 'flag',
    find: says('noBuffer', 'No buffer in the timeline'),
    advice: 'Reckon with one and a half to two times the estimate.',
  },
  {
    id: 'long-task',
    criterion: 'timeline',
    severity: 'concern',
    find: ({ plan }) => {
      const long = plan?.tasks.filter((task) => (task.estimateMinutes ?? 0) > longTaskMinutes) ?? [];
      return long.length > 0 ? `Tasks of more than a day: ${named(long)}` : undefined;
    },
    advice: 'Split them: a worker that dies loses one task.',
  },
];
