import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keywordsOf, phrasesIn, singular, wordsOf } from './words.js';

describe('words of a goal', () => {
  it('takes whole words only: prefix holds no fix, fix-login and fix_login do (C-60)', () => {
    expect(wordsOf('Prefix the hotfix')).toEqual(['prefix', 'the', 'hotfix']);
    expect(wordsOf('fix-login, fix_login; FIX.login')).toEqual(['fix', 'login', 'fix', 'login', 'fix', 'login']);
  });

  it('keeps marks and apostrophes within a word, and reads compatibility forms as their letters', () => {
    expect(wordsOf("Don't drop crème")).toEqual(["don't", 'drop', 'crème']);
    expect(wordsOf('ＣＳＶ ｅｘｐｏｒｔ')).toEqual(['csv', 'export']);
  });

  it('finds the words of texts that are written without spaces', () => {
    expect(keywordsOf('ログイン画面を修正する')).toContain('ログイン');
    expect(keywordsOf('修复登录页面').size).toBeGreaterThan(1);
  });

  it('leaves out what stands in any goal, and folds plurals', () => {
    expect([...keywordsOf('Please add the new libraries for our slugs, and a slug')]).toEqual(['library', 'slug']);
    expect([singular('class'), singular('bus'), singular('libraries')]).toEqual(['class', 'bus', 'library']);
  });

  it('names a phrase of two words only where they stand together', () => {
    expect(phrasesIn(wordsOf('A system design'), ['system design'])).toEqual(['system design']);
    expect(phrasesIn(wordsOf('The design of a system'), ['system design'])).toEqual([]);
    expect(phrasesIn(wordsOf('Two APIs'), ['api'])).toEqual(['api']);
  });

  it('gives the same words for the same text, whatever it is, and each of them is one word', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const words = wordsOf(text);
        expect(wordsOf(text)).toEqual(words);
        expect(words.filter((word) => /\s/u.test(word))).toEqual([]);
      }),
    );
  });
});
