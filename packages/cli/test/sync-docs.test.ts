import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLine, planOf } from './command-line.js';
import type { CommandLine } from './command-line.js';
import { outputSchemas } from './output-schemas.js';

/** A scribe as a program: it changes the documents that it is handed, where they lie. */
const scribe = `import { readFileSync, writeFileSync } from 'node:fs';
const { input } = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
for (const { path, text } of input.documents) writeFileSync(path, text.replaceAll('$19', '$29'));
console.log(JSON.stringify({ status: 'done', summary: 'Wrote tier ' + input.tier }));
`;

let line: CommandLine;
const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: line.dir, encoding: 'utf8' });

beforeEach(async () => {
  line = await commandLine();
  await line.write('scribe.mjs', scribe);
  await line.run('init');
  await line.write('conductor/product.md', '# Product\n\n- **Pro**: $29/month\n');
  await line.write('conductor/product-roadmap.md', '# Roadmap\n\n- Pro: $19/month\n');
  await mkdir(join(line.dir, 'conductor/research'));
  await line.write('conductor/research/old.md', 'Pro: $9/month\n');
});

afterEach(() => line.remove());

async function everything(): Promise<Readonly<Record<string, string>>> {
  const files = (await readdir(line.dir, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && !/\.conductor|\.git/u.test(entry.parentPath),
  );
  const read = files.map(
    async ({ parentPath, name }) => [join(parentPath, name), await readFile(join(parentPath, name), 'utf8')] as const,
  );
  return Object.fromEntries(await Promise.all(read));
}

const configure = (agents: object) => line.write('conductor.config.json', JSON.stringify({ agents }));
const text = (name: string) => readFile(join(line.dir, name), 'utf8');
const withScribe = () => configure({ scribe: { command: [process.execPath, 'scribe.mjs'] } });

describe('sync-docs', () => {
  it('shows impact, tiers and what does not fit, and writes nothing, with --dry-run', async () => {
    const before = await everything();
    const { exitCode, last } = await line.json('sync-docs', '--dry-run');
    expect(exitCode).toBe(1);
    expect(outputSchemas['sync-docs'].parse(last)).toMatchObject({
      dryRun: true,
      verdict: 'FAIL',
      trigger: 'manual',
      impacts: [],
      documents: ['conductor/product.md', 'conductor/product-roadmap.md'],
      tiers: [
        { tier: 1, name: 'source of truth', documents: ['conductor/product.md'] },
        { tier: 2, name: 'derived documents', documents: ['conductor/product-roadmap.md'] },
      ],
      findings: [{ code: 'PRICE_MISMATCH', path: 'conductor/product-roadmap.md', line: 3 }],
    });
    const { stdout } = await line.run('sync-docs', '--dry-run');
    for (const part of [
      'Tier 1, source of truth\n  conductor/product.md',
      'PRICE_MISMATCH conductor/product-roadmap.md:3: ',
      'Nothing was written.',
    ])
      expect(stdout).toContain(part);
    expect(await everything()).toEqual(before);
    await line.write('conductor/product-roadmap.md', '# Roadmap\n\n- Pro: $29/month\n');
    expect(await line.json('sync-docs', '--dry-run')).toMatchObject({
      exitCode: 0,
      last: { verdict: 'PASS', findings: [] },
    });
  });

  it('needs a scribe: without one it exits 3 and has written nothing', async () => {
    const before = await everything();
    expect(await line.json('sync-docs')).toMatchObject({ exitCode: 3, last: { error: { code: 'EXECUTOR_MISSING' } } });
    expect(await everything()).toEqual(before);
  });

  it('has the scribe write, verifies, logs the decision and commits once, with the message [BIZ-04]', async () => {
    await withScribe();
    git('init', '-q');
    git('config', 'user.email', 'ada@example.org');
    git('config', 'user.name', 'Ada');
    git('add', '-A');
    git('commit', '-q', '-m', 'begin');
    const { exitCode, last } = await line.json('sync-docs');
    const answer = outputSchemas['sync-docs'].parse(last);
    expect({ exitCode, ...answer }).toMatchObject({
      exitCode: 0,
      verdict: 'PASS',
      documents: ['conductor/product-roadmap.md'],
      findings: [],
    });
    expect(await text('conductor/product-roadmap.md')).toBe('# Roadmap\n\n- Pro: $29/month\n');
    expect(await text('conductor/research/old.md')).toBe('Pro: $9/month\n');
    expect(await text('conductor/decision-log.md')).toMatch(
      /\| stale prices \| BUSINESS \| product-roadmap\.md \| business-docs-sync \|\n$/u,
    );
    expect(git('log', '--format=%s').split('\n').slice(0, 2)).toEqual([
      'docs: sync business docs — stale prices',
      'begin',
    ]);
    expect(git('rev-parse', 'HEAD').trim()).toBe(answer.commit);
    expect(git('show', '--name-only', '--format=', 'HEAD').trim().split('\n')).toEqual([
      'conductor/decision-log.md',
      'conductor/product-roadmap.md',
    ]);
    expect(git('status', '--porcelain', 'conductor').trim()).toBe('');
  });

  it('exits 1 with what does not fit when the scribe cannot make it right, and commits nothing', async () => {
    await configure({
      scribe: {
        command: [process.execPath, '-e', 'console.log(JSON.stringify({ status: "done", summary: "Looked" }))'],
      },
    });
    const { exitCode, last } = await line.json('sync-docs');
    expect(exitCode).toBe(1);
    expect(outputSchemas['sync-docs'].parse(last)).toMatchObject({
      verdict: 'FAIL',
      documents: [],
      findings: [{ code: 'PRICE_MISMATCH', path: 'conductor/product-roadmap.md' }],
    });
    expect(await text('conductor/decision-log.md')).not.toContain('business-docs-sync');
  });

  it('names the decision that workers of a track flagged, and the error of a scribe that breaks', async () => {
    await line.write('plan.md', planOf('a.txt'));
    const answer = {
      status: 'done',
      summary: 'Wrote it',
      answer: { businessSyncRequired: true, businessSyncReason: 'Pro is $29' },
    };
    const worker = `require('fs').writeFileSync('a.txt', 'a'); console.log(${JSON.stringify(JSON.stringify(answer))})`;
    await configure({ worker: { command: [process.execPath, '-e', worker] } });
    await line.run('new', 'Raise', '--goal', 'A price', '--plan', 'plan.md');
    expect((await line.run('run')).exitCode).toBe(3);
    await withScribe();
    expect(await line.json('sync-docs', 'raise', '--dry-run')).toMatchObject({ last: { reasons: ['Pro is $29'] } });
    expect(await line.json('sync-docs', 'raise')).toMatchObject({ exitCode: 0, last: { what: 'Pro is $29' } });
    expect(await text('conductor/decision-log.md')).toMatch(/\| raise_\d+ \| Pro is \$29 \|/u);
    await configure({ scribe: { command: [process.execPath, '-e', 'process.exit(4)'] } });
    expect((await line.json('sync-docs')).last).toMatchObject({
      error: { code: expect.stringMatching(/^EXECUTOR_/u) as string },
    });
  });
});
