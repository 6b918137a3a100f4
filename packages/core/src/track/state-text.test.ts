import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooser, goodPlans, tapes } from '../testing/arbitraries.js';
import { paperShell } from '../testing/paper-shell.js';
import { foldTrack } from './evolve.js';
import { initialTrack } from './initial.js';
import type { TrackState } from './model.js';
import { nextAction } from './next-action.js';
import { parseState, stateText } from './state-text.js';

describe('stateText and parseState', () => {
  it('are inverse for maps, sets, and data that looks like their marks', () => {
    const states: readonly object[] = [
      {
        map: new Map<string, unknown>([
          ['a', { b: new Set([1, 'x']) }],
          ['__proto__', 1],
        ]),
        set: new Set(),
        list: [null, [], {}],
      },
      { $map: [['a', 1]] },
      { $set: [1] },
      { data: { $object: { $map: 'no list' } }, other: { $map: 1, more: 2 } },
      { nested: new Map([['k', { $set: [new Map()] }]]) },
    ];
    for (const state of states) expect(parseState(stateText(state))).toEqual(state);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('$map', '$set', '$object', 'a', 'b'), fc.jsonValue()), (state) => {
        expect(parseState(stateText(state))).toEqual(JSON.parse(JSON.stringify(state)));
      }),
    );
  });

  it('keep the order of members, which files show', () => {
    const state = {
      z: 1,
      a: { '10': 1, b: 2 },
      m: new Map([
        ['z', 1],
        ['a', 2],
      ]),
    };
    expect(stateText(parseState(stateText(state)) as object)).toBe(stateText(state));
  });

  it('let a fold go on from any point of a run as if it had never stopped', () => {
    fc.assert(
      fc.property(
        goodPlans(5),
        tapes(120),
        fc.array(fc.nat(1_000), { minLength: 1, maxLength: 4 }),
        (tasks, tape, cuts) => {
          const shell = paperShell({ tasks, choose: chooser(tape) });
          shell.run();
          const start = initialTrack(shell.state.id);
          for (const cut of cuts.map((each) => each % (shell.log.length + 1))) {
            const text = stateText(foldTrack(start, shell.log.slice(0, cut)));
            const again = foldTrack(parseState(text) as TrackState, shell.log.slice(cut));
            // In text, because a plan keeps its tasks in maps of its own until one of them changes.
            expect(stateText(again)).toBe(stateText(shell.state));
            expect(nextAction(again)).toEqual(nextAction(shell.state));
          }
        },
      ),
      { numRuns: 40, seed: 20260101 },
    );
  });
});
