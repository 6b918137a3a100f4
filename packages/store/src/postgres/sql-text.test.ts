import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../conformance/store-fixture.js';
import { identifier, jsonList, sql } from './sql-text.js';

describe('SQL with its values in it', () => {
  it('quotes texts with a tag that does not occur in them', () => {
    expect(sql`SELECT ${"it's"}, ${'$_$'}, ${'$_$ $_0$'}, ${'\\'}`.text).toBe(
      "SELECT $_$it's$_$, $_0$$_$$_0$, $_1$$_$ $_0$$_1$, $_$\\$_$",
    );
  });

  it('never lets a text end its own quotes', () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('$', '_', '0', '1', 'a', "'", ';')).map((parts) => parts.join('')),
        (text) => {
          const [, tag = '', rest = ''] = /^(\$_\d*\$)(.*)$/s.exec(sql`${text}`.text) ?? [];
          // What the server reads: everything up to the first place where the tag stands again.
          expect(`${rest.slice(0, rest.indexOf(tag, Math.max(0, text.length - tag.length + 1)))}`).toBe(text);
          expect(text).not.toContain(tag);
        },
      ),
    ));

  it('writes numbers, truth values, NULL and lists of them', () => {
    expect(sql`${1}, ${1.5}, ${true}, ${null}, ${[1, null]}, ${['a"\\', null, '']}`.text).toBe(
      '1, 1.5, true, NULL, $_${1,NULL}$_$, $_${"a\\"\\\\",NULL,""}$_$',
    );
    const json = [JSON.stringify({ a: '"\n' })];
    expect(jsonList(json)).toEqual(sql`${json}`);
    expect(identifier('a"b').text).toBe('"a""b"');
  });

  it('refuses what the server would cut off or not read', async () => {
    const code = (value: string | number) => codeOf(Promise.resolve().then(() => sql`${value}`));
    expect([await code('a\0'), await code(NaN), await code(Infinity)]).toEqual(Array(3).fill('VALIDATION_FAILED'));
  });
});
