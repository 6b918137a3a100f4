import type { Json } from '@conductor/core/ports';
import type { Found } from './check.js';
import type { BoardFacts } from './facts.js';
import { criticalPath } from './task-graph.js';

type Evidence = { readonly [key: string]: Json };

/** Estimates are multiplied by this (10.1: 1.5 to 2). */
const realism = 1.5;
/** What a task without an estimate counts as. */
const defaultMinutes = 30;

/** What each role's published assessment has beside the common fields (10.4). */
export const roleEvidence: Readonly<Record<string, (facts: BoardFacts, found: readonly Found[]) => Evidence>> = {
  CPO: (_facts, found) => ({
    usabilityCheck: { passed: found.length === 0, notes: found.map(({ message }) => message).join('; ') },
  }),
  CSO: (_facts, found) => ({
    vulnerabilities: found.map(({ check, message }) => ({
      severity: { flag: 'HIGH', concern: 'MEDIUM', note: 'LOW' }[check.severity],
      type: check.id,
      location: message,
      remediation: check.advice,
    })),
    auditRequired: found.some(({ check }) => check.severity === 'flag'),
  }),
  COO: ({ plan }, found) => ({
    timelineAssessment: timeline(plan?.tasks ?? []),
    risks: found.map(({ check, message }) => ({
      risk: message,
      probability: 'medium',
      impact: check.severity === 'flag' ? 'high' : 'medium',
      mitigation: check.advice,
    })),
  }),
  CXO: (_facts, found) => ({
    accessibilityAudit: {
      score: found.some(({ check }) => check.criterion === 'accessibility') ? 2 : 10,
      issues: found.map(({ check, message }) => ({
        severity: check.severity === 'flag' ? 'HIGH' : 'LOW',
        issue: message,
        fix: check.advice,
      })),
    },
  }),
};

function timeline(tasks: NonNullable<BoardFacts['plan']>['tasks']): Json {
  const { path, minutes } = criticalPath(tasks, defaultMinutes);
  const estimated = tasks.filter((task) => task.estimateMinutes !== undefined).length;
  return {
    proposed: `${minutes} min`,
    realistic: `${Math.round(minutes * realism)} min`,
    confidence: tasks.length === 0 ? 0 : Math.round((estimated / tasks.length) * 100) / 100,
    criticalPath: path.slice(0, 100),
  };
}
