import { describe, expect, it } from 'vitest';
import { appendDecision, parseDecisionLog } from './decision-log.js';

const first =
  '# Decision Log\n\n| Date | Track | Decision | Category | Impact | Logged By |\n|---|---|---|---|---|---|\n| 2026-01-01 | a_1 | Use zod | TECH | small | tech-lead |\n\nNotes.\n';
const second =
  '| Date | Decision | Source | Documents Updated | Commit |\n|---|---|---|---|---|\n| 2026-01-01 | Raise the price | a_1 | product.md | abc |\n| — | — | — | — | — |\n';
const third =
  '### DECISION-1: Use SQLite\n\n**Date**: 2026-01-01\n- **Track:** a_1\n**Decision**: One file\n**Rationale**: simple\n**Alternatives**: Postgres\n**Impact**: low\n\n### DECISION-2: Later\n';

describe('decision-log.md', () => {
  it('is read in three forms, written in one, and only ever appended to [FMT-36]', () => {
    expect(parseDecisionLog(first)).toEqual([
      {
        date: '2026-01-01',
        track: 'a_1',
        decision: 'Use zod',
        category: 'TECH',
        impact: 'small',
        loggedBy: 'tech-lead',
      },
    ]);
    expect(parseDecisionLog(second)).toEqual([
      { date: '2026-01-01', decision: 'Raise the price', source: 'a_1', documents: 'product.md', commit: 'abc' },
    ]);
    expect(parseDecisionLog(third)).toEqual([
      {
        id: 'DECISION-1',
        date: '2026-01-01',
        track: 'a_1',
        decision: 'One file',
        rationale: 'simple',
        alternatives: 'Postgres',
        impact: 'low',
      },
      { id: 'DECISION-2', date: '', decision: 'Later' },
    ]);
    const entry = {
      date: '2026-01-02T10:00:00.000Z',
      track: 'b_1',
      decision: 'Split | it\nnow',
      category: 'SCOPE',
      loggedBy: 'user',
    };
    const row = '| 2026-01-02 | b_1 | Split \\| it now | SCOPE | — | user |';
    const texts = [first, second, third, first.replaceAll('\n', '\r\n')];
    for (const text of texts) {
      const appended = appendDecision(text, entry);
      expect(parseDecisionLog(appended)).toEqual([
        ...parseDecisionLog(text),
        { date: '2026-01-02', track: 'b_1', decision: 'Split | it now', category: 'SCOPE', loggedBy: 'user' },
      ]);
      const added = appended.split(/\r?\n/);
      for (const line of text.trimEnd().split(/\r?\n/))
        expect(added.splice(0, added.indexOf(line) + 1)).toContain(line);
    }
    expect(appendDecision(first, entry)).toBe(first.replace('tech-lead |\n', `tech-lead |\n${row}\n`));
    const mixed = `Mine\r\n\n${first}`;
    expect(appendDecision(mixed, entry)).toBe(mixed.replace('tech-lead |\n', `tech-lead |\n${row}\n`));
    expect(appendDecision(undefined, entry)).toContain(`| Date | Track | Decision | Category | Impact | Logged By |`);
    expect(parseDecisionLog(appendDecision(appendDecision('', entry), entry))).toHaveLength(2);
  });

  it('finds no decision in other tables and texts', () => {
    expect(parseDecisionLog('| Date | Event |\n|---|---|\n| 2026 | x |\n\n### Decisions\n')).toEqual([]);
    expect(parseDecisionLog(`### DECISION-1: a\n${'* '.repeat(50_000)}`)).toHaveLength(1);
  });
});
