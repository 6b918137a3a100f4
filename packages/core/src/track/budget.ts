import type { Usage } from '../ports/values.js';
import type { BudgetState } from './model.js';

/** What counts against the limits of a run. */
export interface Spending {
  readonly tokens: number;
  readonly costMicros: number;
  readonly attempts: number;
}

/** Everything spent on the track so far. */
export function spending(spent: Usage, attempts: number): Spending {
  return { tokens: (spent.inputTokens ?? 0) + (spent.outputTokens ?? 0), costMicros: spent.costMicros ?? 0, attempts };
}

/** The first limit of the run that is used up, with both numbers; wall time is watched by the shell, which has a clock. */
export function usedUp({
  limits,
  spent,
  attempts,
  before,
}: BudgetState): { kind: string; limit: number; spent: number } | undefined {
  const now = spending(spent, attempts);
  const used = {
    tokens: now.tokens - before.tokens,
    usd: (now.costMicros - before.costMicros) / 1e6,
    attempts: now.attempts - before.attempts,
  };
  for (const kind of ['tokens', 'usd', 'attempts'] as const) {
    const limit = limits[kind];
    if (limit !== undefined && used[kind] >= limit) return { kind, limit, spent: used[kind] };
  }
  return undefined;
}
