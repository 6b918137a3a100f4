import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JournaledIndex } from './journaled-index.js';
import { createJournal } from './journaled-map.js';

const change = fc.record({
  remove: fc.boolean(),
  key: fc.constantFrom('a', 'b'),
  item: fc.nat({ max: 3 }),
  value: fc.constantFrom('shared', 'exclusive'),
});

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function apply(index: JournaledIndex<string, number, string>, { remove, key, item, value }: Change): void {
  if (remove) index.delete(key, item);
  else index.set(key, item, value);
}

/** Plain maps that do the same, as text. */
function expected(changes: readonly Change[]): string {
  const groups = new Map([
    ['a', new Map<number, string>()],
    ['b', new Map<number, string>()],
  ]);
  for (const { remove, key, item, value } of changes) {
    if (remove) groups.get(key)?.delete(item);
    else groups.get(key)?.set(item, value);
  }
  return textOf((key) => groups.get(key) ?? new Map());
}

function textOf(of: (key: string) => ReadonlyMap<number, string>): string {
  return JSON.stringify(['a', 'b'].map((key) => [...of(key)].sort(([one], [other]) => one - other)));
}

it('holds what plain maps would hold, and after a failed transaction what it held before', () => {
  fc.assert(
    fc.property(fc.array(change), fc.array(change), (kept, lost) => {
      const journal = createJournal();
      const index = new JournaledIndex<string, number, string>(journal);
      for (const one of kept) apply(index, one);
      const failing = () =>
        journal.transaction(() => {
          for (const one of lost) apply(index, one);
          expect(textOf((key) => index.of(key))).toBe(expected([...kept, ...lost]));
          throw new Error('taken back');
        });
      expect(failing).toThrow('taken back');
      expect(textOf((key) => index.of(key))).toBe(expected(kept));
    }),
  );
});
