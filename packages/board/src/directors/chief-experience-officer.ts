import type { Check } from './check.js';
import { named, says } from './check.js';
import { taskKinds } from './task-kinds.js';

/** CXO: what people will see, hear and understand. */
export const experienceChecks: readonly Check[] = [
  {
    id: 'no-accessibility',
    criterion: 'accessibility',
    severity: 'flag',
    find: ({ plan, mentions }) => {
      const ui = plan?.tasks.filter(taskKinds.ui) ?? [];
      if (ui.length === 0 || mentions.includes('accessibility')) return undefined;
      return `An interface is built, and neither keyboard nor screen readers are spoken of: ${named(ui)}`;
    },
    advice: 'Say how it works by keyboard and what a screen reader says.',
  },
  {
    id: 'no-keyboard',
    criterion: 'accessibility',
    severity: 'flag',
    find: says('noKeyboard', 'It cannot be used by keyboard'),
    advice: 'Make every action reachable by keyboard.',
  },
  {
    id: 'colour-only',
    criterion: 'visual_design',
    severity: 'flag',
    find: says('colourOnly', 'Colour is the only difference'),
    advice: 'Add a word or a shape.',
  },
  {
    id: 'cryptic-errors',
    criterion: 'usability',
    severity: 'flag',
    find: says('crypticErrors', 'Errors leave people alone'),
    advice: 'Say what happened, with the values, and what to do.',
  },
  {
    id: 'no-waiting-state',
    criterion: 'emotional',
    severity: 'concern',
    find: ({ plan, mentions }) => {
      const ui = plan?.tasks.filter(taskKinds.ui) ?? [];
      return ui.length > 0 && !mentions.includes('uiStates')
        ? `What people see while they wait is open: ${named(ui)}`
        : undefined;
    },
    advice: 'Plan the loading, the empty and the failed state.',
  },
  {
    id: 'undocumented',
    criterion: 'user_journey',
    severity: 'note',
    find: ({ plan }) =>
      plan?.tasks.some(taskKinds.code) && !plan.tasks.some(taskKinds.docs)
        ? 'Behaviour changes, and no task touches the documentation'
        : undefined,
    advice: 'Tell the people who use it.',
  },
];
