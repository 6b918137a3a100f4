import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchCopy } from '../src/scratch-copy.js';
import { codeOf, valid } from './answers.js';
import { commandLine, planOf } from './command-line.js';
import type { CommandLine } from './command-line.js';

let line: CommandLine;
beforeEach(async () => {
  line = await commandLine();
});
afterEach(() => line.remove());

/** Says what it was asked, and writes wherever it can reach without being told where the project lies. */
const meddler = `import { readFileSync, rmSync, writeFileSync } from 'node:fs';
const { role, readOnly, folder, input } = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
const seen = readFileSync('src.ts', 'utf8').trim();
if (folder !== process.cwd()) throw new Error('elsewhere');
writeFileSync('src.ts', 'meddled\\n');
writeFileSync('new.ts', 'meddled\\n');
rmSync('spare.ts');
console.log(JSON.stringify({ status: 'done', summary: 'short', answer: {
  text: ['# ' + input.advisor, role + ' ' + readOnly + ' ' + seen, input.question ?? 'no question', folder].join('\\n'),
} }));
`;

async function project(agents: object): Promise<void> {
  await line.write('conductor.config.json', JSON.stringify({ agents }));
  await line.write('agent.mjs', meddler);
  await line.write('src.ts', 'one\n');
  await line.write('spare.ts', 'two\n');
  await line.run('init');
}

describe('advise', () => {
  it('asks each advisor, who changes nothing: what one writes is told, and gone [AGT-10]', async () => {
    await project({ default: { command: ['node', 'agent.mjs'] } });
    const roles = { ceo: 'lead', cmo: 'lead', cto: 'cto', 'ux-designer': 'lead' };
    for (const [advisor, role] of Object.entries(roles)) {
      const { last, exitCode } = await line.json('advise', advisor, 'What first?');
      const [title, told, asked, folder = ''] = String(valid('advise', last)['text']).split('\n');
      expect([title, told, asked]).toEqual([`# ${advisor}`, `${role} true one`, 'What first?']);
      expect([folder === line.dir, existsSync(folder)]).toEqual([false, false]);
      expect(last['findings']).toMatchObject(
        ['new.ts', 'spare.ts', 'src.ts'].map((path) => ({ code: 'ADVISOR_WROTE', severity: 'warning', path })),
      );
      expect(exitCode).toBe(0);
    }
    expect(await readFile(join(line.dir, 'src.ts'), 'utf8')).toBe('one\n');
    expect(await readFile(join(line.dir, 'spare.ts'), 'utf8')).toBe('two\n');
    expect(existsSync(join(line.dir, 'new.ts'))).toBe(false);
  });

  it('shows the text as it is, without control characters, and says whom it asks on stderr', async () => {
    await project({ default: { command: ['node', 'agent.mjs'] } });
    const { stdout, stderr } = await line.run('advise', 'ceo');
    expect(stdout).toMatch(/^# ceo\nlead true one\nno question\n.+\nwarning: The advisor changed new\.ts/u);
    expect(stderr).toBe('Asking the ceo\n');
  });

  it.each([
    ['an advisor nobody knows', ['advise', 'cfo'], 'USAGE', 2],
    ['nobody to ask', ['advise', 'ceo', '--config', 'none'], 'EXECUTOR_MISSING', 3],
    ['nobody to review', ['cto-advisor', 'slugs', '--config', 'none'], 'EXECUTOR_MISSING', 3],
    ['an agent nobody knows', ['advise', 'ceo', '--agent', 'nobody'], 'PLUGIN_INVALID', 2],
    ['a track that is not there', ['cto-advisor', 'nope'], 'TRACK_NOT_FOUND', 3],
  ])('refuses %s', async (_name, argv, code, exit) => {
    await project({ worker: { command: ['node', 'agent.mjs'] } });
    await line.run('new', 'Slugs', '--goal', 'x');
    const { last, exitCode } = await line.json(...argv);
    expect([codeOf(valid('error', last)), exitCode]).toEqual([code, exit]);
  });
});

describe('cto-advisor', () => {
  const reviewer = `import { readFileSync } from 'node:fs';
const { role, input } = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
const sound = input.plan.includes('a.txt') && input.spec.length > 0 && role === 'cto';
console.log(JSON.stringify({ status: 'done', summary: 'Reviewed', answer: sound
  ? { verdict: 'PASS WITH CONDITIONS', findings: ['Measure it first'] }
  : { verdict: 'FAIL', findings: ['No such file'] } }));
`;

  it.each([
    ['a.txt', 'PASS WITH CONDITIONS', 'warning: Measure it first', 0],
    ['b.txt', 'FAIL', 'error: No such file', 1],
  ])('reviews spec and plan of the active track: %s is a %s', async (file, verdict, said, exit) => {
    await project({ cto: { command: ['node', 'reviewer.mjs'] } });
    await line.write('reviewer.mjs', reviewer);
    await line.write('plan.md', planOf(file));
    await line.run('new', 'Files', '--plan', 'plan.md');
    const { last, exitCode } = await line.json('cto-advisor');
    expect([valid('cto-advisor', last)['verdict'], exitCode]).toEqual([verdict, exit]);
    expect((await line.run('cto-advisor', 'files')).stdout).toBe(`${verdict}: Reviewed\n${said}\n`);
  });
});

describe('the copy that an advisor looks at', () => {
  const { signal } = new AbortController();

  it('holds the files of the project, and neither its state, nor packages, nor links that lead out', async () => {
    for (const folder of ['.conductor', 'node_modules/x', '.git', 'src/deep'])
      await mkdir(join(line.dir, folder), { recursive: true });
    for (const file of ['.conductor/conductor.db', 'node_modules/x/a.js', '.git/HEAD', 'src/deep/a.ts'])
      await writeFile(join(line.dir, file), file);
    await line.write('run.sh', '#!/bin/sh\n');
    await chmod(join(line.dir, 'run.sh'), 0o755);
    await symlink('src/deep/a.ts', join(line.dir, 'inside'));
    await symlink('/etc/hostname', join(line.dir, 'outside'));
    await symlink('../..', join(line.dir, 'above'));
    const copy = await scratchCopy(line.dir, 'conductor', { signal });
    try {
      const names = readdirSync(copy.folder).toSorted();
      expect(names).toEqual(['inside', 'run.sh', 'src']);
      expect(await readFile(join(copy.folder, 'inside'), 'utf8')).toBe('src/deep/a.ts');
      expect(await copy.changed()).toEqual([]);
      await chmod(join(copy.folder, 'run.sh'), 0o644);
      await writeFile(join(copy.folder, 'inside'), 'changed through the link');
      expect(await copy.changed()).toEqual(['run.sh', 'src/deep/a.ts']);
    } finally {
      await copy.remove();
    }
    expect(existsSync(copy.folder)).toBe(false);
  });

  it('takes what version control would take, and the documents even where they are ignored', async () => {
    await line.run('init', '--git-init');
    await line.write('.gitignore', 'conductor/\nsecret.env\n');
    await line.write('secret.env', 'KEY=1');
    await line.write('a.ts', 'a');
    const copy = await scratchCopy(line.dir, 'conductor', { signal });
    try {
      expect(readdirSync(copy.folder).toSorted()).toEqual(['.gitignore', 'a.ts', 'conductor']);
      expect(existsSync(join(copy.folder, 'conductor/tracks.md'))).toBe(true);
    } finally {
      await copy.remove();
    }
  });

  it('is not made any more once nobody wants it', async () => {
    await line.write('a.ts', 'a');
    const temporary = join(line.dir, 'temporary');
    await mkdir(temporary);
    const gone = AbortSignal.abort(new Error('Enough'));
    await expect(scratchCopy(line.dir, 'conductor', { signal: gone, temporary })).rejects.toThrow('Enough');
    expect(readdirSync(temporary)).toEqual([]);
  });
});
