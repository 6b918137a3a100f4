import type { Check } from './check.js';
import { named } from './check.js';

/** How many tasks one item of a spec may need on average; small specs count as three items. */
const tasksPerItem = 3;
const smallestSpec = 3;

const vague = /\b(?:user[- ]friendly|intuitive|nice|modern|seamless|as appropriate|if possible|and so on|etc)\b/i;

/** CPO: is this what somebody asked for, and not more. */
export const productChecks: readonly Check[] = [
  {
    id: 'no-requirement',
    criterion: 'user_value',
    severity: 'flag',
    find: ({ spec }) =>
      spec && spec.requirements.length === 0
        ? 'The spec names no requirement: no problem of a user is solved'
        : undefined,
    advice: 'Write down what the user cannot do today.',
  },
  {
    id: 'no-acceptance',
    criterion: 'user_journey',
    severity: 'flag',
    find: ({ spec }) =>
      spec && spec.acceptance.length === 0
        ? 'The spec has no acceptance criterion: nobody can say when it is done'
        : undefined,
    advice: 'Add acceptance criteria that can be checked.',
  },
  {
    id: 'scope-creep',
    criterion: 'scope_discipline',
    severity: 'flag',
    find: ({ spec, plan }) => {
      if (!spec || !plan) return undefined;
      const items = Math.max(smallestSpec, spec.requirements.length + spec.acceptance.length);
      const most = tasksPerItem * items;
      return plan.tasks.length > most
        ? `${plan.tasks.length} tasks for ${items} items of the spec, more than three times its scope`
        : undefined;
    },
    advice: 'Move what the spec does not ask for to a track of its own.',
  },
  {
    id: 'out-of-scope',
    criterion: 'scope_discipline',
    severity: 'concern',
    find: ({ spec, plan }) => {
      const outside = (spec?.outOfScope ?? []).map(significantWords).filter((words) => words.length >= 2);
      const beyond = plan?.tasks.filter((task) => {
        const title = new Set(significantWords(task.title));
        return outside.some((words) => words.every((word) => title.has(word)));
      });
      return beyond && beyond.length > 0 ? `Tasks do what the spec rules out: ${named(beyond)}` : undefined;
    },
    advice: 'Drop the task, or change the spec first.',
  },
  {
    id: 'vague-acceptance',
    criterion: 'market_fit',
    severity: 'concern',
    find: ({ spec }) => {
      const item = spec?.acceptance.find((criterion) => vague.test(criterion));
      return item === undefined ? undefined : `An acceptance criterion cannot be checked: "${item.slice(0, 120)}"`;
    },
    advice: 'Say what can be observed, with a number where there is one.',
  },
  {
    id: 'task-without-acceptance',
    criterion: 'prioritization',
    severity: 'note',
    find: ({ plan }) => {
      const bare = plan?.tasks.filter((task) => task.acceptance === undefined || task.acceptance.trim() === '') ?? [];
      return plan && bare.length * 2 > plan.tasks.length
        ? `Most tasks have no acceptance of their own: ${named(bare)}`
        : undefined;
    },
    advice: 'Say per task what is true when it is done.',
  },
];

const fillers: ReadonlySet<string> = new Set([
  'with',
  'from',
  'that',
  'this',
  'into',
  'support',
  'other',
  'than',
  'more',
  'also',
  'only',
  'such',
]);

function significantWords(text: string): readonly string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]{4,64}/gu) ?? []).filter((word) => !fillers.has(word));
}
