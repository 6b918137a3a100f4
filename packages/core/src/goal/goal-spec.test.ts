import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSpec } from '../plan/parse/spec.js';
import { specOfGoal } from './goal-spec.js';
import { readGoal } from './read-goal.js';

const specOf = (text: string) => specOfGoal(readGoal(text, { maxBytes: 65_536 }));

describe('the spec that a goal gives by itself', () => {
  it('holds the words of the goal, and says what is to be filled in', () => {
    const text = specOf('Reports can be downloaded as CSV');
    expect(parseSpec(text)).toMatchObject({
      title: 'Reports can be downloaded as CSV',
      goal: 'Reports can be downloaded as CSV',
      requirements: [{ text: 'Reports can be downloaded as CSV' }],
      acceptance: [{ text: 'Reports can be downloaded as CSV' }],
      findings: [],
    });
    expect(text.match(/To be filled in/gu)).toHaveLength(5);
  });

  it('makes no requirement and no limit out of what is to be filled in', () => {
    const { requirements, outOfScope, dependencies } = parseSpec(specOf('Add CSV export'));
    expect([requirements.length, outOfScope, dependencies]).toEqual([1, [], []]);
  });

  it('makes one requirement of each item that the goal lists', () => {
    const { requirements, acceptance } = parseSpec(specOf('Export:\n- CSV\n- PDF'));
    expect(requirements.map(({ text }) => text)).toEqual(['CSV', 'PDF']);
    expect(acceptance).toHaveLength(2);
  });

  it('names what is technical in the goal', () => {
    expect(specOf('Add a database migration')).toContain('- Named in the goal: database, migration');
  });

  it('escapes what would be a block behind a bullet as well', () => {
    const text = specOf('- # Export\n- ```\n- CSV\n- - 1. ~~~\n- - -');
    expect(text).toContain('## Goal\n\n- \\# Export\n- \\```\n- CSV\n- - 1. \\~~~\n\\- - -\n');
    expect(text).toContain('## Requirements\n\n- \\# Export\n- \\```\n- CSV\n');
  });

  it('lets no goal write headings, fences or comments of its own', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            '# H',
            '- # H',
            '1. - ```',
            '* ~~~',
            '- - -',
            '## Acceptance Criteria',
            '```',
            '~~~',
            '<!-- x',
            '-->',
            '---',
            '===',
            '> q',
            'x',
          ),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
        (lines) => {
          const goal = readGoal(`Words\n${lines.join('\n')}`, { maxBytes: 65_536 });
          const spec = parseSpec(specOfGoal(goal));
          expect(spec.requirements).toHaveLength(goal.items.length || 1);
          expect(spec.acceptance).toHaveLength(goal.items.length || 1);
          expect(spec.outOfScope).toEqual([]);
        },
      ),
    );
  });
});
