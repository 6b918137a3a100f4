import { canonicalJson } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { checkPlan, parsePlan, parseSpec, planModel } from '@conductor/core/plan';
import type { OtherTrack } from '@conductor/core/plan';
import { buildGraph, executionMode } from '@conductor/dag';
import { loadProject, loadTrack, textOf } from '../load.js';
import type { TrackSession } from '../run/track-session.js';
import type { Gate } from './gate.js';
import { outdatedPlan } from './outdated-plan.js';

/** The pure passes 1 to 5 over the submitted plan: they always run and cannot be taken out. */
export const planChecksGate: Gate = {
  id: 'plan-checks',
  async run(session) {
    const { engine, state } = session;
    if (!state.plan)
      return {
        verdict: 'FAIL',
        findings: [{ severity: 'error', code: 'PLAN_MISSING', message: 'There is no plan' }],
        evidence: [],
      };
    const text = await textOf(engine, state.plan.text);
    const spec = await textOf(engine, state.about.spec);
    const { plan } = parsePlan(text);
    const graph = buildGraph([...state.plan.tasks.values()].map(({ task }) => task));
    const checked = checkPlan({
      plan,
      model: planModel(plan),
      spec: parseSpec(spec),
      mode: executionMode(graph, state.policy.limits.parallelFrom),
      existingFiles: await existingFiles(session),
      otherTracks: await otherTracks(session),
      dependencies: await dependencies(session),
    });
    const findings = [...(await outdatedPlan(session)), ...checked.findings];
    const verdict = findings.some(({ severity }) => severity === 'error') ? 'FAIL' : 'PASS';
    const inputHash = sha256Hex(canonicalJson({ plan: state.plan.textHash, spec: state.about.specHash }));
    return {
      verdict,
      findings,
      evidence: [{ kind: 'file', path: 'plan.md', sha256: state.plan.textHash }],
      passes: { ...checked.passes },
      inputHash,
    };
  },
};

/** Of the files that the plan names, those that are there before it begins: nobody has to wait for their maker. */
async function existingFiles({ engine, state }: TrackSession): Promise<ReadonlySet<string>> {
  const named = new Set([...(state.plan?.tasks.values() ?? [])].flatMap(({ task }) => task.files));
  const found = new Set<string>();
  for (const path of named) {
    if (!/[*?[\]{}]|\/$/u.test(path) && (await engine.workspace.read(path)) !== undefined) found.add(path);
  }
  return found;
}

/** What the other tracks of the project claim: an overlap with a live one fails, with a finished one is advice. */
async function otherTracks({ engine, id }: TrackSession): Promise<OtherTrack[]> {
  const { tracks } = await loadProject(engine.store);
  const others: OtherTrack[] = [];
  for (const entry of tracks.values()) {
    if (entry.id === id) continue;
    const { lifecycle, plan, about } = await loadTrack(engine.store, entry.id);
    if (lifecycle === 'archived' || lifecycle === 'cancelled') continue;
    const files = [...(plan?.tasks.values() ?? [])].flatMap(({ task }) => task.files);
    others.push({ id: entry.id, name: about.name, files, live: lifecycle === 'active' || lifecycle === 'paused' });
  }
  return others;
}

async function dependencies({ engine, state }: TrackSession): Promise<{ id: string; done: boolean }[]> {
  return Promise.all(
    state.about.dependencies.map(async (id) => {
      const { lifecycle } = await loadTrack(engine.store, id);
      return { id, done: lifecycle === 'completed' || lifecycle === 'archived' };
    }),
  );
}
