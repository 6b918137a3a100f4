import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLine, configOf } from './command-line.js';
import type { CommandLine } from './command-line.js';

let line: CommandLine;
beforeEach(async () => {
  line = await commandLine();
});
afterEach(() => line.remove());

describe('conductor worker', () => {
  it('says what is missing or wrong before it waits for anything', async () => {
    const code = async (...argv: readonly string[]) => {
      const { exitCode, last } = await line.json('worker', ...argv);
      return [exitCode, (last['error'] as { code: string }).code]; // every one of these fails
    };
    expect(await code('--store', 'sqlite')).toEqual([3, 'PROJECT_NOT_FOUND']);
    await line.write('conductor.config.json', configOf('true'));
    expect(await code('--role', 'planner')).toEqual([2, 'USAGE']);
    expect(await code('--max-workers', '0')).toEqual([2, 'USAGE']);
    expect(await code()).toEqual([2, 'CONFIG_INVALID']);
    expect(await code('--store', 'mysql://here')).toEqual([2, 'CONFIG_INVALID']);
    expect(await code('--store', 'sqlite', '--repo', '--upload-pack=x')).toEqual([2, 'CONFIG_INVALID']);
    // A store of its own, in which no engine has ever worked.
    expect(await code('--store', 'sqlite')).toEqual([3, 'PROJECT_NOT_FOUND']);
  });
});
