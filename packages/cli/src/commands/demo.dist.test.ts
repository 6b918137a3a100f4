import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtCommand } from '../../test/built-command.js';
import type { Place } from '../../test/built-command.js';
import { parseLines } from '../../test/command-line.js';
import { outputSchemas } from '../../test/output-schemas.js';

let place: Place;
beforeEach(async () => {
  place = await builtCommand();
});
afterEach(() => place.remove());

describe('demo', () => {
  it('runs the whole loop in a project of its own, and the three commands it ends with work', async () => {
    const { exitCode, stdout, stderr } = await place.run('demo', 'slugs', '--json');
    expect(exitCode, stderr).toBe(0);
    const end = outputSchemas.demo.parse(parseLines(stdout).at(-1));
    expect(end).toMatchObject({
      dir: place.path('slugs'),
      track: { lifecycle: 'completed', fixCycles: 1, planRevisions: 1 },
    });
    expect(readFileSync(end.report ?? '', 'utf8')).toContain('# Track Completion Report');
    expect(existsSync(join(end.dir, '.git'))).toBe(true);
    expect(existsSync(join(end.dir, '.gitignore'))).toBe(true);
    expect(end.commands).toHaveLength(3);
    for (const command of end.commands) {
      const tried = await place.run(...command.split(' ').slice(1));
      expect([command, tried.exitCode]).toEqual([command, 0]);
      expect(tried.stdout).not.toBe('');
    }
  });

  it('says in words where everything lies', async () => {
    const { exitCode, stdout } = await place.run('demo', 'slugs');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Track \S+ is complete: 10 of 10 tasks in 0:\d\d, 1 fix cycle$/mu);
    expect(stdout).toMatch(/^Report: .*slugs\/conductor\/tracks\/[^/]+\/completion-report\.md$/mu);
    expect(stdout).toContain(`The project stays in ${place.path('slugs')}. Try next:`);
    expect(stdout.match(/^ {2}conductor (?:status|log|plan show) /gmu)).toHaveLength(3);
  });

  it('writes into no folder that holds anything', async () => {
    const { exitCode, stderr } = await place.run('demo', '.');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error USAGE: .* is not empty/u);
    expect(existsSync(place.path('track'))).toBe(false);
  });
});
