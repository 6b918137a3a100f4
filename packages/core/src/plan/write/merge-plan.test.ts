import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchLines } from './match-lines.js';
import { mergePlan } from './merge-plan.js';

const base = '# Plan\n\n## Phase 1: Work\n\n- [ ] Task 1.1: Write a\n- [ ] Task 1.2: Write b\n';
const merged = (ours: string, theirs: string) => mergePlan(base, ours, theirs);

describe('mergePlan', () => {
  it('takes what each side changed, also on neighbouring lines', () => {
    const ours = base.replace('Write a', 'Write A');
    const theirs = base.replace('Write b', 'Write B');
    const both = base.replace('Write a', 'Write A').replace('Write b', 'Write B');
    expect(merged(ours, theirs)).toEqual({ ours: both, theirs: both, conflicts: [] });
  });

  it('keeps words and a new phase that were added in one place, the words first', () => {
    const { theirs, conflicts } = merged(`${base}\n## Fix Phase (Cycle 1)\n\n- [ ] Fix 1: Mend\n`, `${base}\nTea.\n`);
    expect(theirs).toBe(`${base}\nTea.\n\n## Fix Phase (Cycle 1)\n\n- [ ] Fix 1: Mend\n`);
    expect(conflicts).toEqual([]);
  });

  it('takes once what both sides added', () => {
    const added = `${base}- [ ] Task 1.3: Write c\n`;
    expect(merged(added, added).theirs).toBe(added);
    expect(merged(`${added}- [ ] Task 1.4: Write d\n`, added).theirs).toBe(`${added}- [ ] Task 1.4: Write d\n`);
  });

  it('says where both sides changed one line, and gives both readings', () => {
    const ours = base.replace('Write a', 'Write it well');
    const theirs = `Read me first\n${base.replace('Write a', 'Write it fast')}`;
    const both = merged(ours, theirs);
    expect(both.ours).toBe(`Read me first\n${ours}`);
    expect(both.theirs).toBe(theirs);
    expect(both.conflicts).toEqual([
      { line: 6, ours: ['- [ ] Task 1.1: Write it well'], theirs: ['- [ ] Task 1.1: Write it fast'] },
    ]);
  });

  it('is in conflict when one side deletes what the other one changes', () => {
    const both = merged(base.replace('- [ ] Task 1.1: Write a\n', ''), base.replace('Write a', 'Write it'));
    expect(both.conflicts).toHaveLength(1);
    expect(both.theirs).toContain('Write it');
    expect(both.ours).not.toContain('Write it');
  });

  it('keeps the line ends of a text that was converted, for our new lines as well', () => {
    const theirs = base.replaceAll('\n', '\r\n');
    const ours = `${base}- [ ] Task 1.3: Write c\n`;
    expect(merged(ours, theirs).theirs).toBe(ours.replaceAll('\n', '\r\n'));
  });

  it('ends a line that was the last one before it goes on', () => {
    expect(mergePlan('a\nb', 'a\nb\nc', 'z\na\nb').theirs).toBe('z\na\nb\nc');
    expect(mergePlan('a', 'a\nb', 'a\nc').theirs).toBe('a\nc\nb');
  });

  it('gives back the side that changed alone, byte for byte, and is total', () => {
    const line = fc.constantFrom('', '- [ ] a', '- [x] a', 'b', '  c', '```');
    const end = fc.constantFrom('\n', '\r\n', '\r', '');
    const text = fc.array(fc.tuple(line, end), { maxLength: 12 }).map((lines) => lines.flat().join(''));
    fc.assert(
      fc.property(text, text, text, (before, one, other) => {
        expect(mergePlan(before, before, one)).toEqual({ ours: one, theirs: one, conflicts: [] });
        expect(mergePlan(before, one, before)).toEqual({ ours: one, theirs: one, conflicts: [] });
        expect(mergePlan(before, one, one).theirs).toBe(one);
        const three = mergePlan(before, one, other);
        if (three.conflicts.length === 0) expect(three.ours).toBe(three.theirs);
      }),
    );
  });

  it('loses no line that they added', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 8 });
    fc.assert(
      fc.property(lines, lines, fc.nat(8), (before, ours, at) => {
        const theirs = [...before.slice(0, at), 'mine', ...before.slice(at)];
        const text = (all: readonly string[]) => all.map((line) => `${line}\n`).join('');
        expect(mergePlan(text(before), text(ours), text(theirs)).theirs.split('\n')).toContain('mine');
      }),
    );
  });

  it('takes time that grows with the text, also for lines that all look alike', () => {
    const many = (count: number, line: string) => `${line}\n`.repeat(count);
    const three = mergePlan(many(100_000, 'x'), many(100_001, 'x'), `${many(50_000, 'x')}y\n${many(50_000, 'x')}`);
    expect(three.theirs).toContain('y\n');
    expect(mergePlan(many(20_000, 'a'), many(20_000, 'b'), many(20_000, 'c')).conflicts).not.toHaveLength(0);
  });
});

describe('matchLines', () => {
  it('does not follow a text that splits at one line after the other to its end', () => {
    const chain = (between: string) =>
      Array.from({ length: 16_000 }, (_, at) => [`x${at + 1}`, between, `x${at}`, between]).flat();
    const matches = matchLines(chain('a'), chain('b'));
    expect(matches.filter((other) => other >= 0).length).toBeGreaterThan(0);
  });

  it('never crosses, and matches only equal lines', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 20 });
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        let last = -1;
        matchLines(a, b).forEach((other, at) => {
          if (other < 0) return;
          expect(b[other]).toBe(a[at]);
          expect(other).toBeGreaterThan(last);
          last = other;
        });
      }),
    );
  });
});
