import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLine, planOf } from './command-line.js';
import type { CommandLine } from './command-line.js';

let line: CommandLine;
let source: CommandLine;
beforeEach(async () => {
  line = await commandLine();
  source = await commandLine();
  await source.run('init');
  await source.run('new', 'Exported', '--goal', 'Something shall be true');
  await source.run('export', '--out', 'log.ndjson');
});
afterEach(async () => {
  await line.remove();
  await source.remove();
});

const readers = ['status', 'list', 'log', 'approvals', 'status --json', 'plan show later'];

describe('a command that only reads, in a project without a log', () => {
  it('leaves none behind, so that a log can still be imported after an import that was refused', async () => {
    await line.write('bad.ndjson', 'nonsense\n');
    expect((await line.run('import', 'bad.ndjson')).exitCode).toBe(2);
    for (const command of readers) await line.run(...command.split(' '));
    expect((await line.run('status')).stdout).toContain('No tracks yet');
    expect(await line.run('log')).toMatchObject({ exitCode: 0, stdout: '', stderr: 'Nothing was logged yet.\n' });
    const imported = await line.run('import', join(source.dir, 'log.ndjson'));
    expect([imported.exitCode, imported.stderr]).toEqual([0, '']);
    expect((await line.run('list')).stdout).toContain('exported');
  });

  it('shows the tracks that lie in the folder, and writes nothing', async () => {
    const folder = join(line.dir, 'conductor', 'tracks', 'later_20260101');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'plan.md'), planOf('a.txt'));
    for (const command of readers) expect((await line.run(...command.split(' '))).exitCode).toBe(0);
    expect((await line.run('list')).stdout).toContain('later_20260101');
    expect((await line.run('plan', 'show', 'later_20260101')).stdout).toContain('Write a.txt');
    expect(existsSync(join(line.dir, '.conductor', 'conductor.db'))).toBe(false);
    expect(existsSync(join(folder, 'metadata.json'))).toBe(false);
    expect((await line.run('import', join(source.dir, 'log.ndjson'))).exitCode).toBe(0);
  });
});
