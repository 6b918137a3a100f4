import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { valid } from './answers.js';
import { commandLine, configOf, parseLines, planOf, writingWorker } from './command-line.js';
import type { CommandLine, Document } from './command-line.js';

/** The project that is exported: it is read in all tests, and made once. */
let line: CommandLine;
let ids: readonly [string, string];
let other: CommandLine;
beforeAll(async () => {
  line = await commandLine();
  ids = await project();
});
beforeEach(async () => {
  other = await commandLine();
});
afterEach(() => other.remove());
afterAll(() => line.remove());

/** A project with one track that was run to its end, and one that was only made. */
async function project(): Promise<readonly [string, string]> {
  await line.write('conductor.config.json', configOf('node', 'worker.mjs'));
  await line.write('worker.mjs', writingWorker);
  await line.write('plan.md', planOf('a.txt', 'b.txt'));
  const first = await line.json('new', 'Files', '--plan', 'plan.md');
  await line.run('run');
  const second = await line.json('new', 'Other', '--goal', 'Something else shall be true');
  return [first, second].map(({ last }) => (last['track'] as { id: string }).id) as [string, string]; // two were made
}

const withoutSchema = ({ schemaVersion: _, ...rest }: Document) => rest;

describe('export and import', () => {
  it('carry a project into an empty folder, where list and log say the same and the track can be worked on', async () => {
    const [done] = ids;
    const exported = await line.json('export', '--out', 'log.ndjson');
    expect(exported.exitCode).toBe(0);
    const { file, ...summary } = valid('export', exported.last);
    expect([file, (await stat(join(line.dir, 'log.ndjson'))).mode & 0o777]).toEqual([
      join(line.dir, 'log.ndjson'),
      0o600,
    ]);
    expect((await readdir(line.dir)).filter((name) => name.endsWith('.part'))).toEqual([]);

    const into = await other.json('import', join(line.dir, 'log.ndjson'));
    expect(into.exitCode).toBe(0);
    expect(valid('import', into.last)).toEqual({ ...summary, root: other.dir, resumedAfter: 0 });

    const events = async (where: CommandLine) =>
      (await where.json('log')).documents.filter(({ kind }) => kind === 'event').map(({ event }) => event);
    expect(await events(other)).toEqual(await events(line));
    expect((await other.json('list', '--all')).last).toEqual((await line.json('list', '--all')).last);
    expect((await other.json('show', done)).last).toEqual((await line.json('show', done)).last);

    const again = await other.json('export', '--out', 'again.ndjson');
    const [before, after] = await Promise.all([
      readFile(join(line.dir, 'log.ndjson')),
      readFile(join(other.dir, 'again.ndjson')),
    ]);
    expect([again.last['sha256'], after.equals(before)]).toEqual([summary['sha256'], true]);

    // The documents are views: doctor writes them from the log.
    expect((await other.json('doctor', '--fix')).exitCode).toBe(0);
    const plans = [line, other].map(({ dir }) => readFile(join(dir, 'conductor/tracks', done, 'plan.md'), 'utf8'));
    const [mine, theirs] = await Promise.all(plans);
    expect(theirs).toBe(mine);
    expect(await events(other)).toEqual(await events(line));
  });

  it('writes the log itself to stdout, with its sum as the last line', async () => {
    const { stdout, stderr, exitCode } = await line.run('export');
    expect(exitCode).toBe(0);
    const lines = parseLines(stdout);
    expect(lines[0]).toMatchObject({ kind: 'conductor.log', schemaVersion: 1 });
    const end = lines.at(-1) ?? {};
    const body = stdout.slice(0, stdout.lastIndexOf('\n', stdout.length - 2) + 1);
    expect(end).toMatchObject({ kind: 'end', sha256: createHash('sha256').update(body).digest('hex') });
    expect(stderr).toContain(String(end['sha256']));
    expect((await line.run('export', '--json', '--out', '-')).stdout).toBe(stdout);
  });

  it('exports one track by the beginning of its id, as a project of its own', async () => {
    const [done, open] = ids;
    await line.json('export', done, '--out', 'one.ndjson');
    expect((await other.json('import', join(line.dir, 'one.ndjson'))).exitCode).toBe(0);
    const tracks = (await other.json('list', '--all')).last['tracks'] as readonly { id: string; lifecycle: string }[];
    expect(tracks.map(({ id, lifecycle }) => [id, lifecycle])).toEqual([[done, 'completed']]);
    expect((await line.json('export', open.slice(0, -3), '--out', 'two.ndjson')).exitCode).toBe(0);
    expect((await line.json('export', 'nothing')).last).toMatchObject({ error: { code: 'TRACK_NOT_FOUND' } });
  });

  it('goes into the files store, and says what the configuration has to name', async () => {
    await line.json('export', '--out', 'log.ndjson');
    const { stdout, exitCode } = await other.run('import', join(line.dir, 'log.ndjson'), '--into', 'files');
    expect([exitCode, stdout.includes('set "store": "files"')]).toEqual([0, true]);
    await other.write('conductor.config.json', JSON.stringify({ store: 'files' }));
    const listed = [line, other].map((where) => where.json('list', '--all'));
    const [mine, theirs] = await Promise.all(listed);
    expect(theirs?.last).toEqual(mine?.last);
  });

  it('refuses a store that is not empty with 5, and a file that is none with 2, and changes nothing', async () => {
    const { last } = await line.json('export', '--out', 'log.ndjson');
    const refused = await line.json('import', 'log.ndjson');
    expect([refused.exitCode, refused.last]).toMatchObject([5, { error: { code: 'INVALID_STATE' } }]);
    expect(withoutSchema((await line.json('export', '--out', 'log2.ndjson')).last)['sha256']).toBe(last['sha256']);

    await other.write('torn.ndjson', (await readFile(join(line.dir, 'log.ndjson'), 'utf8')).slice(0, 5_000));
    const torn = await other.json('import', 'torn.ndjson');
    expect([torn.exitCode, torn.last]).toMatchObject([2, { error: { code: 'FILE_INVALID' } }]);
    const missing = await other.json('import', 'nowhere.ndjson');
    expect([missing.exitCode, missing.last]).toMatchObject([3, { error: { code: 'FILE_NOT_FOUND' } }]);
    expect((await other.json('import', 'torn.ndjson', '--into', 'memory')).exitCode).toBe(2);
    expect((await other.json('import', 'torn.ndjson', '--into', 'oracle')).last).toMatchObject({
      error: { code: 'CONFIG_INVALID' },
    });
    // Still empty: the whole file goes in.
    expect((await other.json('import', join(line.dir, 'log.ndjson'))).exitCode).toBe(0);
  });

  it('keeps the file that is there when an export fails', async () => {
    await other.write('kept.ndjson', 'mine');
    const nowhere = await other.json('export', '--out', 'kept.ndjson');
    expect([nowhere.exitCode, nowhere.last]).toMatchObject([3, { error: { code: 'PROJECT_NOT_FOUND' } }]);
    expect(await readFile(join(other.dir, 'kept.ndjson'), 'utf8')).toBe('mine');
    expect(await readdir(other.dir)).toEqual(['kept.ndjson']);
    const nowhereElse = await line.json('export', '--out', join('plan.md', 'log'));
    expect([nowhereElse.exitCode, nowhereElse.last]).toMatchObject([3, { error: { code: 'FILE_NOT_FOUND' } }]);
  });
});
