import { describe, expect, it } from 'vitest';
import { initialPatterns } from './knowledge.js';
import { appendPattern, parsePatterns, patternCategories } from './patterns.js';

const entry = {
  name: 'Retry with jitter',
  category: 'API',
  discovered: 'greet_20260101 (2026-01-02)',
  problem: 'Everybody retries at once',
  solution: 'Wait a random time',
  codeExample: '# no heading\n\nconst a = 1;\n```\nProblem: none\n```',
  gotchas: 'Cap it',
};

describe('patterns.md', () => {
  it('takes an entry of each category in the published form and gives it back, appending only [FMT-37]', () => {
    let text = initialPatterns();
    for (const category of [...patternCategories, 'API']) {
      const next = appendPattern(text, { ...entry, category });
      for (const line of text.split('\n')) expect(next.split('\n')).toContain(line);
      text = next;
    }
    expect(text.startsWith(initialPatterns().trimEnd())).toBe(true);
    const read = parsePatterns(text);
    expect(read.map(({ category, section }) => [category, section])).toEqual(
      ['UI', 'State', 'API', 'API', 'Auth', 'Integration', 'Testing', 'Performance'].map((word) => [
        word,
        `${word} Patterns`,
      ]),
    );
    for (const found of read) expect(found).toMatchObject({ ...entry, category: found.category });
    expect(text.split('\n')[read[0]?.line === undefined ? -1 : read[0].line - 1]).toBe('### Retry with jitter');
  });

  it('are read in the forms of other people', () => {
    const text =
      '# P\r\n\r\n## State Patterns\r\n\r\n### One\r\n\r\n**Problem:** text\r\n**Code Example**:\r\n```ts\r\n### no entry\r\n```\r\n\r\n## Code Conventions\r\n\r\n### Two\r\nprose\r\n';
    expect(parsePatterns(text)).toMatchObject([
      { name: 'One', category: 'State', problem: 'text', codeExample: '### no entry' },
      { name: 'Two', section: 'Code Conventions', category: undefined, problem: undefined },
    ]);
    const added = appendPattern(text, { name: 'Three', category: 'state' });
    expect(added.replace('### Three\r\n\r\n- **Category**: state\r\n\r\n', '')).toBe(text);
    expect(parsePatterns(added).map(({ name }) => name)).toEqual(['One', 'Three', 'Two']);
  });

  it('cannot be given headings or tags by a value', () => {
    const added = appendPattern(undefined, { name: 'a\n## b', category: 'UI', problem: '<b>\n### c' });
    expect(parsePatterns(added)).toHaveLength(1);
    expect(added).not.toMatch(/^## b|^### c/m);
  });
});
