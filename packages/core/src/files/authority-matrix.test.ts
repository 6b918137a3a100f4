import { describe, expect, it } from 'vitest';
import { authorityLevels, parseAuthorityMatrix } from './authority-matrix.js';
import { builtInAuthority } from './built-in-authority.js';

/** Decisions of the published matrix: area, level, lead, guardrail, decisions. */
const published = `
Budget|USER_ONLY|||cost increase >= 50 USD per month;new paid API
Budget|LEAD_CONSULT|tech|decision log|cost increase < 50 USD per month
Budget|LEAD_CONSULT|tech|document savings|same features, lower cost
Scope|USER_ONLY|||add feature;remove feature;defer requirement;change deliverable
Scope|LEAD_CONSULT|product|cite spec section|interpret ambiguous spec
Scope|LEAD_CONSULT|product|same phase|order of tasks within a phase
Scope|LEAD_CONSULT|product|within spec intent|edge case handling
Scope|LEAD_CONSULT|product|reasonable|default value
Architecture|USER_ONLY|||new pattern;breaking public API;cross-track change;breaking schema
Architecture|LEAD_CONSULT|architecture|document precedent|apply existing pattern
Architecture|LEAD_CONSULT|architecture|conventions|folder organisation
Architecture|LEAD_CONSULT|architecture|cite pattern|API route or server action
Architecture|LEAD_CONSULT|architecture|established patterns|data flow
Architecture|LEAD_CONSULT|architecture|rationale|additive schema
Architecture|ORCHESTRATOR||conventions|module boundaries
Dependencies|USER_ONLY|||runtime >= 50 KB gzipped;remove any;major upgrade
Dependencies|LEAD_CONSULT|tech|size and reason|runtime < 50 KB gzipped
Dependencies|ORCHESTRATOR|||devDependency
Quality|USER_ONLY|||skip business logic tests;coverage below minimum;skip security tests;accept failing tests
Quality|LEAD_CONSULT|qa|within range|coverage threshold adjustment
Quality|LEAD_CONSULT|qa|standard, consistent|test type;mock strategy
Quality|ORCHESTRATOR||existing pattern|test file organisation
Business|USER_ONLY|||pricing tier;feature tier;persona;user journey
Implementation|LEAD_CONSULT|tech|maintainable, good practice|approach;type definitions;hook composition
Implementation|LEAD_CONSULT|product|clear for users|error message copy;loading text
Implementation|ORCHESTRATOR||conventions|variable naming;file naming`;

describe('the built-in matrix', () => {
  it('has every published decision with code, level, lead and guardrail [LEAD-02]', () => {
    const rows = published
      .trim()
      .split('\n')
      .flatMap((line) => {
        const [area, level, lead, guardrail, decisions = ''] = line.split('|');
        return decisions.split(';').map((decision) => [area, decision, level, lead, guardrail]);
      });
    expect(
      builtInAuthority.map((row) => [row.area, row.decision, row.level, row.lead ?? '', row.guardrail ?? '']),
    ).toEqual(rows);
    expect(new Set(builtInAuthority.map(({ code }) => code)).size).toBe(rows.length);
    for (const { code } of builtInAuthority) expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
    const codes = builtInAuthority.map(({ code }) => code);
    expect(codes).toEqual(
      expect.arrayContaining(['TECH_CHOICE', 'DEPENDENCY_SMALL', 'COMPONENT_ORGANIZATION', 'SCHEMA_ADDITIVE']),
    );
  });
});

describe('the matrix of a project', () => {
  const text = `# Authority

| Decision | Authority | Lead | Guardrails |
| --- | --- | --- | --- |
| outside | ORCHESTRATOR | | |

## Decision Matrix

### Budget Decisions

| Decision | Authority | Lead | Guardrails |
| --- | --- | --- | --- |
| Cost increase > 50 USD per month | \`USER_ONLY\` | - | |
| cost increase < 50 USD per month | **LEAD_CONSULT** | Tech Lead | Decision log \\| file |

### Own

| Lead | Code | Decision | Authority |
| --- | --- | --- | --- |
| product | WORDING | Choose a word | lead consult |
| | | Buy it | MAYBE |
| nobody | | Buy it | LEAD_CONSULT |
| | | | ORCHESTRATOR |

Text | with | pipes

| Other | Table |
| --- | --- |
| a | b |

## Notes

| Decision | Authority |
| --- | --- |
| outside | ORCHESTRATOR |
`;

  it('is read from the tables of its section, by the names of the columns', () => {
    for (const candidate of [text, text.replaceAll('\n', '\r\n')]) {
      const { rows, findings } = parseAuthorityMatrix(candidate);
      expect(rows).toEqual([
        {
          code: 'COST_INCREASE_LARGE',
          area: 'Budget',
          decision: 'Cost increase > 50 USD per month',
          level: 'USER_ONLY',
        },
        {
          code: 'COST_INCREASE_SMALL',
          area: 'Budget',
          decision: 'cost increase < 50 USD per month',
          level: 'LEAD_CONSULT',
          lead: 'tech',
          guardrail: 'Decision log | file',
        },
        { code: 'WORDING', area: 'Own', decision: 'Choose a word', level: 'LEAD_CONSULT', lead: 'product' },
        { code: 'BUY_IT', area: 'Own', decision: 'Buy it', level: 'USER_ONLY' },
        { code: 'BUY_IT_2', area: 'Own', decision: 'Buy it', level: 'USER_ONLY' },
      ]);
      expect(findings.map(({ line, severity }) => [line, severity])).toEqual([
        [21, 'warning'],
        [22, 'warning'],
      ]);
    }
    expect(parseAuthorityMatrix('')).toEqual({ rows: [], findings: [] });
    expect(authorityLevels).toHaveLength(3);
  });
});
