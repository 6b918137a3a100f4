import type { Check } from './check.js';
import { named, says } from './check.js';
import type { BoardFacts } from './facts.js';
import { firstCycle, unknownDependencies } from './task-graph.js';
import { taskKinds } from './task-kinds.js';

const codeTasks = ({ plan }: BoardFacts) => plan?.tasks.filter(taskKinds.code) ?? [];

/** CA: does the plan hold together as a system. */
export const architectChecks: readonly Check[] = [
  {
    id: 'circular-dependency',
    criterion: 'system_design',
    severity: 'flag',
    find: ({ plan }) => {
      const cycle = plan && firstCycle(plan.tasks);
      return cycle && `Tasks depend on each other in a circle: ${cycle.join(' → ')}`;
    },
    advice: 'Cut one dependency of the circle.',
  },
  {
    id: 'unbounded-work',
    criterion: 'performance',
    severity: 'flag',
    find: says('unboundedWork', 'Work without a bound'),
    advice: 'Page, stream or cap it, and say at which size.',
  },
  {
    id: 'no-error-handling',
    criterion: 'system_design',
    severity: 'flag',
    find: says('noErrorHandling', 'No strategy for errors'),
    advice: 'Say what happens when each step fails.',
  },
  {
    id: 'breaking-change',
    criterion: 'integration',
    severity: 'flag',
    find: (facts) =>
      facts.mentions.includes('migration')
        ? undefined
        : says('breakingChange', 'A breaking change without a migration')(facts),
    advice: 'Plan a migration or a deprecation, or keep the old form.',
  },
  {
    id: 'untested-code',
    criterion: 'code_quality',
    severity: 'flag',
    find: (facts) => {
      const code = codeTasks(facts);
      if (code.length === 0 || facts.plan?.tasks.some(taskKinds.tests)) return undefined;
      return `Code is changed but no task names a test: ${named(code)}`;
    },
    advice: 'Add a task that tests the change, or name the tests in the acceptance of its task.',
  },
  {
    // The one rule that attaches a condition to an otherwise healthy plan; see `standardDirectors`.
    id: 'no-regression-check',
    criterion: 'code_quality',
    severity: 'concern',
    find: (facts) => {
      const code = codeTasks(facts);
      if (code.length === 0 || facts.plan?.tasks.some(taskKinds.regression)) return undefined;
      return `${code.length} tasks change code, none runs the whole suite or looks for regressions`;
    },
    advice: 'Add a task that runs the whole test suite.',
    condition: {
      text: 'The whole test suite passes after the change, tests of before included',
      verify: { kind: 'evaluator', ref: 'eval-code-quality' },
    },
  },
  {
    id: 'unknown-dependency',
    criterion: 'integration',
    severity: 'concern',
    find: ({ plan }) => {
      const unknown = plan ? unknownDependencies(plan.tasks) : [];
      return unknown.length > 0
        ? `Dependencies on tasks that do not exist: ${unknown.slice(0, 5).join(', ')}`
        : undefined;
    },
    advice: 'Name tasks of this plan.',
  },
  {
    id: 'wide-task',
    criterion: 'tech_debt',
    severity: 'note',
    find: ({ plan }) => {
      const wide = plan?.tasks.filter((task) => task.files.length > 10) ?? [];
      return wide.length > 0 ? `More than ten files in one task: ${named(wide)}` : undefined;
    },
    advice: 'Split by concern, so that workers do not wait for each other.',
  },
];
