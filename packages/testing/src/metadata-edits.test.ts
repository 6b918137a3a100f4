import { describe, expect, it } from 'vitest';
import { parseSpec } from '@conductor/core/plan';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine } from './create-test-engine.js';
import { dataOf, facts, steeredWorkers } from './scenario.js';

const one = { goal: 'A file', tasks: [{ id: '1.1', text: 'Write a', files: ['a.txt'] }] };
const pathOf = (id: string) => `conductor/tracks/${id}/metadata.json`;
type Metadata = Record<string, unknown> & { loop_state: Record<string, unknown>; blockers: Record<string, unknown>[] };

async function metadataOf(test: TestEngine, id: string): Promise<Metadata> {
  return JSON.parse((await test.read(pathOf(id))) ?? '{}') as Metadata;
}

/** A person changes the file; the engine is not told. */
async function edited(test: TestEngine, id: string, change: (metadata: Metadata) => void): Promise<void> {
  const metadata = await metadataOf(test, id);
  change(metadata);
  await test.workspace.replace(pathOf(id), new TextEncoder().encode(`${JSON.stringify(metadata, undefined, 2)}\n`));
}

async function findingsOf(test: TestEngine, id: string) {
  const noted = await facts(test, id, 'edit.noted');
  return noted.flatMap((event) => dataOf(event)['findings'] as readonly Record<string, unknown>[]);
}

describe('the loop', () => {
  it('reads metadata.json before it sends anybody to work on a step, and writes it when the step has ended [LOOP-03]', async () => {
    const { ports } = await createTestEngine();
    const { workspace, store } = ports;
    const happened: string[] = [];
    const workers = steeredWorkers();
    const test = await createTestEngine({
      agents: workers.agents,
      ports: {
        ...ports,
        workspace: {
          ...workspace,
          async read(path, o) {
            if (path.endsWith('/metadata.json')) happened.push('read');
            return workspace.read(path, o);
          },
          async replace(path, bytes, o) {
            const answer = await workspace.replace(path, bytes, o);
            if (path.endsWith('/metadata.json')) {
              const { loop_state } = JSON.parse(new TextDecoder().decode(bytes)) as Metadata;
              happened.push(`wrote ${String(loop_state['current_step'])} ${String(loop_state['step_status'])}`);
            }
            return answer;
          },
        },
        store: {
          ...store,
          async commit(commit, o) {
            const answer = await store.commit(commit, o);
            for (const { events } of commit.appends)
              for (const { type, data } of events)
                if (type.startsWith('step.')) happened.push(`${type} ${(data as { step: string }).step}`);
            return answer;
          },
        },
      },
    });
    const { id } = await test.api.tracks.create(one);
    await test.api.tracks.run(id);
    await test.api.tracks.waitFor(id);
    await test.close();
    const steps = happened.flatMap((what, at) => (what.startsWith('step.started') ? [at] : []));
    expect(steps.map((at) => happened[at])).toEqual(
      ['PLAN', 'EVALUATE_PLAN', 'EXECUTE', 'EVALUATE_EXECUTION', 'COMPLETE'].map((step) => `step.started ${step}`),
    );
    let before = 0;
    for (const at of steps) {
      const ended = happened.slice(before, at).findLastIndex((what) => what.startsWith('step.')) + before;
      const between = happened.slice(ended + 1, at);
      expect(between.lastIndexOf('read'), happened.join('\n')).toBeGreaterThanOrEqual(0);
      const [, step] = (happened[at] ?? '').split(' ');
      if (before > 0) expect(between).toContain(`wrote ${step ?? ''} NOT_STARTED`);
      before = at + 1;
    }
    expect(happened.slice(before)).toContain('wrote COMPLETE PASSED');
  });
});

describe('what a person writes into metadata.json while nothing runs', () => {
  it('becomes what the track is called, how it is weighed and how often it may be fixed', async () => {
    const test = await createTestEngine();
    const { id } = await test.api.tracks.create(one);
    await edited(test, id, (metadata) => {
      metadata['name'] = 'Another name';
      metadata['priority'] = 'high';
      metadata['superpower_enhanced'] = false;
      metadata['their_key'] = [1, 2];
      metadata.loop_state['max_fix_cycles'] = 7;
    });
    await test.api.tracks.update(id, { type: 'chore' });
    await test.close();
    expect(await test.api.tracks.get(id)).toMatchObject({ name: 'Another name', priority: 'P1', type: 'chore' });
    expect(await metadataOf(test, id)).toMatchObject({
      name: 'Another name',
      priority: 'high',
      superpower_enhanced: false,
      their_key: [1, 2],
      loop_state: { max_fix_cycles: 7 },
      type: 'chore',
    });
    expect((await facts(test, id, 'track.configured')).map(({ actor }) => actor.id)).toContain('file');
    expect(await findingsOf(test, id)).toEqual([]);
  });

  it('moves the loop where the table knows the step, and the next run begins there', async () => {
    const workers = steeredWorkers();
    const test = await createTestEngine({ agents: workers.agents });
    const { id } = await test.api.tracks.create(one);
    await test.api.tracks.run(id, { until: 'EXECUTE' });
    await test.api.tracks.waitFor(id);
    await edited(test, id, ({ loop_state }) =>
      Object.assign(loop_state, { current_step: 'EVALUATE_PLAN', step_status: 'NOT_STARTED' }),
    );
    await test.api.tracks.run(id);
    expect((await test.api.tracks.waitFor(id)).lifecycle).toBe('completed');
    await test.close();
    const [overridden] = await facts(test, id, 'step.overridden');
    expect(dataOf(overridden)).toMatchObject({
      from: { step: 'EVALUATE_EXECUTION', status: 'NOT_STARTED' },
      to: { step: 'EVALUATE_PLAN', status: 'NOT_STARTED' },
      source: 'metadata',
    });
    const started = (await facts(test, id, 'step.started')).map((event) => dataOf(event)['step']);
    expect(started.slice(-4)).toEqual(['EVALUATE_PLAN', 'EXECUTE', 'EVALUATE_EXECUTION', 'COMPLETE']);
    expect(workers.of('1.1')).toHaveLength(1);
  });

  it.each([
    ['COMPLETE', 'PASSED'],
    ['EVALUATE_EXECUTION', 'PASSED'],
    ['EXECUTE', 'NOT_STARTED'],
    ['PLAN', 'SKIPPED'],
  ])(
    'never leads past a gate: %s / %s is a finding with file and line, and the file says again what is so',
    async (current_step, step_status) => {
      const test = await createTestEngine();
      const { id } = await test.api.tracks.create(one);
      await edited(test, id, ({ loop_state }) => Object.assign(loop_state, { current_step, step_status }));
      await test.api.tracks.update(id, { type: 'chore' });
      await test.close();
      expect(await findingsOf(test, id)).toContainEqual(
        expect.objectContaining({
          code: 'METADATA_REFUSED',
          path: pathOf(id),
          line: expect.any(Number),
          item: 'loop_state.current_step',
        }),
      );
      expect(await test.api.tracks.get(id)).toMatchObject({ step: 'PLAN', stepStatus: 'NOT_STARTED' });
      expect((await metadataOf(test, id)).loop_state).toMatchObject({
        current_step: 'PLAN',
        step_status: 'NOT_STARTED',
      });
    },
  );

  it('that is no word of ours stays in the file, is reported, and changes nothing', async () => {
    const test = await createTestEngine();
    const { id } = await test.api.tracks.create(one);
    await edited(test, id, (metadata) => {
      metadata['status'] = 'Waiting for QA';
      Object.assign(metadata.loop_state, {
        current_step: 'GAME_VERIFICATION',
        checkpoints: { ENRICH: { status: 'DONE' } },
      });
    });
    await test.api.tracks.update(id, { type: 'chore' });
    await test.api.tracks.update(id, { type: 'feature' });
    await test.close();
    expect(await metadataOf(test, id)).toMatchObject({
      status: 'Waiting for QA',
      loop_state: { current_step: 'GAME_VERIFICATION', checkpoints: { ENRICH: { status: 'DONE' } } },
    });
    expect(await findingsOf(test, id)).toContainEqual(
      expect.objectContaining({ code: 'METADATA_REFUSED', item: 'loop_state.current_step', line: expect.any(Number) }),
    );
    expect((await test.api.tracks.get(id)).step).toBe('PLAN');
  });

  it('resolves a blocker, whose question asks for nothing any more, and the track goes on', async () => {
    const workers = steeredWorkers();
    workers.play('1.1', () => ({ status: 'blocked', summary: 'A key is missing' }));
    const test = await createTestEngine({ agents: workers.agents });
    const { id } = await test.api.tracks.create(one);
    await test.api.tracks.run(id);
    const asked = await test.api.tracks.waitFor(id);
    await test.engine.ended(id); // its files are written
    expect(asked).toMatchObject({ stepStatus: 'BLOCKED', approvals: [expect.any(String)] });
    await test.api.plans.edit(id, [{ do: 'mark', task: '1.1', state: 'pending' }]);
    workers.play('1.1', async (_assignment, { workspace }) => {
      await workspace.write('a.txt', 'a\n');
      return 'Done';
    });
    await edited(test, id, ({ blockers }) => {
      for (const blocker of blockers) blocker['status'] = 'RESOLVED';
    });
    await test.api.tracks.run(id);
    expect((await test.api.tracks.waitFor(id)).lifecycle).toBe('completed');
    expect(await test.api.approvals.get(asked.approvals[0] ?? '')).toMatchObject({ status: 'consumed' });
    expect((await facts(test, id, 'blocker.resolved')).map((event) => dataOf(event)['how'])).toContain('metadata.json');
    await test.close();
  });

  it('keeps a version of a newer program', async () => {
    const test = await createTestEngine();
    const { id } = await test.api.tracks.create(one);
    await edited(test, id, (metadata) => (metadata['version'] = 7));
    await test.api.tracks.update(id, { type: 'chore' });
    await test.close();
    expect(await metadataOf(test, id)).toMatchObject({ version: 7, type: 'chore' });
    expect(await findingsOf(test, id)).toContainEqual(expect.objectContaining({ item: 'version' }));
  });

  it('with keys of a prototype, keys that stand twice and huge numbers changes no state and loses no byte of theirs', async () => {
    const test = await createTestEngine();
    const { id } = await test.api.tracks.create(one);
    const text = (await test.read(pathOf(id))) ?? '';
    const hostile =
      '"__proto__": {"polluted": true},\n  "twice": 1,\n  "twice": 2,\n  "huge": 1234567890123456789012345678901234567890,\n  "constructor": {"a": 1},';
    await test.workspace.replace(pathOf(id), new TextEncoder().encode(text.replace('{', `{\n  ${hostile}`)));
    await test.api.tracks.update(id, { type: 'chore' });
    await test.close();
    expect(await test.read(pathOf(id))).toContain(hostile);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(await test.api.tracks.get(id)).toMatchObject({ type: 'chore', step: 'PLAN' });
  });
});

describe('spec.md', () => {
  it('is read by the headings of both published templates [FMT-32]', () => {
    const first = parseSpec(
      '# Spec: A\n\n## Overview\n\nWhy.\n\n## Requirements\n\n- R1: one\n\n## Acceptance Criteria\n\n- [ ] AC1: seen\n\n## Dependencies\n\n- other_20250101\n\n## Out of Scope\n\n- emoji\n',
    );
    const second = parseSpec(
      '# B\n\n## Goal\n\nWhy.\n\n## Requirements\n\n1. one\n\n## Acceptance Criteria\n\n- seen\n\n## Out of Scope\n\n- emoji\n\n## Technical Notes\n\n- use a map\n',
    );
    const texts = (items: readonly { readonly text: string }[]) => items.map(({ text }) => text);
    expect([first.title, first.goal, second.title, second.goal]).toEqual(['A', 'Why.', 'B', 'Why.']);
    expect([texts(first.requirements), texts(second.requirements)]).toEqual([['R1: one'], ['one']]);
    expect([texts(first.acceptance), texts(second.acceptance)]).toEqual([['AC1: seen'], ['seen']]);
    expect([texts(first.outOfScope), texts(second.outOfScope)]).toEqual([['emoji'], ['emoji']]);
    expect([texts(first.dependencies), texts(second.dependencies)]).toEqual([['other_20250101'], []]);
    expect([first.findings, second.findings]).toEqual([[], []]);
    expect(parseSpec('# C\n\n## Overview\n\nWhy.\n').findings).toMatchObject([
      { severity: 'warning', code: 'SPEC_REQUIREMENTS_MISSING' },
      { severity: 'warning', code: 'SPEC_ACCEPTANCE_MISSING' },
    ]);
  });
});
