import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { builtCommand } from './built-command.js';
import type { Place } from './built-command.js';
import { parseLines, planOf } from './command-line.js';
import { outputSchemas } from './output-schemas.js';
import { planForms } from './plan-forms.js';

let place: Place;
beforeEach(async () => {
  place = await builtCommand();
});
afterEach(() => place.remove());

/** What is published beside the command, as somebody else's tool would read it. */
function published(name: string) {
  const file = new URL(`../schemas/${name}.json`, import.meta.url);
  return z.fromJSONSchema(JSON.parse(readFileSync(file, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0]); // a JSON Schema: made by zod itself
}

describe('the plan commands as they are installed', () => {
  it('show each form of plan in the published shape', async () => {
    const schema = published('plan-show');
    for (const [name, { text, shows }] of Object.entries(planForms)) {
      place.write('form.md', text);
      const { exitCode, stdout, stderr } = await place.run('plan', 'show', 'form.md', '--json');
      const [document] = parseLines(stdout);
      expect([name, exitCode, stderr]).toEqual([name, 0, '']);
      expect(document).toMatchObject({ schemaVersion: 1, ...shows });
      expect(outputSchemas['plan-show'].safeParse(document).error).toBeUndefined();
      expect(schema.safeParse(document).error?.issues ?? []).toEqual([]);
    }
    expect(schema.safeParse({ schemaVersion: 1, title: 'P' }).success).toBe(false);
  });

  it('check with exit 0, 1 and 2, mark one line in place, and draw', async () => {
    place.write('good.md', planOf('a.txt'));
    place.write('doubtful.md', '# P\r\n\r\n- [ ] Tests\r\n');
    place.write('bad.md', '# Nothing to do\n');
    const exits: unknown[] = [];
    const lines = [['good.md'], ['good.md', '--strict'], ['doubtful.md'], ['doubtful.md', '--strict'], ['bad.md'], []];
    for (const argv of lines) exits.push((await place.run('plan', 'check', ...argv)).exitCode);
    expect(exits).toEqual([0, 0, 0, 1, 1, 2]);

    const marked = await place.run('plan', 'mark', 'doubtful.md', 'line:3', 'done', '--commit', 'abc1234', '--json');
    expect(parseLines(marked.stdout)).toEqual([
      { schemaVersion: 1, file: 'doubtful.md', line: 3, before: 'pending', after: 'done' },
    ]);
    expect(readFileSync(place.path('doubtful.md'), 'utf8')).toBe('# P\r\n\r\n- [x] Tests <!-- commit: abc1234 -->\r\n');
    const drawn = await place.run('plan', 'graph', 'good.md');
    expect([drawn.exitCode, drawn.stdout.split('\n')[0]]).toEqual([0, 'flowchart TD']);
  });
});
