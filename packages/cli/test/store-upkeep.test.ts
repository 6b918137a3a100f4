import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { valid } from './answers.js';
import { commandLine, planOf } from './command-line.js';
import type { CommandLine, Document } from './command-line.js';

let line: CommandLine;
beforeEach(async () => {
  line = await commandLine();
  await line.write('conductor.config.json', '{}');
  await line.write('plan.md', planOf('a.txt'));
  await line.run('new', 'Files', '--plan', 'plan.md');
});
afterEach(() => line.remove());

const state = (name: string) => join(line.dir, '.conductor', name);
const codeOf = ({ last }: { readonly last: Document }) =>
  (last['error'] as { readonly code?: string } | undefined)?.code;

interface Check {
  readonly id: string;
  readonly status: string;
  readonly message: string;
}

async function checks(...flags: readonly string[]): Promise<Readonly<Record<string, Check>>> {
  const { last } = await line.json('doctor', ...flags);
  const found = valid('doctor', last)['checks'] as readonly Check[];
  return Object.fromEntries(found.map((check) => [check.id, check]));
}

const log = async () => (await line.json('log')).documents.filter(({ kind }) => kind === 'event');

/** An artifact as the store keeps it, from two days ago. */
async function artifact(text: string): Promise<string> {
  const hex = createHash('sha256').update(text).digest('hex');
  const path = join(state('artifacts'), hex.slice(0, 2), hex);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  const old = new Date('2020-01-01T00:00:00.000Z');
  await utimes(path, old, old);
  return path;
}

describe('backup', () => {
  it('makes a file that takes the place of the database, for its owner alone, and nothing beside it', async () => {
    const { last, exitCode } = await line.json('backup', 'kept.db');
    const file = join(line.dir, 'kept.db');
    const { size, mode } = await stat(file);
    expect(valid('backup', last)).toMatchObject({ file, bytes: size });
    expect([exitCode, mode & 0o777]).toEqual([0, 0o600]);
    expect((await readdir(line.dir)).filter((name) => name.includes('kept'))).toEqual(['kept.db']);
    const before = await log();
    await line.run('new', 'Later', '--goal', 'Something that came later');
    for (const name of ['conductor.db', 'conductor.db-wal', 'conductor.db-shm']) await rm(state(name), { force: true });
    await copyFile(file, state('conductor.db'));
    // What came later has left its folder, which is taken over anew.
    expect((await log()).slice(0, before.length)).toEqual(before);
    expect((await checks('--deep'))['content']).toMatchObject({ status: 'ok' });
  });

  it('writes over nothing, and leaves nothing where it cannot write', async () => {
    await line.write('mine.txt', 'mine');
    const there = await line.json('backup', 'mine.txt');
    expect([codeOf(there), there.exitCode]).toEqual(['VALIDATION_FAILED', 2]);
    expect(await readFile(join(line.dir, 'mine.txt'), 'utf8')).toBe('mine');
    const nowhere = await line.json('backup', 'no/such/folder.db');
    expect([codeOf(nowhere), nowhere.exitCode]).toEqual(['FILE_NOT_FOUND', 3]);
    expect(await readdir(line.dir)).not.toContain('no');
  });

  it('names the command for a store that is no database', async () => {
    await line.write('conductor.config.json', '{ "store": "files" }');
    const { stderr, exitCode } = await line.run('backup', 'kept.db');
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('conductor export --out')]);
    expect(await readdir(line.dir)).not.toContain('kept.db');
  });
});

describe('doctor', () => {
  it('says which store is used and how sure it is, and that another one lies beside it', async () => {
    expect((await checks())['place']).toMatchObject({
      status: 'ok',
      message: 'sqlite in .conductor/conductor.db; every commit is synced to the disk',
    });
    await line.write('conductor.config.json', '{ "store": "files" }');
    expect((await checks())['place']).toMatchObject({
      status: 'warn',
      message: expect.stringMatching(/^file in .conductor\/files\/log; .*conductor.db is there as well, and not read/u),
    });
  });

  it.each(['sqlite', 'files'])('reads all of a sound store of the kind %s with --deep', async (store) => {
    await line.write('conductor.config.json', JSON.stringify({ store }));
    await artifact('sound');
    const found = await checks('--deep');
    expect([found['content']?.status, found['artifacts']?.status]).toEqual(['ok', 'ok']);
    expect(found['artifacts']?.message).toMatch(/^\d+ artifacts have the bytes/u);
  });

  it('finds with --deep an artifact whose bytes have changed', async () => {
    await writeFile(await artifact('as it was'), 'as it is');
    const { last, exitCode } = await line.json('doctor', '--deep');
    expect(exitCode).toBe(1);
    expect(valid('doctor', last)['checks']).toContainEqual(
      expect.objectContaining({ id: 'artifacts', status: 'fail', message: expect.stringContaining('have changed') }),
    );
  });
});

describe('tidy', () => {
  it('removes old artifacts that nothing names, leaves the others, and keeps the log', async () => {
    const unnamed = await artifact('nobody names it');
    const named = await artifact('somebody names it');
    const id = `sha256:${named.split('/').at(-1)}`;
    await line.run('new', 'Named', '--goal', `Look at ${id} and say what it is`);
    const before = await log();
    const { last, exitCode } = await line.json('tidy');
    expect(valid('tidy', last)).toMatchObject({ artifacts: 1, artifactBytes: 15, deadLetters: 0 });
    expect(exitCode).toBe(0);
    await expect(stat(unnamed)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readFile(named, 'utf8')).toBe('somebody names it');
    expect(await log()).toEqual(before);
    expect((await line.run('tidy')).stdout).toMatch(/^Removed 0 dead letters, .*\nThe store has \d+ bytes/u);
  });

  it('leaves a store alone that is not on this machine', async () => {
    await line.write('conductor.config.json', '{ "store": "memory" }');
    expect(codeOf(await line.json('tidy'))).toBe('UNSUPPORTED');
  });
});
