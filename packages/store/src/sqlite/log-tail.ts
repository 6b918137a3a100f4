import { matcher } from '../rules/filter.js';
import { utf8Bytes } from '../rules/limits.js';
import type { StoreLimits } from '../rules/limits.js';
import type { LogRows } from '../rules/rows.js';
import type { EventColumns } from './log-rows.js';

type Page = { readonly rows: readonly EventColumns[]; readonly scanned: number };

/** The newest events, all written by this connection: what another one wrote between them would have been told by `forget`. */
export interface LogTail {
  add(row: EventColumns): void;
  /** The rows of a page of the log; `undefined` when not all that it could hold is remembered. */
  page(...request: Parameters<LogRows['readLog']>): Page | undefined;
  forget(): void;
}

const maxEvents = 1_000;
const maxCharacters = 1_048_576;

/**
 * Who follows the log or waits for work reads what was appended just now, and asks for nothing that SQLite knows better. True
 * until `forget`. Adding is O(1), amortized; a page is O(events behind `after`).
 */
export function logTail(limits: StoreLimits): LogTail {
  let rows: EventColumns[] = [];
  let characters = 0;

  const forget = (): void => {
    rows = [];
    characters = 0;
  };
  const dropOlder = (): void => {
    const dropped = rows.splice(0, Math.ceil(rows.length / 2));
    for (const { data } of dropped) characters -= data.length;
  };

  return {
    forget,
    add(row) {
      rows.push(row);
      characters += row.data.length;
      while (rows.length > maxEvents || characters > maxCharacters) dropOlder();
    },
    page(filter, { after, upTo, limit }) {
      if (after >= upTo) return { rows: [], scanned: after };
      const first = rows[0]?.seq ?? Infinity;
      if (after < first - 1 || upTo >= first + rows.length) return undefined;
      const matches = matcher(filter);
      const most = Math.min(limit, limits.pageEvents);
      const found: EventColumns[] = [];
      let bytes = 0;
      for (const row of rows.slice(after + 1 - first, upTo + 1 - first)) {
        if (!matches(row.stream, row.type)) continue;
        bytes += utf8Bytes(row.data);
        const fits = found.length === 0 || bytes <= limits.pageBytes;
        if (fits) found.push(row);
        if (!fits || found.length >= most) return { rows: found, scanned: found.at(-1)?.seq ?? after };
      }
      return { rows: found, scanned: upTo };
    },
  };
}
