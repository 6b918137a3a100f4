import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.js';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'conductor-config-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const write = (name: string, text: string) => writeFile(join(root, name), text);
const load = () => loadConfig(root, { command: 'test' });

describe('a configuration', () => {
  it('may be absent', async () => {
    expect(await load()).toEqual({});
  });

  it.each([
    ['conductor.config.json', '{ "git": "off", "limits": { "maxWorkers": 2 } }'],
    ['conductor.config.mjs', "export default { git: 'off', limits: { maxWorkers: 2 } };"],
    ['conductor.config.ts', "const git: 'off' = 'off';\nexport default { git, limits: { maxWorkers: 2 } };"],
    [
      'conductor.config.mjs',
      "export default ({ command }) => ({ git: command === 'test' ? 'off' : 'auto', limits: { maxWorkers: 2 } });",
    ],
  ])('is read from %s', async (name, text) => {
    await write(name, text);
    expect(await load()).toEqual({ git: 'off', limits: { maxWorkers: 2 } });
  });

  it('is refused when there are two, because nobody could say which one counts', async () => {
    await write('conductor.config.json', '{}');
    await write('conductor.config.mjs', 'export default {};');
    await expect(load()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('conductor.config.mjs'),
    });
  });

  it.each([
    ['{ "agnets": {} }', 'agents'],
    ['{ "limits": { "maxWorker": 2 } }', 'maxWorkers'],
  ])('with a misspelt key %s is told the nearest one', async (text, nearest) => {
    await write('conductor.config.json', text);
    await expect(load()).rejects.toMatchObject({ code: 'CONFIG_INVALID', hint: `Did you mean ${nearest}?` });
  });

  it.each([
    '[]',
    '"text"',
    '{ "limits": { "maxWorkers": 0 } }',
    '{ "limits": { "maxWorkers": "many" } }',
    '{ not json',
    '{ "__proto__": {} }',
  ])('that reads %s is refused', async (text) => {
    await write('conductor.config.json', text);
    await expect(load()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('that throws is refused with what it said', async () => {
    await write('conductor.config.mjs', "throw new Error('no key in the environment');");
    await expect(load()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('no key in the environment'),
    });
  });

  it('may be another file, which has to be there', async () => {
    await write('other.json', '{ "git": "off" }');
    expect(await loadConfig(root, { file: join(root, 'other.json'), command: 'test' })).toEqual({ git: 'off' });
    await expect(loadConfig(root, { file: join(root, 'none.json'), command: 'test' })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
  });
});
