import { wordsOf } from './words.js';

/** What a goal wants done. Also the type of the track that is made for it. */
export const intents = ['feature', 'bugfix', 'refactor', 'research'] as const;
export type Intent = (typeof intents)[number];

/** Words of each intent with their forms; the first list that has a word of the goal wins, in this order. */
const keywords: readonly (readonly [Intent, ReadonlySet<string>])[] = [
  [
    'bugfix',
    // `fixed` is mostly another word: a fixed header is no repair.
    new Set('fix fixes fixing bug bugs error errors broken crash crashes crashed crashing issue issues'.split(' ')),
  ],
  [
    'refactor',
    new Set(
      `refactor refactors refactoring clean cleans cleaning optimize optimizes optimizing optimise optimises optimising
      improve improves improving simplify simplifies simplifying`.split(/\s+/u),
    ),
  ],
  [
    'research',
    new Set(
      `research researching investigate investigates investigating analyze analyzes analyzing analyse analyses analysing
      understand understanding`.split(/\s+/u),
    ),
  ],
];

/** The intent that a word stands for, by whole words (C-60). */
export function intentOfWord(word: string): Intent | undefined {
  return keywords.find(([, words]) => words.has(word))?.[0];
}

/** The intent of a goal: bugfix, refactor, research, in this order, by the first word of theirs that it has; else feature. */
export function intentOf(text: string): Intent {
  const words = wordsOf(text);
  return keywords.find(([, own]) => words.some((word) => own.has(word)))?.[0] ?? 'feature';
}

/** What a track was for, by its type. */
export function intentOfType(type: string): Intent {
  return intents.find((intent) => intent === type) ?? 'feature';
}

/**
 * Intents between which a goal leaves the choice: words of different intents as alternatives, `fix or refactor`, `fix/refactor`,
 * `fix vs. refactor`. Words that merely stand beside each other (`fix and simplify`) are no question: the first list wins.
 */
export function offeredIntents(text: string): readonly Intent[] {
  const offered = new Set<Intent>();
  for (const [, left = '', right = ''] of text.toLowerCase().matchAll(alternatives)) {
    const both = [intentOfWord(left), intentOfWord(right)].filter((intent) => intent !== undefined);
    if (both.length === 2 && both[0] !== both[1]) for (const intent of both) offered.add(intent);
  }
  return intents.filter((intent) => offered.has(intent));
}

// The second word is looked at, not taken: in "fix or refactor or research" it is the first one of the next pair.
const alternatives =
  /(?<!\p{L})(\p{L}{1,20})(?: {1,3}(?:or|vs\.?|versus) {1,3}| {0,3}\/ {0,3})(?=(\p{L}{1,20})(?!\p{L}))/gu;
