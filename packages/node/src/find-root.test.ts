import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRoot, isProject } from './find-root.js';

let top = '';
beforeEach(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), 'conductor-root-')));
  await mkdir(join(top, 'project', 'src', 'deep'), { recursive: true });
});
afterEach(async () => {
  await rm(top, { recursive: true, force: true });
});

describe('the root of a project', () => {
  it.each([
    ['its documents', async () => mkdir(join(top, 'project', 'conductor'))],
    ['its configuration', async () => writeFile(join(top, 'project', 'conductor.config.json'), '{}')],
  ])('is known by %s, and found from below', async (_what, make) => {
    expect(isProject(join(top, 'project'))).toBe(false);
    await make();
    expect(isProject(join(top, 'project'))).toBe(true);
    expect(findRoot(join(top, 'project', 'src', 'deep'), {})).toBe(join(top, 'project'));
  });

  it('is not looked for above the top of a repository', async () => {
    await mkdir(join(top, 'conductor'));
    await mkdir(join(top, 'project', '.git'));
    expect(findRoot(join(top, 'project', 'src'), {})).toBeUndefined();
  });

  it('is what a worker was told', () => {
    expect(findRoot(join(top, 'project'), { CONDUCTOR_ROOT: join(top, 'elsewhere') })).toBe(join(top, 'elsewhere'));
  });
});
