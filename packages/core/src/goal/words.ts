/** Scripts that are written without spaces: their words are found by the dictionary of the runtime. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

const word = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*/gu;

/**
 * The words of a text in order, in lower case, in the compatibility form (NFKC): runs of letters, marks and digits, so that `prefix`
 * holds no `fix` (C-60) and `fix_login` and `fix-login` hold one. Texts without spaces are cut by `Intl.Segmenter`. Linear.
 */
export function wordsOf(text: string): readonly string[] {
  const runs = text.normalize('NFKC').toLowerCase().match(word) ?? [];
  return runs.flatMap((run) => (unspaced.test(run) ? segmentsOf(run) : [run]));
}

/** Made when it is needed, once: a dictionary is no cheap thing to load, and most goals need none. */
let dictionary: Intl.Segmenter | undefined;

function segmentsOf(run: string): readonly string[] {
  const segmenter = (dictionary ??= new Intl.Segmenter('ja', { granularity: 'word' }));
  // In pieces: the dictionary's search grows with the square of what it is given at once.
  const pieces = run.match(/.{1,128}/gu) ?? [];
  return pieces.flatMap((piece) =>
    [...segmenter.segment(piece)].flatMap(({ segment, isWordLike }) => (isWordLike === true ? [segment] : [])),
  );
}

/** What a goal is about: its words without those that stand in any goal, plurals as singulars, each once, in order. */
export function keywordsOf(text: string): ReadonlySet<string> {
  const kept = wordsOf(text).filter((each) => tells(each) && !stopWords.has(each));
  return new Set(kept.map(singular));
}

/** Single letters and short numbers tell nothing; a single Chinese character may be a word, a single kana is a particle. */
function tells(each: string): boolean {
  if (each.length > 2) return true;
  return each.length === 2 ? /\p{L}/u.test(each) : /\p{Script=Han}/u.test(each);
}

/** One form for `slug` and `slugs`, `library` and `libraries`. Right for comparing, not for reading: `status` loses its s. */
export function singular(each: string): string {
  if (each.length < 4 || !/^[a-z]+s$/u.test(each) || each.endsWith('ss')) return each;
  return each.endsWith('ies') && each.length > 4 ? `${each.slice(0, -3)}y` : each.slice(0, -1);
}

/** True when a text, given by its words, names one of the phrases as whole words, in singular or plural. */
export function phrasesIn(words: readonly string[], phrases: readonly string[]): readonly string[] {
  const text = ` ${words.map(singular).join(' ')} `;
  return phrases.filter((phrase) => text.includes(` ${phrase.split(' ').map(singular).join(' ')} `));
}

/** Words of the language, and verbs and nouns that every goal may have. Intent words are no stop words. */
const stopWords: ReadonlySet<string> = new Set(
  `a about above after again all allow also an and any are as at away back be because been before behind being below best better
  between both but by can can't cannot come could did do does doesn't doing don't done down each either else enable ensure etc even
  ever every few first for from further get gets give given go goal good had has have having he her here his how i if in into is
  isn't it it's its just keep last let let's lets like look made make makes making many may me might more most much must my need
  needs never new next no nor not nothing now of off often on once one only onto or other our out over own per please possible put
  quite rather really same set shall she should show since so some something such sure take than that that's the their them then
  there these they thing things this those through thus to too track until up upon us use used user's using very via want wants was
  way we well were what when where which while who whole why will with within without won't work works would yet you your
  add adds added adding build builds building change changes changing create creates creating implement implements implementing
  handle handles handling introduce provide support supports supporting update updates updating write writes writing feature features`.split(
    /\s+/u,
  ),
);
