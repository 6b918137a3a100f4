import type { Clock } from '@conductor/core/ports';
import type { PgRow } from './client.js';
import type { SqlText } from './sql-text.js';

type Rows = readonly PgRow[];

/** Fetches the next page while a reader that goes from page to page still works on the one before. */
export interface PagesAhead {
  /** What was fetched ahead for this statement, once; `undefined` when nothing was, or it failed. */
  take(statement: SqlText): Promise<Rows | undefined>;
  /** A page was read, and this is the next one. */
  read(statement: SqlText, next: SqlText | undefined): void;
}

/** Pages that may lie ready at one time, for all readers together. */
const mostPages = 8;
/** After this a page is taken for one that nobody will come for. */
const longestMs = 5_000;
/** Readers of whom it is remembered where they will go on. */
const mostReaders = 64;

export function pagesAhead(clock: Clock, fetch: (statement: SqlText) => Promise<Rows>): PagesAhead {
  const ready = new Map<string, { readonly rows: Promise<Rows | undefined>; readonly atMs: number }>();
  const expected = new Set<string>();
  const expire = () => {
    for (const [text, { atMs }] of ready) if (clock.monotonic() - atMs > longestMs) ready.delete(text);
    for (const text of expected) if (expected.size > mostReaders) expected.delete(text);
  };
  return {
    async take({ text }) {
      const found = ready.get(text);
      ready.delete(text);
      return found?.rows;
    },
    read({ text }, next) {
      // Whoever reads a second page will want a third one; most reads end with the first.
      const goesOn = expected.delete(text);
      if (next === undefined) return;
      expected.add(next.text);
      expire();
      if (!goesOn || ready.size >= mostPages || ready.has(next.text)) return;
      const rows = fetch(next).catch(() => undefined); // whoever comes for it asks again, and is told
      ready.set(next.text, { rows, atMs: clock.monotonic() });
    },
  };
}
