import type { Assessment, Remark, Vote } from '@conductor/core';
import { defineDirector } from '@conductor/core/plugin';
import type { DirectorDefinition, DirectorPlugin } from '@conductor/core/plugin';
import type { Found, Severity } from './check.js';
import { readBoardFacts } from './facts.js';
import type { BoardFacts } from './facts.js';
import { roleEvidence } from './role-evidence.js';
import { roles } from './roles.js';
import type { Role } from './roles.js';

/** Points that one finding takes from its criterion; a criterion starts at 10 and ends at 1. */
const cost: Readonly<Record<Severity, number>> = { flag: 8, concern: 4, note: 1 };

/** What a role finds in the facts, red flags first. */
export function findingsOf(role: Role, facts: BoardFacts): readonly Found[] {
  const found = role.checks.flatMap((check) => {
    const message = check.find(facts);
    return message === undefined ? [] : [{ check, message }];
  });
  return found.toSorted((left, right) => cost[right.check.severity] - cost[left.check.severity]);
}

/** The assessment that a role's findings lead to: any flag REJECT, any concern CONCERNS, else APPROVE. */
export function assess(role: Role, facts: BoardFacts): Assessment {
  const found = findingsOf(role, facts);
  const breakdown = Object.fromEntries(role.criteria.map(({ key }) => [key, scoreOf(key, found)]));
  const weighted = role.criteria.reduce((sum, { key, weight }) => sum + (breakdown[key] ?? 1) * weight, 0) / 100;
  const flags = found.filter(({ check }) => check.severity === 'flag');
  const objections = found.filter(({ check }) => check.severity !== 'note');
  return {
    verdict: flags.length > 0 ? 'REJECT' : objections.length > 0 ? 'CONCERNS' : 'APPROVE',
    score: Math.round(weighted * 10) / 10,
    breakdown,
    keyPoints: keyPoints(role, facts, found),
    concerns: objections.map(({ message }) => message),
    recommendations: found.map(({ check }) => check.advice),
    blocking: flags.length > 0,
    evidence: {
      redFlags: flags.map(({ message }) => message),
      checks: found.map(({ check }) => check.id),
      ...roleEvidence[role.code]?.(facts, found),
    },
  };
}

function scoreOf(key: string, found: readonly Found[]): number {
  const lost = found.reduce((sum, { check }) => sum + (check.criterion === key ? cost[check.severity] : 0), 0);
  return Math.max(1, 10 - lost);
}

function keyPoints(role: Role, { plan }: BoardFacts, found: readonly Found[]): readonly string[] {
  const passed = role.checks.length - found.length;
  const size = plan ? [`Plan revision ${plan.revision} with ${plan.tasks.length} tasks`] : [];
  return [...size, `${passed} of ${role.checks.length} checks found nothing`];
}

/** The first round says what is wrong; nothing is added later, because rules do not learn from each other. */
function remarksOf(role: Role, own: Assessment | undefined, round: number): readonly Remark[] {
  if (round > 1 || own === undefined || own.concerns.length === 0) return [];
  return own.concerns.map((message) => ({
    from: role.code,
    to: 'ALL',
    kind: 'CHALLENGE',
    message,
    changesMyVerdict: false,
    round,
  }));
}

function voteOn(role: Role, facts: BoardFacts, own: Assessment): Vote {
  const conditions = findingsOf(role, facts).flatMap(({ check }) => (check.condition ? [check.condition] : []));
  const [concern] = own.concerns;
  return {
    verdict: own.verdict === 'REJECT' ? 'REJECT' : 'APPROVE',
    confidence: own.verdict === 'REJECT' ? 1 : own.score / 10,
    conditions,
    ...(concern !== undefined && { dissentNoted: concern }),
  };
}

function directorFor(role: Role): DirectorPlugin<undefined> {
  const definition: DirectorDefinition = {
    id: role.id,
    code: role.code,
    title: role.title,
    assess: ({ facts, proposal }) => assess(role, readBoardFacts(facts, proposal.text)),
    discuss: ({ assessments, round }) => remarksOf(role, assessments.get(role.code), round),
    vote: ({ facts, proposal, own }) => voteOn(role, readBoardFacts(facts, proposal.text), own),
  };
  return defineDirector(definition);
}

/**
 * Five directors who judge by rules, so that a board works with no model at all: CA, CPO, CSO, COO and CXO. Each reads the
 * topics of `BoardFacts`; without a plan it looks at the text of the proposal.
 *
 * A plan without findings gets 5-0 and no condition. A plan whose tasks change code (a source file that is neither test nor
 * document, or a code type without files), where no task names in its title or acceptance a regression, the coverage, the
 * existing tests or the whole, full or entire suite, gets 5-0 with exactly one condition, from CA, verified by
 * `eval-code-quality`.
 */
export const standardDirectors: readonly DirectorPlugin<undefined>[] = Object.freeze(roles.map(directorFor));
