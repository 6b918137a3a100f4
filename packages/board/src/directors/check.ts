import type { Condition } from '@conductor/core';
import type { BoardFacts } from './facts.js';
import type { Signal } from './signals.js';

/** `flag`: reject. `concern`: approve with a remark, and with `condition` where there is one. `note`: lowers the score. */
export type Severity = 'flag' | 'concern' | 'note';

/** One question that a director asks of the facts. */
export interface Check {
  readonly id: string;
  /** Key of the breakdown whose score it lowers. */
  readonly criterion: string;
  readonly severity: Severity;
  /** What is wrong, with the values; undefined when nothing is. */
  find(facts: BoardFacts): string | undefined;
  readonly advice: string;
  readonly condition?: Omit<Condition, 'id' | 'director'>;
}

/** A check that came true. */
export interface Found {
  readonly check: Check;
  readonly message: string;
}

/** A check that comes true when a sentence of spec or plan says it; names the first place. */
export function says(signal: Signal, what: string): Check['find'] {
  return ({ signals }) => {
    const found = signals.filter((other) => other.signal === signal);
    const [first] = found;
    if (!first) return undefined;
    const more = found.length > 1 ? ` and ${found.length - 1} more` : '';
    return `${what}: ${first.where} line ${first.line} "${first.excerpt}"${more}`;
  };
}

/** Ids of tasks for a message, at most five. */
export function named(tasks: readonly { readonly id: string }[]): string {
  const ids = tasks.slice(0, 5).map((task) => task.id);
  return `${ids.join(', ')}${tasks.length > 5 ? ` and ${tasks.length - 5} more` : ''}`;
}
