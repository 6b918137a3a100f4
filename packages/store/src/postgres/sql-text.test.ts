import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../conformance/store-fixture.js';
import { identifier, jsonList, sql } from './sql-text.js';

describe('SQL with its values in it', () => {
  it('quotes texts with a tag that does not occur in them', () => {
    expect(sql`SELECT ${"it's"}, ${'$_$'}, ${'$_$ $_1$'}, ${'\\'}`.text).toBe(
      "SELECT $_$it's$_$, $_1$$_$$_1$, $_2$$_$ $_1$$_2$, $_$\\$_$",
    );
    // With the dollar behind it the end of this text would be the tag.
    expect(sql`${'$_'}`.text).toBe('$_1$$_$_1$');
  });

  it('never lets a text end its own quotes', () => {
    const hostile = fc.array(fc.constantFrom('$', '_', '1', '2', 'a')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(hostile, (text) => {
        const quoted = sql`${text}`.text;
        const [tag = ''] = /^\$_\d*\$/.exec(quoted) ?? [];
        // The server reads up to the first place where the tag stands again.
        const behind = quoted.slice(tag.length);
        expect([behind.indexOf(tag), behind]).toEqual([text.length, `${text}${tag}`]);
      }),
      { numRuns: 500 },
    );
  });

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
