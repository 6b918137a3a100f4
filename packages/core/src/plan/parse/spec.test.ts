import { describe, expect, it } from 'vitest';
import { formatSpec, parseSpec } from './spec.js';

const texts = (items: readonly { text: string }[]) => items.map(({ text }) => text);

describe('parseSpec', () => {
  it('reads the template Overview, Requirements, Acceptance Criteria, Dependencies, Out of Scope', () => {
    const spec = parseSpec(`# Specification: Slugs

## Overview

Make slugs of
any text.

## Requirements

### Functional
- R1: transliterate
  over lines
  - and nested
- [ ] **R2**: lower case
1. third

## Acceptance Criteria
- \`slug("Ä")\` is "a"

## Dependencies
- none

## Out of Scope
- emoji
`);
    expect(spec.title).toBe('Slugs');
    expect(spec.goal).toBe('Make slugs of any text.');
    expect(spec.requirements).toEqual([
      { id: 'R1', text: 'R1: transliterate over lines and nested', line: 11 },
      { id: 'R2', text: '**R2**: lower case', line: 14 },
      { text: 'third', line: 15 },
    ]);
    expect(spec.deliverables).toBe(spec.requirements);
    expect(texts(spec.acceptance)).toEqual(['`slug("Ä")` is "a"']);
    expect(spec.dependencies).toEqual([]);
    expect(texts(spec.outOfScope)).toEqual(['emoji']);
    expect(spec.findings).toEqual([]);
  });

  it('reads the template Goal, Requirements, Acceptance Criteria, Out of Scope, Technical Notes, and Deliverables', () => {
    const spec = parseSpec(
      '# S\n## Goal\nG\n## Requirements\nOne.\n\nTwo.\n## Deliverables\n- d\n## Success criteria\n- s\n## Technical Notes\n- t\n',
    );
    expect(texts(spec.requirements)).toEqual(['One.', 'Two.']);
    expect(texts(spec.deliverables)).toEqual(['d']);
    expect(texts(spec.acceptance)).toEqual(['s']);
  });

  it('warns when Requirements or Acceptance Criteria say nothing', () => {
    const fenced = '# S\n## Requirements\n```\n- in code\n```\n<!-- - in a comment -->\n';
    expect(parseSpec(fenced).findings).toMatchObject([
      { code: 'SPEC_REQUIREMENTS_MISSING', severity: 'warning' },
      { code: 'SPEC_ACCEPTANCE_MISSING', severity: 'warning' },
    ]);
    expect(parseSpec('')).toMatchObject({ title: '', requirements: [], acceptance: [] });
  });
});

describe('formatSpec', () => {
  it('writes a spec that is read as it was meant', () => {
    const outline = {
      name: 'Slugs',
      goal: 'Make slugs',
      requirements: ['r'],
      acceptance: ['a', 'b'],
      deliverables: ['d'],
    };
    const spec = parseSpec(formatSpec(outline));
    expect(spec).toMatchObject({ title: 'Slugs', goal: 'Make slugs', findings: [] });
    expect([texts(spec.requirements), texts(spec.acceptance), texts(spec.deliverables)]).toEqual([
      ['r'],
      ['a', 'b'],
      ['d'],
    ]);
  });

  it('takes the goal for the criterion when there is none', () => {
    const spec = parseSpec(formatSpec({ name: 'Slugs', goal: 'Make\nslugs' }));
    expect([texts(spec.requirements), texts(spec.acceptance)]).toEqual([['Make slugs'], ['Make slugs']]);
    expect(parseSpec(formatSpec({ name: 'Slugs', acceptance: [] })).goal).toBe('Slugs');
  });
});
