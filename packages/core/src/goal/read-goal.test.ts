import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConductorError } from '../kernel/error.js';
import { complexityOf } from './complexity.js';
import { intentOf, intentOfType, offeredIntents } from './intent.js';
import { specOfGoal } from './goal-spec.js';
import { isNoGoal, readGoal } from './read-goal.js';

const read = (text: string) => readGoal(text, { maxBytes: 65_536 });

function codeOf(work: () => unknown): unknown {
  try {
    return { value: work() };
  } catch (error) {
    return ConductorError.is(error) ? error.code : error;
  }
}

describe('intent', () => {
  it.each([
    ['Fix the login page', 'bugfix'],
    ['The export is broken for empty files', 'bugfix'],
    ['Uploads crash on large images', 'bugfix'],
    ['Refactor the session store', 'refactor'],
    ['Simplify how prices are rounded', 'refactor'],
    ['Investigate slow queries', 'research'],
    ['Understand why customers leave', 'research'],
    ['Add CSV export to reports', 'feature'],
    ['Prefix order numbers with the year', 'feature'],
    ['A fixed header, a tissue simulation and a debugger', 'feature'],
    ['', 'feature'],
  ])('of %j is %s, by whole words', (goal, intent) => {
    expect(intentOf(goal)).toBe(intent);
  });

  it('is that of the first list that matches: bugfix before refactor before research', () => {
    expect(intentOf('Investigate, refactor and fix the parser')).toBe('bugfix');
    expect(intentOf('Analyze and simplify the parser')).toBe('refactor');
  });

  it('of a track is its type, and feature for any other type', () => {
    expect([intentOfType('refactor'), intentOfType('security')]).toEqual(['refactor', 'feature']);
  });

  it('is left open only by alternatives', () => {
    expect(offeredIntents('Fix or refactor the parser')).toEqual(['bugfix', 'refactor']);
    expect(offeredIntents('fix/improve vs. research')).toEqual(['bugfix', 'refactor', 'research']);
    expect(offeredIntents('Fix bugs or errors; fix and refactor')).toEqual([]);
  });
});

describe('complexity', () => {
  it.each([
    ['Fix a typo on the start page', 'minor'],
    ['Rename the button that sends the weekly report to all customers', 'minor'],
    ['Add CSV export', 'minor'],
    ['Show the last ten orders of a customer beside the invoice list', 'moderate'],
    ['Fix the logging', 'moderate'],
    ['Accept payments by card', 'major'],
    ['New architecture for the parser', 'major'],
  ])('of %j is %s', (text, complexity) => {
    expect(complexityOf({ text })).toBe(complexity);
  });

  it('is major by any one criterion of a major track: type, P0, five tasks', () => {
    const text = 'Fix a typo';
    expect(complexityOf({ text, type: 'infrastructure' })).toBe('major');
    expect(complexityOf({ text, priority: 'P0' })).toBe('major');
    expect(complexityOf({ text, tasks: 5 })).toBe('major');
    expect(complexityOf({ text, tasks: 4, majorTaskCount: 4 })).toBe('major');
    expect(complexityOf({ text, tasks: 2 })).toBe('moderate');
  });
});

describe('readGoal', () => {
  it('says what is technical, listed and named in a goal', () => {
    const goal = read(
      'Move `src/export.ts` to the new API (see docs/export/):\n- keep README.md\n- version 1.2 of https://x.y/z',
    );
    expect(goal).toMatchObject({
      technical: ['api'],
      paths: ['src/export.ts', 'docs/export', 'README.md'],
      items: ['keep README.md', 'version 1.2 of https://x.y/z'],
    });
  });

  it('calls a track by its first sentence, in at most 80 characters', () => {
    expect(read('- Add CSV export. It has a header.').title).toBe('Add CSV export');
    expect(read('Export:\n- CSV\n- PDF').title).toBe('Export');
    expect(read('1. Export reports. Soon.\n2. Import orders').title).toBe('Export reports');
    expect(read('---\n> # Fix the login').title).toBe('Fix the login');
    expect(read('Show totals, e.g. of a week').title).toBe('Show totals, e.g. of a week');
    const { title } = read(`Show ${'very long words '.repeat(20)}`);
    expect(title.length).toBeLessThanOrEqual(80);
    expect(title).toMatch(/ \S+…$/u);
    expect([...read('多'.repeat(200)).title]).toHaveLength(80);
  });

  it.each(['fix it', 'Make it better', 'improve', 'Please clean up and optimize this!'])(
    'finds no subject in %j',
    (goal) => {
      expect(read(goal).unclear).toEqual({ kind: 'subject' });
    },
  );

  it('finds a choice between intents, and nothing unclear in a plain goal', () => {
    expect(read('Fix or refactor the parser').unclear).toEqual({ kind: 'intents', intents: ['bugfix', 'refactor'] });
    expect(read('Fix and refactor the parser').unclear).toBeUndefined();
  });

  it.each([undefined, '', ' \n', 'continue', ' Continue '])('takes %j for no goal', (goal) => {
    expect(isNoGoal(goal)).toBe(true);
  });

  it('takes what only begins with continue for a goal', () => {
    expect(isNoGoal('continue the export')).toBe(false);
    expect(isNoGoal(' '.repeat(10_000_000))).toBe(false);
  });

  it.each([
    ['only emoji', '🚀🚀 ✨', 'VALIDATION_FAILED'],
    ['only punctuation', '…/../--', 'VALIDATION_FAILED'],
    ['only control characters', '\u0000\u001b[31m\u0007', 'VALIDATION_FAILED'],
    ['10 MB', 'fix '.repeat(2_500_000), 'TOO_LARGE'],
    ['more bytes than characters', '多'.repeat(30_000), 'TOO_LARGE'],
  ])('refuses %s', (_name, goal, code) => {
    expect(codeOf(() => read(goal))).toBe(code);
  });

  it('drops control characters, escape sequences and marks that turn the reading direction', () => {
    expect(read('Fix \u001b[31mthe\u001b[0m \u202eexport\u0000 page\r\nnow').text).toBe('Fix the export page\nnow');
  });

  it('reads a path as a goal like any other', () => {
    expect(read('../../etc/passwd').title).toBe('../../etc/passwd');
    expect(read('__proto__ constructor')).toMatchObject({ intent: 'feature' });
  });

  it.each(['.', '(', '"', '- ', 'a/', 'fix or ', 'a.', '1', '多', '\u001b[', '<!-- ', '\n', '# ', 'é\u0301'])(
    'reads 64 KiB of %j after a word, where a quadratic reader would never end',
    (part) => {
      const bytes = new TextEncoder().encode(part).length;
      const goal = read(`Words ${part.repeat(Math.floor(65_000 / bytes))}x`);
      expect(goal.title).toMatch(/^Words/u);
      expect(specOfGoal(goal)).toContain('## Requirements');
    },
  );

  it('answers any text at all with a reading or a coded refusal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const answer = codeOf(() => read(text));
        if (typeof answer === 'string') expect(answer).toBe('VALIDATION_FAILED');
        else expect((answer as { value: { title: string } }).value.title).not.toBe('');
      }),
    );
  });
});
