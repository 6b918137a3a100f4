import { cellsOf, cellText, isDelimiter } from '../files/markdown-table.js';

/** A document says: this tier costs that much. */
export interface PriceStatement {
  /** The tier as it is written. */
  readonly tier: string;
  readonly amount: number;
  /** As it is written: `$29`. */
  readonly text: string;
  /** 1-based. */
  readonly line: number;
  /** In a price table, below a heading of prices, or per month, year, user or seat: not just any amount behind a word. */
  readonly sure: boolean;
}

const maxLine = 2000;
const number = String.raw`\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,2})?|\d{1,3}(?:\.\d{3}){1,3}(?:,\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?`;
const sign = String.raw`US\$|[$€£¥]|USD |EUR |GBP `;
const price = new RegExp(
  String.raw`(?:${sign}) ?(${number})(?![\d%])|(?<![\d.,])(${number}) ?(?:€|USD|EUR|GBP)(?!\w)`,
  'g',
);
/** Behind an amount: it is what somebody pays again and again, not a revenue or a budget. */
const period = /^[*_]{0,2} ?(?:\/ ?|per |a |an |each )?(?:mo(?:nth)?|monthly|ye?a?r|yearly|annually|user|seat)\b/i;
const priceHead = /price|cost|fee|month|year|annual|\/mo|subscription/i;
const past =
  /\b(?:superseded|deprecated|formerly|previously|no longer|used to|was|were|instead of|replaced|old price)\b/i;

/** Tier names compare without case, emphasis, and the words plan, tier, package. */
export function tierKey(name: string): string {
  return name
    .replaceAll(/[*_`]/g, '')
    .replaceAll(/\b(?:plan|tier|package)\b/gi, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

/** True where a line speaks of what was, so that it need not match what is. */
export function isPast(line: string): boolean {
  return past.test(line.slice(0, maxLine));
}

/**
 * What a Markdown document says that tiers cost: price columns and price rows of tables, `Pro: $29` in lists and headings, and,
 * for tiers in `known`, sentences with an amount per month, year, user or seat. Lines about the past and code are left out.
 * Linear in the text.
 */
export function priceStatements(
  text: string,
  known: ReadonlyMap<string, string> = new Map(),
): readonly PriceStatement[] {
  const lines = text.split(/\r?\n/);
  const found: PriceStatement[] = [];
  let fenced = false;
  let priced = false;
  for (let at = 0; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').slice(0, maxLine);
    if (/^\s{0,3}(?:```|~~~)/.test(line)) fenced = !fenced;
    if (fenced) continue;
    if (/^#{1,6} /.test(line)) priced = /pric|\bplans?\b|\btiers?\b|packages?|subscription/i.test(line);
    const head = tableAt(lines, at);
    if (head) at = readTable(lines, at, head, found);
    else if (!isPast(line)) found.push(...(labelled(line, at + 1, priced) ?? inSentence(line, at + 1, known)));
  }
  return found;
}

/** Amounts of a text, as they are written. */
function amountsOf(text: string): readonly { amount: number; text: string; after: string }[] {
  return [...text.matchAll(price)].map((match) => ({
    amount: amountOf(match[1] ?? match[2] ?? ''),
    text: match[0].trim(),
    after: text.slice(match.index + match[0].length),
  }));
}

/** `1,299.50` and `1.299,50`: a sign before three digits parts thousands, before one or two it begins the cents. */
function amountOf(written: string): number {
  const cents = /[.,](\d{1,2})$/.exec(written);
  const whole = cents ? written.slice(0, cents.index) : written;
  return Number(`${whole.replaceAll(/[.,]/g, '')}.${cents?.[1] ?? '0'}`);
}

function tableAt(lines: readonly string[], at: number): readonly string[] | undefined {
  const head = cellsOf(lines[at] ?? '');
  const under = cellsOf(lines[at + 1] ?? '');
  return head && under && isDelimiter(under) ? head.map(cellText) : undefined;
}

/** Tiers as rows with price columns, or tiers as columns with a price row; returns the last line of the table. */
function readTable(lines: readonly string[], start: number, head: readonly string[], found: PriceStatement[]): number {
  let at = start + 2;
  for (let cells = cellsOf(lines[at] ?? ''); cells; cells = cellsOf(lines[at] ?? '')) {
    const texts = cells.map(cellText);
    const [first = ''] = texts;
    const across = priceHead.test(first);
    for (const [column, text] of texts.entries()) {
      if (column === 0 || isPast(lines[at] ?? '')) continue;
      const tier = across ? (head[column] ?? '') : first;
      for (const { amount, text: written, after } of amountsOf(text)) {
        const counts = across || priceHead.test(head[column] ?? '') || period.test(after);
        if (counts && isName(tier)) found.push({ tier, amount, text: written, line: at + 1, sure: true });
      }
    }
    at += 1;
  }
  return at - 1;
}

/** `- **Pro** (monthly): $29/month or $290/year`, `### Pro – $29`. */
function labelled(line: string, at: number, priced: boolean): readonly PriceStatement[] | undefined {
  const label =
    /^\s{0,12}(?:[-*+] |#{1,6} |\d{1,3}[.)] )[*_]{0,2}([\p{L}][\p{L}\p{N} +]{0,40}?)[*_]{0,2}(?: ?\([^)]{0,60}\))?[*_]{0,2}(?: ?:| [–—-])[*_]{0,2} {0,4}(?=\D{0,3}\d)/u.exec(
      line,
    );
  const tier = label?.[1];
  if (label === null || tier === undefined || !isName(tier)) return undefined;
  const amounts = amountsOf(line.slice(label[0].length));
  const counting = amounts.filter(({ after }, index) => index === 0 || period.test(after));
  if (counting.length === 0) return undefined;
  const named = priced || tierKey(tier) !== tier.trim().toLowerCase();
  return counting.map(({ amount, text, after }) => ({
    tier,
    amount,
    text,
    line: at,
    sure: named || period.test(after),
  }));
}

/** A sentence counts when it names one tier that is known, with amounts per period. */
function inSentence(line: string, at: number, known: ReadonlyMap<string, string>): readonly PriceStatement[] {
  if (known.size === 0) return [];
  const amounts = amountsOf(line).filter(({ after }) => period.test(after));
  if (amounts.length === 0) return [];
  const named = [...known].filter(([key, name]) => isNamed(line, key, name));
  const [only] = named;
  return only && named.length === 1
    ? amounts.map(({ amount, text }) => ({ tier: only[1], amount, text, line: at, sure: true }))
    : [];
}

/** As it is written, or in any case before plan, tier or package: `team` alone is just a word. */
function isNamed(line: string, key: string, name: string): boolean {
  const escape = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const alone = new RegExp(String.raw`(?<![\p{L}\p{N}_-])${escape(name)}(?![\p{L}\p{N}_-])`, 'u');
  const called = new RegExp(String.raw`(?<![\p{L}\p{N}_-])${escape(key)} (?:plan|tier|package)\b`, 'iu');
  return alone.test(line) || called.test(line);
}

const isName = (tier: string) => tierKey(tier) !== '' && tier.length <= 60 && !priceHead.test(tier);
