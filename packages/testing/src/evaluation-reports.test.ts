import { defineEvaluator } from '@conductor/core/plugin';
import { parsePlan } from '@conductor/core/plan';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import { steeredWorkers } from './scenario.js';

describe('the report of an evaluation', () => {
  it('stands in full in its file, and in short in plan.md where other programs look [FMT-33]', async () => {
    let failures = 1;
    const strict = defineEvaluator({
      id: 'acme/strict',
      evaluate: async () => {
        failures -= 1;
        return failures < 0
          ? { verdict: 'PASS', findings: [] }
          : { verdict: 'FAIL', findings: [{ severity: 'error', path: 'a.txt', message: 'It has no greeting' }] };
      },
    });
    const test = await createTestEngine({ agents: steeredWorkers().agents, plugins: [strict] });
    const { id } = await test.api.tracks.create({
      name: 'Greet',
      goal: 'A greeting in a.txt',
      tasks: [{ text: 'Write a.txt', files: ['a.txt'] }],
    });
    await test.api.tracks.run(id);
    expect(await test.api.tracks.waitFor(id)).toMatchObject({ lifecycle: 'completed', fixCycles: 1 });
    await test.clock.settle();

    const full = (await test.read(`conductor/tracks/${id}/evaluation-report.md`)) ?? '';
    expect(full).toContain('# Execution Evaluation Report');
    expect(full).toMatch(/\| acme\/strict .*N\/A/u); // it named no evidence
    expect(full).toMatch(/## Verdict\n\nPASS/u);
    const text = (await test.read(`conductor/tracks/${id}/plan.md`)) ?? '';
    const { plan, findings } = parsePlan(text);
    const reports = plan.sections.filter(({ kind }) => kind === 'report').map(({ title }) => title);
    expect(reports).toEqual(['Plan Evaluation Report', 'Execution Evaluation Report', 'Execution Evaluation Report']);
    const verdicts = [...text.matchAll(/\*\*Verdict\*\*: (\w+)/gu)].map(([, verdict]) => verdict);
    expect(verdicts).toEqual(['PASS', 'FAIL', 'PASS']);
    expect(text).toContain('It has no greeting');
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect((await test.api.plans.get(id)).text).toBe(text);
    await test.close();
  });
});
