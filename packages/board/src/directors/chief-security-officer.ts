import type { Check } from './check.js';
import { says } from './check.js';
import { isManifest, taskKinds } from './task-kinds.js';

/** CSO: what could be taken, broken or leaked. */
export const securityChecks: readonly Check[] = [
  {
    id: 'secret-in-text',
    criterion: 'data_protection',
    severity: 'flag',
    find: ({ secrets: [first, ...more] }) =>
      first &&
      `What looks like a ${first.kind} stands in ${first.where} line ${first.line}${more.length > 0 ? `, and ${more.length} more` : ''}`,
    advice: 'Take it out, revoke it, and read it from the environment.',
  },
  {
    id: 'raw-input',
    criterion: 'input_validation',
    severity: 'flag',
    find: says('rawInput', 'Raw input reaches an interpreter'),
    advice: 'Bind parameters; escape at the output.',
  },
  {
    id: 'no-authentication',
    criterion: 'auth',
    severity: 'flag',
    find: says('noAuthentication', 'Something works without authentication'),
    advice: 'Name who may call it and how that is checked.',
  },
  {
    id: 'personal-data-in-logs',
    criterion: 'data_protection',
    severity: 'flag',
    find: says('personalDataInLogs', 'Personal data or secrets go to the log'),
    advice: 'Log an id, never the value.',
  },
  {
    id: 'protection-off',
    criterion: 'compliance',
    severity: 'flag',
    find: says('protectionOff', 'A protection is switched off'),
    advice: 'Keep it on and mend the cause.',
  },
  {
    id: 'sensitive-without-test',
    criterion: 'api_security',
    severity: 'concern',
    find: ({ sensitive, plan }) => {
      if (sensitive.length === 0 || !plan?.tasks.some(taskKinds.code)) return undefined;
      return plan.tasks.some((task) => taskKinds.tests(task) && refusal.test(`${task.title}\n${task.acceptance ?? ''}`))
        ? undefined
        : `The plan touches ${sensitive.join(', ')}, and no task tests a refusal`;
    },
    advice: 'Add a task that tests what must be refused.',
    condition: {
      text: 'Tests show that unauthorised and malformed requests are refused',
      verify: { kind: 'evaluator', ref: 'eval-code-quality' },
    },
  },
  {
    id: 'manifest-changed',
    criterion: 'compliance',
    severity: 'note',
    find: ({ plan }) => {
      const manifests = [...new Set(plan?.tasks.flatMap((task) => task.files.filter(isManifest)) ?? [])];
      return manifests.length > 0 ? `Dependencies may change: ${manifests.slice(0, 5).join(', ')}` : undefined;
    },
    advice: 'Look at licence, size and origin of what is new.',
  },
];

const refusal =
  /\b(?:refus\w{1,4}|reject\w{0,3}|den(?:y|ies|ied)|forbid\w{0,4}|unauthori[sz]ed|invalid|malformed|40[013])\b/i;
