import { ConductorError } from '@conductor/core';
import type { Filter } from '@conductor/core/ports';
import { kindOf } from './checks.js';

/** A filter as lists, ready to be compared; `undefined` lets everything pass. */
export interface FilterParts {
  readonly kinds: readonly string[] | undefined;
  readonly types: readonly string[] | undefined;
  /** What stood before a trailing `*`. */
  readonly prefixes: readonly string[];
}

const maxEntries = 1_000;

/** Splits exact types from globs. Throws VALIDATION_FAILED. */
export function filterParts({ kinds, types }: Filter): FilterParts {
  if ((kinds?.length ?? 0) > maxEntries || (types?.length ?? 0) > maxEntries)
    throw new ConductorError('VALIDATION_FAILED', `A filter has at most ${maxEntries} kinds and types`);
  return {
    kinds,
    types: types?.filter((type) => !type.endsWith('*')),
    prefixes: types?.filter((type) => type.endsWith('*')).map((type) => type.slice(0, -1)) ?? [],
  };
}

/** The filter as a function, for drivers that compare in memory. */
export function matcher(filter: Filter): (stream: string, type: string) => boolean {
  const { kinds, types, prefixes } = filterParts(filter);
  const exact = types && new Set(types);
  const kindSet = kinds && new Set(kinds);
  return (stream, type) =>
    (kindSet === undefined || kindSet.has(kindOf(stream))) &&
    (exact === undefined || exact.has(type) || prefixes.some((prefix) => type.startsWith(prefix)));
}
