import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topicMatcher } from '../topics.js';
import { encodeId, encodeToken, natsNames } from './subjects.js';

/** How a server matches (docs.nats.io, subjects): `*` is one token, `>` one or more at the end. */
function serverMatches(filter: string, subject: string): boolean {
  const [wanted, tokens] = [filter.split('.'), subject.split('.')];
  if (wanted.at(-1) === '>') return tokens.length >= wanted.length && wanted.slice(0, -1).every(fits);
  return tokens.length === wanted.length && wanted.every(fits);
  function fits(token: string, index: number): boolean {
    return token === '*' || token === tokens[index];
  }
}

const names = natsNames('p');
const letters = fc.constantFrom('a', 'B', '.', '>', '=', ' ', '-', '_', 'ü', '日', '🙂', '\ud83d', '%', '0');
const word = fc.array(letters, { minLength: 1, maxLength: 20 }).map((list) => list.join(''));
const topic = fc.array(word, { minLength: 1, maxLength: 4 }).map((list) => list.join('/'));

describe('the subjects of a bus', () => {
  it('are of plain letters, and one topic’s only', () => {
    fc.assert(
      fc.property(topic, topic, (one, two) => {
        expect(names.ofTopic(one)).toMatch(/^p\.t(?:\.[A-Za-z0-9_=-]+)+$/u);
        expect(names.ofTopic(one) === names.ofTopic(two)).toBe(one === two);
      }),
    );
  });

  it('hold for a pattern every topic that it matches', () => {
    const pattern = fc.tuple(fc.array(fc.oneof(word, fc.constant('*')), { maxLength: 3 }), fc.constantFrom('**', 'a'));
    fc.assert(
      fc.property(topic, pattern, (name, [segments, last]) => {
        const wanted = [...segments, last].join('/');
        if (topicMatcher(wanted)(name)) expect(serverMatches(names.ofPattern(wanted), names.ofTopic(name))).toBe(true);
      }),
    );
    expect(names.ofPattern('track/*/**')).toBe('p.t.track.*.>');
  });

  it('fit into a line of the protocol for the worst topics there are', () => {
    for (const letter of ['ü', '日', '🙂', '\ud83d', ' '])
      for (let length = 1; length <= 60; length += 1) {
        const segment = letter.repeat(length);
        const count = Math.floor(513 / (segment.length + 1));
        expect(names.ofTopic(Array(count).fill(segment).join('/')).length).toBeLessThan(3700);
      }
  });

  it('keep an id readable where it can be, and short where not', () => {
    expect(encodeToken('track_0190-ab', 34)).toBe('track_0190-ab');
    expect(encodeToken('a.b', 34)).toBe('a=2Eb');
    expect(encodeToken('\ud83d', 34)).toBe('=uD83D');
    expect(encodeToken('x'.repeat(300), 34)).toMatch(/^=h[0-9a-f]{32}$/u);
  });

  it('are for ids of visible letters, and one id’s only', () => {
    const text = fc.array(fc.oneof(letters, fc.constantFrom('/', '@', '\n', '\r', '\0')), { maxLength: 20 });
    fc.assert(
      fc.property(text, text, (some, others) => {
        const [one, two] = [some.join(''), others.join('')];
        expect(encodeId(one)).toMatch(/^[!-~]*$/u);
        expect(encodeId(one) === encodeId(two)).toBe(one === two);
      }),
    );
    expect(encodeId('log/run/a\nrun/a@1')).toBe('log/run/a=0Arun/a@1');
  });

  it('refuse a prefix that would be more than one token', () => {
    for (const prefix of ['', 'a.b', '*', '>', 'a b', 'x'.repeat(65)])
      expect(() => natsNames(prefix)).toThrow('prefix');
  });
});
