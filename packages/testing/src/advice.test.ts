import { functionExecutor } from '@conductor/agents';
import type { Assignment } from '@conductor/core/ports';
import type { Agents } from '@conductor/core/plugin';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine } from './create-test-engine.js';

let test: TestEngine | undefined;
afterEach(async () => {
  await test?.close();
});

const copy = '/somewhere/a-copy';
const folder = async () => copy;

async function asked(agents: Agents | undefined) {
  test = await createTestEngine({ agents, files: { 'src/a.ts': 'one\n' } });
  return test.engine;
}

describe('advice', () => {
  it('hands an advisor a read-only assignment in the folder given, and writes nothing to the log', async () => {
    const seen: Assignment[] = [];
    const engine = await asked({
      lead: functionExecutor(async (assignment) => {
        seen.push(assignment);
        return { status: 'done', summary: 'Short', answer: { text: '# Sell less\n\nTo fewer.' } };
      }),
    });
    const before = await test?.store.head();
    const advice = await engine.advise({ advisor: 'ceo', question: 'What first?', folder });
    expect(advice).toMatchObject({ text: '# Sell less\n\nTo fewer.', findings: [] });
    expect(seen).toMatchObject([
      { role: 'lead', readOnly: true, folder: copy, input: { advisor: 'ceo', question: 'What first?' } },
    ]);
    expect(await test?.store.head()).toBe(before);
  });

  it('lets an advisor read the project and refuses what it writes [AGT-10]', async () => {
    const tried: unknown[] = [];
    const curious: Agents = async (_assignment, { workspace }) => {
      tried.push(await workspace.read('src/a.ts'));
      for (const path of ['src/a.ts', 'new.ts', 'conductor/tracks.md'])
        await workspace.write(path, 'mine').catch((error: unknown) => tried.push((error as { code?: string }).code));
      return 'Leave it';
    };
    for (const advisor of ['ceo', 'cmo', 'cto', 'ux-designer'] as const) {
      tried.length = 0;
      const engine = await asked(curious);
      expect(await engine.advise({ advisor, folder })).toMatchObject({ text: 'Leave it' });
      expect(tried).toEqual(['one\n', 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
      expect(await test?.read('src/a.ts')).toBe('one\n');
      expect(await test?.read('new.ts')).toBeUndefined();
    }
  });

  it.each([
    ['nobody at all', undefined, 'cto'],
    ['nobody but a worker', { worker: functionExecutor(async () => 'x') }, 'ceo'],
  ] as const)('is EXECUTOR_MISSING where %s was handed in', async (_name, agents, advisor) => {
    const engine = await asked(agents);
    await expect(engine.advise({ advisor, folder })).rejects.toMatchObject({ code: 'EXECUTOR_MISSING' });
  });

  it('asks the cto for the cto, and whoever does everything for want of one', async () => {
    const engine = await asked({
      cto: functionExecutor(async () => 'as cto'),
      default: functionExecutor(async () => 'as default'),
    });
    expect(await engine.advise({ advisor: 'cto', folder })).toMatchObject({ text: 'as cto' });
    expect(await engine.advise({ advisor: 'cmo', folder })).toMatchObject({ text: 'as default' });
  });

  it.each([
    ['a verdict', { verdict: 'PASS_WITH_CONDITIONS', findings: ['Measure it'] }, '', 'PASS WITH CONDITIONS', 'warning'],
    ['a refusal', { verdict: 'FAIL', findings: [{ risk: 'lock-in' }] }, '', 'FAIL', 'error'],
    ['a verdict in words', undefined, 'All good. VERDICT: PASS', 'PASS', undefined],
  ] as const)('reads %s of a review', async (_name, answer, summary, verdict, severity) => {
    const engine = await asked(functionExecutor(async () => ({ status: 'done', summary, ...(answer && { answer }) })));
    const review = await engine.advise({ advisor: 'cto', review: true, folder });
    expect([review.verdict, review.findings[0]?.severity]).toEqual([verdict, severity]);
  });

  it('takes no review without a verdict, no failure for advice, and ends with its signal', async () => {
    const engine = await asked(functionExecutor(async () => 'Hm'));
    await expect(engine.advise({ advisor: 'cto', review: true, folder })).rejects.toMatchObject({
      code: 'ANSWER_INVALID',
    });
    const failing = await asked(functionExecutor(async () => ({ status: 'failed', summary: 'No key' })));
    await expect(failing.advise({ advisor: 'cto', folder })).rejects.toMatchObject({ code: 'EXECUTOR_ERROR' });
    const stop = new AbortController();
    const slow = await asked(
      functionExecutor(async (_assignment, { signal }) => {
        stop.abort(new Error('Enough'));
        signal.throwIfAborted();
        return 'Never';
      }),
    );
    await expect(slow.advise({ advisor: 'cto', folder }, { signal: stop.signal })).rejects.toThrow('Enough');
  });

  it('knows the track that it is asked about', async () => {
    const seen: Assignment[] = [];
    const engine = await asked(
      functionExecutor(async (assignment) => {
        seen.push(assignment);
        return { status: 'done', summary: '', answer: { verdict: 'PASS', findings: [] } };
      }),
    );
    await expect(engine.advise({ advisor: 'cto', trackId: 'nope', folder })).rejects.toMatchObject({
      code: 'TRACK_NOT_FOUND',
    });
    const track = await test?.api.tracks.create({
      name: 'Slugs',
      goal: 'Readable',
      plan: '# P\n\n- [ ] Task 1.1: A\n',
    });
    await engine.advise({ advisor: 'cto', trackId: track?.id, review: true, folder });
    expect(seen.at(-1)).toMatchObject({
      trackId: track?.id,
      input: { goal: 'Readable', plan: expect.stringContaining('Task 1.1') },
    });
  });
});
