import { intentOfWord } from './intent.js';
import { keywordsOf, phrasesIn, wordsOf } from './words.js';

export const complexities = ['minor', 'moderate', 'major'] as const;
/** How much ceremony a track is worth, guessed from its goal: the plan decides in the end. */
export type Complexity = (typeof complexities)[number];

/** The union of the published lists (C-62). */
export const technicalWords: readonly string[] = Object.freeze([
  'architecture',
  'system design',
  'integration',
  'api',
  'database',
  'schema',
  'migration',
  'infrastructure',
  'scalability',
  'performance',
  'security',
  'authentication',
  'authorization',
  'deployment',
  'monitoring',
  'logging',
  'vendor',
  'technology selection',
  'framework',
  'library',
]);

/** Types and matters that make a track a major one, any of them (C-43). */
const majorTypes: ReadonlySet<string> = new Set(['architecture', 'integration', 'infrastructure']);
const majorMatters = [
  'architecture',
  'integration',
  'infrastructure',
  'auth',
  'authentication',
  'authorization',
  'authorisation',
  'oauth',
  'sso',
  'password',
  'credential',
  'payment',
  'billing',
  'refund',
  'data protection',
  'personal data',
  'gdpr',
  'privacy',
  'encryption',
];
const smallMatters = ['typo', 'wording', 'spelling', 'rename', 'label', 'comment', 'colour', 'color', 'tooltip'];
const minorKeywords = 3;
/** A spec may be long; what a track is about is said in its beginning. */
const readCharacters = 65_536;

/** Technical words that a text names, as whole words. */
export function technicalWordsIn(text: string): readonly string[] {
  return phrasesIn(wordsOf(text), technicalWords);
}

export interface ComplexityFacts {
  /** Goal, name, spec: whatever is known in words. */
  readonly text: string;
  readonly type?: string | undefined;
  readonly priority?: string | undefined;
  /** Tasks of its plan, or items that the goal lists. */
  readonly tasks?: number | undefined;
  /** From so many tasks on a track is major; 5 when absent. */
  readonly majorTaskCount?: number | undefined;
}

/**
 * major: one of the criteria of a major track (C-43): its type, P0, five tasks, or architecture, integration, infrastructure, auth,
 * payments, data protection in its words. minor: nothing technical, and small by its words or their number. Else moderate.
 */
export function complexityOf({
  text: given,
  type = '',
  priority,
  tasks = 0,
  majorTaskCount = 5,
}: ComplexityFacts): Complexity {
  const text = given.slice(0, readCharacters);
  const words = wordsOf(text);
  if (majorTypes.has(type) || priority === 'P0' || tasks >= majorTaskCount) return 'major';
  if (phrasesIn(words, majorMatters).length > 0) return 'major';
  if (phrasesIn(words, technicalWords).length > 0 || tasks > 1) return 'moderate';
  const subjects = [...keywordsOf(text)].filter((keyword) => intentOfWord(keyword) === undefined);
  return phrasesIn(words, smallMatters).length > 0 || subjects.length <= minorKeywords ? 'minor' : 'moderate';
}
