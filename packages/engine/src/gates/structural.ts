import type { Finding } from '@conductor/core';
import { parseSpec } from '@conductor/core/plan';
import type { Json } from '@conductor/core/ports';
import { missingFlag } from '../business/missing-flag.js';
import { textOf } from '../load.js';
import { changedPaths } from '../run/changed-paths.js';
import type { TrackSession } from '../run/track-session.js';
import type { Gate } from './gate.js';
import { missingDeliverables } from './missing-files.js';
import { outdatedPlan } from './outdated-plan.js';

/** Checks that always run after execution: no task left open, every done task on record, nothing changed that no task owns. */
export const structuralGate: Gate = {
  id: 'structural',
  async run(session) {
    const findings = [
      ...openTasks(session),
      ...(await outdatedPlan(session)),
      ...(await doneTasks(session)),
      ...(await deliverables(session)),
      ...(await strayChanges(session)),
      ...missingFlag(session),
    ];
    const evidence: Json[] = [...(session.state.plan?.tasks.values() ?? [])].map(({ task, status, commit }) => ({
      kind: 'task',
      task: task.id,
      status,
      ...(commit !== undefined && { commit }),
    }));
    const verdict = findings.some(({ severity }) => severity === 'error') ? 'FAIL' : 'PASS';
    return { verdict, findings, evidence, ...(session.state.plan && { inputHash: session.state.plan.textHash }) };
  },
};

function openTasks({ state }: TrackSession): Finding[] {
  return [...(state.plan?.tasks.values() ?? [])]
    .filter(({ status }) => status !== 'done' && status !== 'skipped')
    .map(({ task, status }) => ({
      severity: 'error',
      code: 'TASK_OPEN',
      item: task.id,
      message: `Task ${task.id} is ${status}, not done`,
    }));
}

async function doneTasks({ engine, state }: TrackSession): Promise<Finding[]> {
  const done = [...(state.plan?.tasks.values() ?? [])].filter(({ status }) => status === 'done');
  const findings = [...(await missingDeliverables(engine, done))];
  const uncommitted = done.filter(({ commit }) => commit === undefined);
  if (uncommitted.length > 0) findings.push(withoutCommit(uncommitted.map(({ task }) => task.id)));
  return findings;
}

/** Files that the spec names as deliverables, in backticks, have to be there. */
async function deliverables({ engine, state }: TrackSession): Promise<Finding[]> {
  const spec = parseSpec(await textOf(engine, state.about.spec));
  // Without a section of its own, requirements stand in for deliverables; those may well speak of files that have to go.
  if (spec.deliverables === spec.requirements) return [];
  const named = new Set(
    spec.deliverables.flatMap(({ text }) =>
      [...text.matchAll(/`([\w@][\w@./-]*\.\w{1,8})`/gu)].map((match) => match[1] ?? ''),
    ),
  );
  const findings: Finding[] = [];
  for (const path of named) {
    if (path.includes('..') || (await engine.workspace.read(path)) !== undefined) continue;
    findings.push({
      severity: 'error',
      code: 'DELIVERABLE_MISSING',
      path,
      message: `${path} is a deliverable of the spec and does not exist`,
    });
  }
  return findings;
}

function withoutCommit(ids: readonly string[]): Finding {
  return {
    severity: 'info',
    code: 'TASK_WITHOUT_COMMIT',
    message: `Without a commit: ${ids.join(', ')}`,
    hint: 'Nothing had changed, or the project is not under version control.',
  };
}

/** Uncommitted changes that no task owns are somebody's work: told, never touched. */
async function strayChanges({ engine }: TrackSession): Promise<Finding[]> {
  const stray = await changedPaths(engine);
  if (stray.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'CHANGES_OUTSIDE_TASKS',
      message: `${stray.length} changed ${stray.length === 1 ? 'file belongs' : 'files belong'} to no task: ${stray.slice(0, 10).join(', ')}`,
      hint: 'They are left as they are and not committed.',
    },
  ];
}
