import type { Check } from './check.js';
import { architectChecks } from './chief-architect.js';
import { experienceChecks } from './chief-experience-officer.js';
import { operationsChecks } from './chief-operations-officer.js';
import { productChecks } from './chief-product-officer.js';
import { securityChecks } from './chief-security-officer.js';

/** One aspect that a director scores, with its weight in percent. */
export interface Criterion {
  /** Key of the breakdown. */
  readonly key: string;
  readonly title: string;
  readonly weight: number;
}

/** A seat of the standard board: what it looks at and by which checks. */
export interface Role {
  /** Id of the plugin. */
  readonly id: string;
  readonly code: string;
  readonly title: string;
  /** Weights sum to 100. */
  readonly criteria: readonly Criterion[];
  readonly checks: readonly Check[];
}

const criterion = (key: string, title: string, weight: number): Criterion => ({ key, title, weight });

/** The five standing members (10.1), in the order of the minutes. */
export const roles: readonly Role[] = [
  {
    id: 'ca',
    code: 'CA',
    title: 'Chief Architect',
    criteria: [
      criterion('system_design', 'System design', 25),
      criterion('code_quality', 'Code quality', 20),
      criterion('tech_debt', 'Technical debt', 20),
      criterion('performance', 'Performance', 20),
      criterion('integration', 'Integration', 15),
    ],
    checks: architectChecks,
  },
  {
    id: 'cpo',
    code: 'CPO',
    title: 'Chief Product Officer',
    criteria: [
      criterion('user_value', 'User value', 30),
      criterion('market_fit', 'Market fit', 20),
      criterion('scope_discipline', 'Scope discipline', 20),
      criterion('user_journey', 'User journey', 15),
      criterion('prioritization', 'Prioritisation', 15),
    ],
    checks: productChecks,
  },
  {
    id: 'cso',
    code: 'CSO',
    title: 'Chief Security Officer',
    criteria: [
      criterion('auth', 'Authentication and authorisation', 25),
      criterion('data_protection', 'Data protection', 25),
      criterion('input_validation', 'Input validation', 20),
      criterion('api_security', 'API security', 15),
      criterion('compliance', 'Compliance and risk', 15),
    ],
    checks: securityChecks,
  },
  {
    id: 'coo',
    code: 'COO',
    title: 'Chief Operations Officer',
    criteria: [
      criterion('feasibility', 'Feasibility', 25),
      criterion('timeline', 'Timeline', 25),
      criterion('resources', 'Resources', 20),
      criterion('deployment', 'Deployment', 15),
      criterion('risk', 'Risk', 15),
    ],
    checks: operationsChecks,
  },
  {
    id: 'cxo',
    code: 'CXO',
    title: 'Chief Experience Officer',
    criteria: [
      criterion('usability', 'Usability', 25),
      criterion('visual_design', 'Visual design', 20),
      criterion('accessibility', 'Accessibility', 25),
      criterion('user_journey', 'User journey', 15),
      criterion('emotional', 'Emotional design', 15),
    ],
    checks: experienceChecks,
  },
];
