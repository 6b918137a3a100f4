import { parseFixLog } from '@conductor/core/files';
import type { Assignment } from '@conductor/core/ports';
import { defineEvaluator } from '@conductor/core/plugin';
import type { ExecutorContext } from '@conductor/core/plugin';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import { facts } from './scenario.js';

const plan = `# Sums

## Phase 1: Data

- [ ] Task 1.1: Write the table
  - **Files**: src/table.ts
  - **Acceptance**: It is there

## Phase 2: Sums

- [ ] Task 2.1: Write the sums
  - **Files**: src/sums.ts, src/sums.txt
  - **Depends on**: 1.1
- [ ] Task 2.2: Write the tests
  - **Files**: src/sums.test.ts
  - **Depends on**: 2.1
`;

async function sums(edit: (path: string) => Promise<unknown> = async () => {}) {
  const worker = async (assignment: Assignment, { workspace }: ExecutorContext<undefined>) => {
    const { id, files } = 'task' in assignment ? assignment.task : { id: '', files: [] };
    for (const file of files) await workspace.write(file, `${id}\n`);
    if (id === '2.2') await edit(`conductor/tracks/${assignment.trackId}/reports/phase-1.md`);
    const tests = id === '2.2' ? { tests: { unit: 4, integration: 2, e2e: 1 } } : {};
    return { status: 'done' as const, summary: `Wrote ${files.join(' and ')}`, answer: tests };
  };
  const test = await createTestEngine({ agents: { worker } });
  const { id } = await test.api.tracks.create({ name: 'Sums', goal: 'Sums of a table', plan });
  const run = async () => {
    await test.api.tracks.run(id);
    return test.api.tracks.waitFor(id);
  };
  return { ...test, test, id, run, folder: `conductor/tracks/${id}` };
}

describe('the report of a phase', () => {
  it('is written when the last task of it is done, from what is on record, and stays as it is [FMT-34]', async () => {
    const { test, id, run, read, folder, close } = await sums();
    expect((await run()).lifecycle).toBe('completed');
    expect(await read(`${folder}/reports/phase-2.md`)).toBe(`# Phase 2 Completion Report

**Phase**: 2 – Sums  
**Date**: 2026-01-01  
**Status**: Complete

## Deliverables

- [x] Task 2.1: Write the sums
- [x] [Task 2.2: Write the tests](../../../../src/sums.test.ts)

## Quality Gates Passed

- [x] EVALUATE_PLAN: plan-checks
- [x] Files: 3 of 3 are there

## Tests

- Unit: 4
- Integration: 2
- End-to-end: 1

## Notes

- Task 2.1: Wrote src/sums.ts and src/sums.txt
- Task 2.2: Wrote src/sums.test.ts
`);
    expect(await read(`${folder}/reports/phase-1.md`)).toContain('## Tests\n\n- none recorded\n');
    const completed = await facts(test, id, 'phase.completed');
    expect(completed.map(({ data }) => (data as { phase: number }).phase)).toEqual([1, 2]);
    await close();
  });

  it('that a person has edited keeps their words', async () => {
    const theirs = '# Phase 1\n\nSeen by Ada, with other words.\n';
    const { test, run, read, folder, close } = await sums(async (path) =>
      test.workspace.replace(path, new TextEncoder().encode(theirs)),
    );
    expect((await run()).lifecycle).toBe('completed');
    expect(await read(`${folder}/reports/phase-1.md`)).toBe(theirs);
    expect(await read(`${folder}/reports/phase-2.md`)).toContain('# Phase 2 Completion Report');
    await close();
  });
});

describe('the report of a track', () => {
  it('counts phases, tasks, cycles and commits, and names the track that could come next [FMT-35]', async () => {
    const { test, id, run, read, folder, close } = await sums();
    const other = (name: string, more: object = {}) =>
      test.api.tracks.create({ name, goal: name, tasks: [{ text: `Write ${name}`, files: [`${name}.txt`] }], ...more });
    const over = await other('over', { priority: 'P0' });
    await test.api.tracks.cancel(over.id);
    const waiting = await other('later', {
      priority: 'P0',
      dependencies: [(await other('plain', { priority: 'P3' })).id],
    });
    const next = await other('urgent', { priority: 'P1', dependencies: [id] });
    await run();
    const report = (await read(`${folder}/completion-report.md`)) ?? '';
    for (const line of [
      '**Phases completed**: 2',
      '**Tasks completed**: 3 of 3',
      '**Evaluation**: PASS',
      '**Fix cycles**: 0',
      '**Lead consultations**: 0',
      '**Commits**: 0',
      `## Next Track\n\n${next.id} – urgent`,
    ])
      expect(report).toContain(line);
    expect(report).not.toContain(waiting.id);
    await close();
  });

  it('lists the commit of each task, and no track where none is open [FMT-35]', async () => {
    const base = await createTestEngine();
    let made = 0;
    const changed: string[] = [];
    const sha = (count: number) => String(count).padStart(40, 'a');
    const test = await createTestEngine({
      agents: {
        worker: async (assignment, { workspace }) => {
          for (const file of 'task' in assignment ? assignment.task.files : []) {
            await workspace.write(file, 'a');
            changed.push(file);
          }
          return 'Wrote it';
        },
      },
      ports: {
        ...base.ports,
        repository: {
          ...({} as NonNullable<typeof base.ports.repository>), // what a shared workspace asks for
          status: async () => ({ kind: 'ready', head: 'base', branch: 'main', changed: [...changed] }),
          commit: async () => ({ sha: sha((made += 1)) }),
          findKey: async () => undefined,
          changes: async () => [],
        },
      },
    });
    const { id } = await test.api.tracks.create({ name: 'Sums', goal: 'Sums of a table', plan });
    await test.api.tracks.run(id);
    await test.api.tracks.waitFor(id);
    const report = (await test.read(`conductor/tracks/${id}/completion-report.md`)) ?? '';
    expect(report).toContain('**Commits**: 3');
    expect(report).toContain(`| 1.1 | Write the table | ${sha(1)} |`);
    expect(report).toContain('## Next Track\n\nNone in the registry.');
    await test.close();
  });
});

describe('fix-log.md', () => {
  /** Finds fault with b.txt at its first two looks. */
  async function mended(existing?: string) {
    let looked = 0;
    const faulty = defineEvaluator({
      id: 'acme/faulty',
      evaluate: () => {
        looked += 1;
        return looked <= 2
          ? { verdict: 'FAIL', findings: [{ severity: 'error', message: `Fault ${looked}`, path: 'b.txt' }] }
          : { verdict: 'PASS', findings: [], passes: [{ id: 'a', title: 'A', verdict: 'PASS' }] };
      },
    });
    const worker = async (assignment: Assignment, { workspace }: ExecutorContext<undefined>) => {
      const { id, files } = 'task' in assignment ? assignment.task : { id: '', files: [] };
      for (const file of files) await workspace.write(file, `${id}\n`);
      return id === 'Fix 2' ? '' : `Mended ${files.join(' and ')}`;
    };
    const test = await createTestEngine({ agents: { worker }, plugins: [faulty] });
    const { id } = await test.api.tracks.create({ goal: 'B', tasks: [{ text: 'Write b', files: ['b.txt'] }] });
    const path = `conductor/tracks/${id}/fix-log.md`;
    if (existing !== undefined) await test.workspace.replace(path, new TextEncoder().encode(existing));
    await test.api.tracks.run(id);
    expect((await test.clock.runUntil(test.api.tracks.waitFor(id))).lifecycle).toBe('completed');
    const text = (await test.read(path)) ?? '';
    await test.close();
    return text;
  }

  it('names each fix that was made, with its issue and its day, and there is none without a fix', async () => {
    const text = await mended();
    expect(text).toBe(
      '# Fix Log\n\n## Fault 1\n\n- **Date**: 2026-01-01\n- **Fix**: Mended b.txt\n\n## Fault 2\n\n- **Date**: 2026-01-01\n- **Fix**: Fault 2\n',
    );
    expect(parseFixLog(text).map(({ issue, fix }) => [issue, fix])).toEqual([
      ['Fault 1', 'Mended b.txt'],
      ['Fault 2', 'Fault 2'],
    ]);
    const { run, read, folder, close } = await sums();
    await run();
    expect(await read(`${folder}/fix-log.md`)).toBeUndefined();
    await close();
  });

  it('that somebody else has begun keeps their entries, and gets ours behind them', async () => {
    const theirs = '# Fix Log\n\n## Tests fail\n\n- **Root Cause**: A race\n- **Fix**: Await it\n\nSeen by Ada.\n';
    const text = await mended(theirs);
    expect(text.startsWith(theirs)).toBe(true);
    expect(parseFixLog(text).map(({ issue }) => issue)).toEqual(['Tests fail', 'Fault 1', 'Fault 2']);
  });
});

describe('index.md of the project', () => {
  it('shows focus, completions and health as they are now, and keeps what people wrote around them', async () => {
    const before = '# Our project\n\nSee [product](product.md).\n\n## Links\n\n- one\n';
    const { test, id, run, read, close } = await sums();
    await test.workspace.replace('conductor/index.md', new TextEncoder().encode(before));
    const other = await test.api.tracks.create({
      name: 'Later',
      goal: 'Later',
      tasks: [{ text: 'x', files: ['x.txt'] }],
    });
    await test.clock.settle();
    expect(await read('conductor/index.md')).toContain('## Current Focus\n\n- none\n');
    await test.api.tracks.move(id, { to: 'ready' });
    await test.api.tracks.move(id, { to: 'active' });
    await test.clock.settle();
    expect(await read('conductor/index.md')).toContain(`## Current Focus\n\n- [Sums](./tracks/${id}/) – PLAN\n`);
    await run();
    expect(await read('conductor/index.md')).toBe(`# Our project

**Last Updated**: 2026-01-01

See [product](product.md).

## Links

- one

## Current Focus

- none

## Recent Completions

- [Sums](./tracks/${id}/) – 2026-01-01

## System Health

- Active tracks: 0
- Blocked tracks: 0
- Completed tracks: 1
- Open questions: 0
`);
    // Another process knows the same tracks without having written them.
    await test.workspace.remove('conductor/index.md');
    const second = await createTestEngine({ ports: test.ports });
    await second.api.tracks.cancel(other.id);
    await second.close();
    expect(await read('conductor/index.md')).toContain(`- [Sums](./tracks/${id}/)`);
    await close();
  });

  it('counts a track that waits for an answer as blocked', async () => {
    const test = await createTestEngine({
      agents: { worker: async () => ({ status: 'failed', summary: 'It does not work' }) },
    });
    const { id } = await test.api.tracks.create({ goal: 'A file', tasks: [{ text: 'Write a', files: ['a.txt'] }] });
    await test.api.tracks.run(id);
    await test.api.tracks.waitFor(id);
    await test.close();
    expect(await test.read('conductor/index.md')).toMatch(
      /- Active tracks: 1\n- Blocked tracks: 1\n- Completed tracks: 0\n- Open questions: 1\n/u,
    );
  });
});
