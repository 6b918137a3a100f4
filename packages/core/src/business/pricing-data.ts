import { parseJson } from '../kernel/json.js';
import type { Json } from '../ports/values.js';
import { tierKey } from './prices.js';

/** A tier as a data file has it. */
export interface PricedTier {
  /** Everything it is called: name, id, key. The first is for people. */
  readonly names: readonly string[];
  readonly amounts: readonly number[];
}

const nameKeys: readonly string[] = ['name', 'title', 'label', 'tier', 'plan', 'id', 'key', 'slug'];
const amountKey =
  /^(?:price|amount|monthly|yearly|annual|cost)(?:[_A-Z].{0,30}|price|ly)?$|(?:price|amount|_cents|Cents)$/i;
const maxTiers = 200;

/**
 * Tiers of a pricing data file, JSON or source text (TypeScript, YAML), by the names of its fields. A damaged JSON file is
 * read as text. A count of cents counts as its amount as well.
 */
export function pricedTiers(path: string, text: string): readonly PricedTier[] {
  const json = /\.json$/i.test(path) ? jsonOf(path, text) : undefined;
  const tiers = json === undefined ? fromSource(text) : fromJson(json, undefined);
  return tiers.filter(({ amounts }) => amounts.length > 0).slice(0, maxTiers);
}

function jsonOf(path: string, text: string): Json | undefined {
  try {
    return parseJson(text, { source: path });
  } catch {
    return undefined; // somebody else's file: what it says can still be read as text
  }
}

function fromJson(value: Json, key: string | undefined): readonly PricedTier[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isList(value)) return value.flatMap((item) => fromJson(item, undefined));
  const entries = Object.entries(value);
  const names = entries.flatMap(([name, field]) =>
    nameKeys.includes(name.toLowerCase()) && typeof field === 'string' ? [field] : [],
  );
  const amounts = entries.flatMap(([name, field]) => pricesIn(name, field));
  const own = amounts.length > 0 ? [{ names: called(names, key), amounts }] : [];
  const below = amounts.length > 0 ? [] : entries.flatMap(([name, field]) => fromJson(field, name));
  return [...own.filter((tier) => tier.names.length > 0), ...below];
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** A field with an amount, or with amounts by period: `price: { monthly: 29, yearly: 290 }`. */
function pricesIn(name: string, field: Json): readonly number[] {
  if (!amountKey.test(name)) return [];
  if (typeof field === 'object' && field !== null && !isList(field))
    return Object.values(field).flatMap((inner) => amountIn(name, inner));
  return amountIn(name, field);
}

function amountIn(name: string, field: Json): readonly number[] {
  const amount =
    typeof field === 'number'
      ? field
      : typeof field === 'string'
        ? Number(field.replaceAll(/[$€£,\s]/g, '') || Number.NaN)
        : Number.NaN;
  if (!Number.isFinite(amount) || amount < 0) return [];
  return /cents|amount/i.test(name) ? [amount, amount / 100] : [amount];
}

function called(names: readonly string[], key: string | undefined): readonly string[] {
  return [...names, ...(key === undefined ? [] : [key])];
}

const token =
  /(?:^|[\s{,(])["']?(name|title|label|tier|plan|id|slug)["']?\s{0,4}[:=]\s{0,4}["'`]?([\p{L}][\p{L}\p{N} +_-]{0,40})|(?:^|[\s{,(])["']?((?:price|amount|monthly|yearly|annual)\w{0,30})["']?\s{0,4}[:=]\s{0,4}["'`]?[$€£]?(\d{1,9}(?:\.\d{1,2})?)|(?:^|[\s{,])["']?([\p{L}][\w-]{0,40})["']?\s{0,4}:\s{0,4}(?:\{|$)/giu;

/** Source text, token by token: a name or a key that opens a block begins a tier, amounts belong to the last one. */
function fromSource(text: string): readonly PricedTier[] {
  const tiers: { names: string[]; amounts: number[] }[] = [];
  const begin = (name: string) => {
    const last = tiers.at(-1);
    if (last && last.amounts.length === 0) last.names.unshift(name);
    else if (tiers.length <= maxTiers) tiers.push({ names: [name], amounts: [] });
  };
  for (const line of text.split(/\r?\n/)) {
    const code = line.slice(0, 2000).replace(/(?:^|\s)(?:\/\/|#).*$/, '');
    for (const [, , name, field, amount, key] of code.matchAll(token)) {
      if (name !== undefined) begin(name.trim());
      else if (key !== undefined && !amountKey.test(key)) begin(key);
      else if (field !== undefined && amount !== undefined)
        tiers.at(-1)?.amounts.push(...amountIn(field, Number(amount)));
    }
  }
  return tiers.map(({ names, amounts }) => ({ names: names.slice(0, 4), amounts }));
}

/** Keys by which a tier of the data may be meant. */
export function keysOf({ names }: PricedTier): readonly string[] {
  return names.map(tierKey).filter((key) => key !== '');
}
