import { ConductorError, canonicalJson } from '@conductor/core';
import type { Json, Predicate } from '@conductor/core/ports';

const maxNodes = 1_000;
const maxDepth = 32;

/** Refuses a predicate that is too large to be evaluated for every row. Throws VALIDATION_FAILED. */
export function checkPredicate(where: Predicate): void {
  let left = maxNodes;
  const visit = (node: Predicate, depth: number): void => {
    left -= 1;
    if (left < 0 || depth > maxDepth)
      throw new ConductorError('VALIDATION_FAILED', `A predicate has at most ${maxNodes} parts, ${maxDepth} deep`);
    if ('all' in node) node.all.forEach((child) => visit(child, depth + 1));
    else if ('any' in node) node.any.forEach((child) => visit(child, depth + 1));
    else if ('not' in node) visit(node.not, depth + 1);
    else if (node.is === 'in' && !Array.isArray(node.value))
      throw new ConductorError('VALIDATION_FAILED', 'The value of `in` must be a list');
  };
  visit(where, 0);
}

/**
 * Whether a value satisfies a predicate. `field` is a path with dots. `=` compares whole values, order only numbers with
 * numbers and texts with texts; a missing field satisfies nothing but `!=`.
 */
export function satisfies(value: Json, where: Predicate): boolean {
  if ('all' in where) return where.all.every((child) => satisfies(value, child));
  if ('any' in where) return where.any.some((child) => satisfies(value, child));
  if ('not' in where) return !satisfies(value, where.not);
  const field = fieldOf(value, where.field);
  if (field === undefined) return where.is === '!=';
  return compare(field, where.is, where.value);
}

/** The value at a path with dots, own members only. */
export function fieldOf(value: Json, path: string): Json | undefined {
  let at: Json | undefined = value;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as { readonly [key: string]: Json })[name];
  }
  return at;
}

function compare(
  field: Json,
  is: Exclude<Predicate, { all: unknown } | { any: unknown } | { not: unknown }>['is'],
  value: Json,
): boolean {
  switch (is) {
    case '=':
      return same(field, value);
    case '!=':
      return !same(field, value);
    case 'in':
      return Array.isArray(value) && value.some((item: Json) => same(field, item));
    case 'prefix':
      return typeof field === 'string' && typeof value === 'string' && field.startsWith(value);
    default:
      return ordered(field, is, value);
  }
}

function ordered(field: Json, is: '<' | '<=' | '>' | '>=', value: Json): boolean {
  const comparable =
    (typeof field === 'number' && typeof value === 'number') ||
    (typeof field === 'string' && typeof value === 'string');
  if (!comparable) return false;
  if (is === '<') return field < value;
  if (is === '<=') return field <= value;
  return is === '>' ? field > value : field >= value;
}

function same(a: Json, b: Json): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return canonicalJson(a) === canonicalJson(b);
}
