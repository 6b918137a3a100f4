import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);
let folder = '';

/** The JavaScript blocks of the README, in their order. */
async function blocks(): Promise<readonly string[]> {
  const text = await readFile(join(root, 'README.md'), 'utf8');
  return [...text.matchAll(/```js\n([\s\S]*?)```/gu)].map((match) => match[1] ?? '');
}

/** An empty project folder that finds the built packages as if they had been installed. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conductor-readme-'));
  await mkdir(join(folder, 'node_modules', '@conductor'), { recursive: true });
  for (const name of await readdir(join(root, 'packages')))
    await symlink(join(root, 'packages', name), join(folder, 'node_modules', '@conductor', name));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function paste(index: number): Promise<string> {
  const cwd = await mkdtemp(join(folder, 'paste-'));
  const code = (await blocks())[index];
  if (code === undefined) throw new Error(`The README has no JavaScript block ${index + 1}`);
  await writeFile(join(cwd, 'quickstart.mjs'), code);
  const { stdout } = await run(process.execPath, ['quickstart.mjs'], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd },
  });
  return stdout;
}

describe('the README', () => {
  it('has a quickstart that runs as pasted, with no key and an empty home', async () => {
    const lines = (await paste(0)).trim().split('\n');
    expect(lines.at(-1)).toBe('completed');
    expect(lines.some((line) => line.endsWith('task.completed'))).toBe(true);
  });

  it('shows a gate of your own that holds until the fix has passed', async () => {
    expect((await paste(1)).trim()).toBe('1');
  });

  it('keeps both short: 12 lines, and 20 with a gate of your own', async () => {
    const counts = (await blocks()).map((code) => code.split('\n').filter((line) => line.trim() !== '').length);
    expect(counts).toHaveLength(2);
    expect(counts[0]).toBeLessThanOrEqual(12);
    expect(counts[1]).toBeLessThanOrEqual(20);
  });
});
