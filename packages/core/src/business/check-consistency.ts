import type { Finding } from '../kernel/finding.js';
import type { BusinessDocument } from './documents.js';
import { isSameModel, modelNames } from './model-names.js';
import { isPast, priceStatements, tierKey } from './prices.js';
import type { PriceStatement } from './prices.js';
import { keysOf, pricedTiers } from './pricing-data.js';

/** A document with its text, as the checks read it. */
export interface BusinessText extends BusinessDocument {
  readonly text: string;
}

/** What the checks compare. */
export interface BusinessTexts {
  readonly documents: readonly BusinessText[];
  /** Packages that the code depends on; absent: nobody can tell, and imports are not compared. */
  readonly dependencies?: ReadonlySet<string> | undefined;
}

const maxFindings = 200;

/**
 * The checks of a synchronisation, by the words of the documents alone: prices match product.md, model names match tech-stack.md,
 * tiers of the pricing data match product.md, imports in skills match the code. Archives are left out. Nothing to compare with:
 * nothing is found. Findings are errors, at most two hundred, in the order of the checks and of the documents.
 */
export function checkConsistency({ documents, dependencies }: BusinessTexts): readonly Finding[] {
  const live = documents.filter(({ tier }) => tier < 4);
  return [...pricesMatch(live), ...modelsMatch(live), ...dataMatches(live), ...importsMatch(live, dependencies)].slice(
    0,
    maxFindings,
  );
}

/** Prices of product.md by the key of their tier; an amount behind some other word makes no tier. */
function productPrices(documents: readonly BusinessText[]): ReadonlyMap<string, readonly PriceStatement[]> {
  const prices = new Map<string, PriceStatement[]>();
  for (const { text } of documents.filter(({ kind }) => kind === 'product')) {
    for (const statement of priceStatements(text)) {
      const key = tierKey(statement.tier);
      prices.set(key, [...(prices.get(key) ?? []), statement]);
    }
  }
  for (const [key, statements] of prices) if (!statements.some(({ sure }) => sure)) prices.delete(key);
  return prices;
}

function pricesMatch(documents: readonly BusinessText[]): readonly Finding[] {
  const prices = productPrices(documents);
  const known = new Map([...prices].map(([key, [first]]) => [key, first?.tier ?? key]));
  const others = documents.filter(({ kind }) => kind !== 'product' && kind !== 'pricing-data');
  return others.flatMap(({ path, text }) =>
    priceStatements(text, known).flatMap(({ tier, amount, text: written, line }): Finding[] => {
      const right = prices.get(tierKey(tier));
      if (!right || right.some((statement) => statement.amount === amount)) return [];
      const truth = [...new Set(right.map((statement) => statement.text))].join(' or ');
      return [
        mismatch(
          'PRICE_MISMATCH',
          path,
          line,
          `${tier} costs ${written} here and ${truth} in product.md`,
          'Take the price of product.md.',
        ),
      ];
    }),
  );
}

function modelsMatch(documents: readonly BusinessText[]): readonly Finding[] {
  const stack = documents.filter(({ kind }) => kind === 'tech-stack');
  const known = stack.flatMap(({ text }) => modelNames(withoutPast(text)).map(({ key }) => key));
  if (known.length === 0) return [];
  const others = documents.filter(({ kind }) => kind !== 'tech-stack' && kind !== 'pricing-data');
  return others.flatMap(({ path, text }) =>
    modelNames(withoutPast(text))
      .filter(({ key }) => !known.some((model) => isSameModel(key, model)))
      .map(({ text: written, line }) =>
        mismatch(
          'MODEL_MISMATCH',
          path,
          line,
          `${written} is not a model of tech-stack.md`,
          `There: ${[...new Set(known)].slice(0, 10).join(', ')}.`,
        ),
      ),
  );
}

/** The same lines, those about the past left empty, so that numbers of lines hold. */
function withoutPast(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => (isPast(line) ? '' : line))
    .join('\n');
}

function dataMatches(documents: readonly BusinessText[]): readonly Finding[] {
  const prices = productPrices(documents);
  const product = documents.find(({ kind }) => kind === 'product');
  if (!product || prices.size === 0) return [];
  return documents
    .filter(({ kind }) => kind === 'pricing-data')
    .flatMap(({ path, text }) => {
      const tiers = pricedTiers(path, text);
      if (tiers.length === 0) return [];
      const findings: Finding[] = [];
      const seen = new Set<string>();
      for (const tier of tiers) {
        const keys = keysOf(tier);
        const key = keys.find((each) => prices.has(each));
        if (key !== undefined) seen.add(key);
        const right = key === undefined ? undefined : prices.get(key);
        const name = tier.names[0] ?? '';
        if (right && !right.some(({ amount }) => tier.amounts.includes(amount)))
          findings.push(
            mismatch(
              'PRICE_MISMATCH',
              path,
              undefined,
              `${name} costs ${tier.amounts[0] ?? ''} here and ${right[0]?.text ?? ''} in product.md`,
              'Take the price of product.md.',
            ),
          );
        if (!right && !keys.some((each) => product.text.toLowerCase().includes(each)))
          findings.push(
            mismatch(
              'TIER_UNKNOWN',
              path,
              undefined,
              `Tier ${name} is not in product.md`,
              'Add it to product.md, or take it out of the data.',
            ),
          );
      }
      for (const [key, [first]] of prices)
        if (!seen.has(key))
          findings.push(
            mismatch(
              'TIER_MISSING',
              path,
              undefined,
              `Tier ${first?.tier ?? key} of product.md is not in the data`,
              'Add it, with the price of product.md.',
            ),
          );
      return findings;
    });
}

const imported = /(?:\bfrom|\bimport|\brequire\(|\bimport\()\s{0,4}["']([^"'\s]{1,200})["']/g;
const builtIn =
  /^(?:node:|\.|\/|~|#|@\/|https?:|(?:assert|buffer|child_process|crypto|events|fs|http|https|net|os|path|process|stream|timers|url|util|zlib)(?:\/|$))/;

/** Code in skills imports what the project has: a skill with yesterday's SDK teaches yesterday's calls. */
function importsMatch(
  documents: readonly BusinessText[],
  dependencies: ReadonlySet<string> | undefined,
): readonly Finding[] {
  if (!dependencies) return [];
  return documents
    .filter(({ tier }) => tier === 3)
    .flatMap(({ path, text }) =>
      text.split(/\r?\n/).flatMap((line, index) =>
        [...line.slice(0, 2000).matchAll(imported)]
          .map(([, name = '']) => packageOf(name))
          .filter((name) => !builtIn.test(name) && !dependencies.has(name))
          .map((name) =>
            mismatch(
              'SDK_MISMATCH',
              path,
              index + 1,
              `${name} is imported here and is no dependency of the project`,
              'Show the SDK that the code uses.',
            ),
          ),
      ),
    );
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function mismatch(code: string, path: string, line: number | undefined, message: string, hint: string): Finding {
  return { severity: 'error', code, path, ...(line !== undefined && { line }), message, hint };
}
