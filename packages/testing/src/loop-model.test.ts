import { parseMetadata } from '@conductor/core/files';
import { defineDirector, defineEvaluator } from '@conductor/core/plugin';
import type { Assignment, Notifier, Repository, Workspace } from '@conductor/core/ports';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import { dataOf, deadKeeper, facts, steeredWorkers } from './scenario.js';

const planWith = (dependsOn: string) =>
  `# Plan\n\n## Phase 1: Work\n\n- [ ] Task 1.1: Write a\n  - **Files**: \`a.txt\`\n- [ ] Task 1.2: Write b\n` +
  `  - **Files**: \`b.txt\`\n  - **Depends on**: ${dependsOn}\n`;

/** Hands in one plan after the other, and keeps what it was asked with. */
function planner(...plans: readonly string[]) {
  const asked: { readonly findings: readonly { readonly message: string }[]; readonly planRevision: number }[] = [];
  const agent = async ({ input }: Assignment) => {
    asked.push(input as unknown as (typeof asked)[number]); // what the engine hands to a planner
    return {
      status: 'done' as const,
      summary: 'Planned',
      answer: { plan: plans[asked.length - 1] ?? plans.at(-1) ?? '' },
    };
  };
  return { asked, agent };
}

describe('a plan that does not pass', () => {
  it('goes back to the planner as the next version, with the reasons and the conditions of the board [LOOP-09]', async () => {
    let votes = 0;
    const strict = defineDirector({
      id: 'acme/strict',
      code: 'ST',
      title: 'Strict',
      assess: async () => ({
        verdict: (votes += 1) === 1 ? ('REJECT' as const) : ('APPROVE' as const),
        score: 3,
        keyPoints: [],
        concerns: ['No caching layer'],
        recommendations: ['Add a caching layer'],
        blocking: false,
      }),
    });
    const { asked, agent } = planner(planWith('9.9'), planWith('1.1'));
    const test = await createTestEngine({
      agents: { ...steeredWorkers().agents, planner: agent },
      plugins: [strict],
      board: { directors: [strict.id] },
    });
    const { id } = await test.api.tracks.create({
      goal: 'Two files',
      name: 'Architecture',
      type: 'architecture',
      priority: 'P0',
    });
    await test.api.tracks.run(id);
    await test.clock.runUntil(
      test.api.tracks.waitFor(id, (track) => track.step !== 'PLAN' && track.step !== 'EVALUATE_PLAN'),
    );
    const failed = (await facts(test, id, 'step.failed')).map(dataOf);
    expect(failed.length).toBeGreaterThanOrEqual(2);
    for (const data of failed)
      expect(data).toMatchObject({ step: 'EVALUATE_PLAN', rule: 'T11', next: { step: 'PLAN', status: 'NOT_STARTED' } });
    expect(asked[0]?.findings).toEqual([]);
    expect(asked[1]?.findings.map(({ message }) => message).join()).toContain('9.9');
    expect(asked[2]?.findings.map(({ message }) => message)).toEqual(['ST rejects: No caching layer']);
    expect(JSON.stringify(asked[2]?.findings)).toContain('Add a caching layer');
    await test.clock.settle();
    const metadata = parseMetadata((await test.read(`conductor/tracks/${id}/metadata.json`)) ?? '').metadata;
    expect(metadata?.loopState?.checkpoints?.PLAN?.planVersion).toBe(failed.length + 1);
    expect(metadata?.loopState?.planRevisionCount).toBe(failed.length);
    await test.close();
  });
});

/** A track that completes, with everything that the outside sees of it in its order. */
async function completed(o: { readonly fix?: boolean; readonly tasks?: number } = {}) {
  const order: string[] = [];
  const base = await createTestEngine();
  const changed = new Set<string>();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const workspace: Workspace = {
    ...base.workspace,
    async replace(path, bytes, options) {
      const name = path.split('/').at(-1) ?? '';
      const says = text(bytes);
      if (name === 'metadata.json' && says.includes('"status": "complete"')) order.push('metadata.json is complete');
      if (name === 'tracks.md' && says.includes('| Greet | 2026-01-01 |')) order.push('tracks.md has it completed');
      if (name === 'index.md' && /Complet[^\n]*\n\n- [^\n]*Greet/u.test(says)) order.push('index.md has it completed');
      changed.add(path);
      return base.workspace.replace(path, bytes, options);
    },
    async create(path, bytes, options) {
      if (path.endsWith('retrospective.md')) order.push('retrospective.md is written');
      return base.workspace.create(path, bytes, options);
    },
  };
  const commits: { readonly message: string; readonly paths: readonly string[]; readonly key: string }[] = [];
  const repository = {
    status: async () => ({ kind: 'ready' as const, head: 'base', branch: 'main', changed: [...changed] }),
    async commit({
      message,
      paths,
      key,
    }: {
      readonly message: string;
      readonly paths: readonly string[];
      readonly key: string;
    }) {
      commits.push({ message, paths, key });
      order.push(message);
      for (const path of paths) changed.delete(path);
      return { sha: String(commits.length).padStart(40, 'a') };
    },
    findKey: async () => undefined,
    changes: async () => [],
  } as Partial<Repository> as Repository; // what a run asks for
  const notifier: Notifier = { id: 'acme/mail', notify: async ({ kind }) => void order.push(`told: ${kind}`) };
  const strict = defineEvaluator({
    id: 'acme/strict',
    async evaluate() {
      const bad = o.fix === true && !commits.some(({ message }) => message.startsWith('fix('));
      return bad
        ? { verdict: 'FAIL', findings: [{ severity: 'error', path: 't1.txt', message: 'Too short' }] }
        : { verdict: 'PASS', findings: [] };
    },
  });
  const test = await createTestEngine({
    agents: steeredWorkers().agents,
    plugins: [strict],
    ports: { ...base.ports, workspace, repository, notifiers: [notifier] },
  });
  const { id } = await test.api.tracks.create({
    name: 'Greet',
    goal: 'Files',
    tasks: Array.from({ length: o.tasks ?? 1 }, (_, index) => ({
      text: `Write ${index + 1}`,
      files: [`t${index + 1}.txt`],
    })),
  });
  await test.api.tracks.run(id);
  await test.clock.runUntil(test.api.tracks.waitFor(id, ({ lastStop }) => lastStop === 'completed'));
  const records = (await facts(test, id, 'completion.recorded')).map(dataOf);
  const retrospective = await test.read(`conductor/tracks/${id}/retrospective.md`);
  const metadata = parseMetadata((await test.read(`conductor/tracks/${id}/metadata.json`)) ?? '').metadata;
  const log = await facts(test, id);
  await test.close();
  return { id, order, commits, records, retrospective, metadata, log };
}

describe('the completion of a track', () => {
  it('goes in its order: files, commit, report, retrospective, clean-up, and only after a PASS [LOOP-22]', async () => {
    const { id, order, records, log, metadata } = await completed({ fix: true, tasks: 3 });
    const done = `docs: complete ${id} - evaluation passed`;
    const files = ['index.md has it completed', 'metadata.json is complete', 'tracks.md has it completed'];
    const begin = Math.min(...files.map((file) => order.indexOf(file)));
    const end = order.slice(begin);
    expect(end.slice(0, end.indexOf(done)).sort()).toEqual(files); // side by side, and all of them before the commit
    const after = end.slice(end.indexOf(done)).filter((what) => !files.includes(what));
    expect(after.slice(0, 3)).toEqual([done, 'told: track.completed', 'retrospective.md is written']);
    expect(records.map(({ part }) => part)).toEqual(['commit', 'report', 'retrospective', 'cleanup']);
    expect(metadata).toMatchObject({
      status: 'complete',
      loopState: { currentStep: 'COMPLETE', stepStatus: 'PASSED' },
    });
    const types = log.map(({ type, data }) => `${type} ${(data as { step?: string }).step ?? ''}`);
    const passed = types.indexOf('step.passed EVALUATE_EXECUTION');
    expect(passed).toBeGreaterThan(0);
    expect(
      types.findIndex((type) => type.startsWith('completion.') || type.startsWith('track.completed')),
    ).toBeGreaterThan(passed);
  });

  it('is committed as `docs: complete <track> - evaluation passed`, with the files of the track and the pages of the project [LOOP-23]', async () => {
    const { id, commits } = await completed();
    expect(commits.map(({ message }) => message)).toEqual([
      `feat(${id}): Task 1.1 - Write 1`,
      `docs: complete ${id} - evaluation passed`,
    ]);
    const { paths = [], key = '' } = commits[1] ?? {};
    expect(key).toContain(`${id}/COMPLETE/1/commit`);
    expect(paths).toEqual(expect.arrayContaining([`conductor/tracks/${id}/metadata.json`, 'conductor/tracks.md']));
    expect(paths.filter((path) => !path.startsWith('conductor/') || path.includes('.message-bus'))).toEqual([]);
  });

  it('says why no retrospective is written, and writes what the log knows where one is due', async () => {
    const small = await completed();
    expect(small.retrospective).toBeUndefined();
    expect(small.records.find(({ part }) => part === 'retrospective')).toMatchObject({
      skipped: 'fewer tasks than a retrospective is worth',
    });
    const smooth = await completed({ tasks: 3 });
    expect(smooth.records.find(({ part }) => part === 'retrospective')).toMatchObject({
      skipped: 'no fix cycle and no consultation',
    });
    const due = await completed({ fix: true, tasks: 3 });
    expect(due.records.find(({ part }) => part === 'retrospective')).not.toHaveProperty('skipped');
    expect(due.retrospective).toContain('**Fix Cycles**: 1');
    expect(due.retrospective).toMatch(/## What Caused Problems\n\n- Too short\n/u);
    expect(due.retrospective).toContain('- Task 1.1 at the first attempt');
  });
});

describe('the limits of the loop', () => {
  const never = defineEvaluator({
    id: 'acme/never',
    evaluate: async () => ({ verdict: 'FAIL', findings: [{ severity: 'error', path: 'a.txt', message: 'No' }] }),
  });
  const one = { goal: 'A file', tasks: [{ id: '1.1', text: 'Write a', files: ['a.txt'] }] };

  it('count a fix cycle once, though its engine dies in it, and block with a question after the last', async () => {
    const base = await createTestEngine();
    const old = steeredWorkers();
    old.hold('Fix 1');
    const first = await createTestEngine({
      agents: old.agents,
      plugins: [never],
      ports: { ...base.ports, leaseKeeper: deadKeeper },
    });
    const { id } = await first.api.tracks.create({ ...one, limits: { maxFixCycles: 2 } });
    await first.api.tracks.run(id);
    await first.api.tracks.waitFor(id, ({ step, progress }) => step === 'FIX' && progress.running === 1);
    await base.clock.advance(6001);
    const second = await base.clock.runUntil(
      createTestEngine({ agents: steeredWorkers().agents, plugins: [never], ports: base.ports }),
    );
    await second.api.tracks.run(id);
    const track = await base.clock.runUntil(second.api.tracks.waitFor(id, ({ lastStop }) => lastStop === 'awaiting'));
    expect(track).toMatchObject({ step: 'EVALUATE_EXECUTION', stepStatus: 'BLOCKED', fixCycles: 2 });
    expect(track.blockers.filter(({ active }) => active)).toHaveLength(1);
    const starts = (await facts(base, id, 'step.started')).map((event) => dataOf(event)['step']);
    expect(starts.filter((step) => step === 'FIX')).toHaveLength(2);
    expect(starts.filter((step) => step === 'EVALUATE_EXECUTION')).toHaveLength(3);
    expect((await second.api.approvals.list()).items.map(({ kind }) => kind)).toEqual(['FIX_LIMIT']);
    await base.clock.runUntil(second.close());
  });

  it('count the iterations of all runs together, until a person starts the count again', async () => {
    const test = await createTestEngine({ agents: steeredWorkers().agents });
    const { id } = await test.api.tracks.create({ ...one, limits: { maxIterations: 3 } });
    for (const until of ['PLAN', 'EVALUATE_PLAN', undefined] as const) {
      await test.api.tracks.run(id, until && { until });
      await test.api.tracks.waitFor(id);
    }
    const [question] = (await test.api.approvals.list()).items;
    expect(question).toMatchObject({ kind: 'ITERATION_LIMIT' });
    expect(await facts(test, id, 'step.started')).toHaveLength(3);
    await test.api.approvals.decide(question?.id ?? '', { outcome: 'approved' });
    await test.api.tracks.run(id);
    expect(await test.api.tracks.waitFor(id, 'completed')).toMatchObject({ lifecycle: 'completed' });
    await test.close();
  });
});
