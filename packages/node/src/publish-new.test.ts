import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publishNew } from './publish-new.js';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'conductor-publish-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const file = () => join(dir, 'kept.db');
const fill = (text: string) => (part: string) => writeFile(part, text);

describe('a new file', () => {
  it('is there when it is whole, for its owner alone', async () => {
    const bytes = await publishNew(file(), async (part) => {
      expect(await readdir(dir)).not.toContain('kept.db');
      expect((await stat(part)).mode & 0o777).toBe(0o600);
      await writeFile(part, 'whole');
    });
    expect([bytes, await readFile(file(), 'utf8'), await readdir(dir)]).toEqual([5, 'whole', ['kept.db']]);
  });

  it('leaves nothing when it cannot be filled, and what was left by a kill is in nobody’s way', async () => {
    const failed = publishNew(file(), async (part) => {
      await writeFile(`${part}-wal`, 'beside');
      throw new Error('full');
    });
    await expect(failed).rejects.toThrow('full');
    expect(await readdir(dir)).toEqual([]);
    await writeFile(join(dir, `.kept.db.${process.pid}.part`), 'half');
    await publishNew(file(), fill('whole'));
    expect(await readFile(file(), 'utf8')).toBe('whole');
  });

  it('is written over nothing, also when somebody was faster', async () => {
    const raced = publishNew(file(), async (part) => {
      await writeFile(part, 'mine');
      await writeFile(file(), 'theirs');
    });
    await expect(raced).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(publishNew(file(), fill('mine'))).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect([await readFile(file(), 'utf8'), await readdir(dir)]).toEqual(['theirs', ['kept.db']]);
  });
});
