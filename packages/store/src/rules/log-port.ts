import { ConductorError } from '@conductor/core';
import type { Batches, EventEnvelope, Filter, Opt, Store, StreamId } from '@conductor/core/ports';
import { checkCount, checkStreamId } from './checks.js';
import { filterParts } from './filter.js';
import type { Rows } from './rows.js';
import type { Handle } from './store.js';

/** The reading side of the port `Store` over a driver's rows. */
export function createLog({
  read,
  wake,
  pollMs,
}: Handle): Pick<Store, 'head' | 'streams' | 'read' | 'readAll' | 'follow'> {
  async function* readStream(stream: StreamId, o: Parameters<Store['read']>[1] = {}): Batches {
    checkStreamId(stream);
    const { backward = false, signal } = o;
    let after = o.after ?? (backward ? Number.MAX_SAFE_INTEGER : 0);
    let left = checkedLimit(o.limit);
    checkCount('The version to read after', after);
    while (left > 0) {
      const limit = left;
      const from = after;
      const page = await read(({ log }) => log.readStream(stream, { after: from, limit, backward }), { signal });
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      after = last.version;
      left -= page.length;
    }
  }

  async function* readAll(o: Opt & Filter & { readonly after?: number; readonly limit?: number } = {}): Batches {
    filterParts(o);
    const { signal } = o;
    let after = o.after ?? 0;
    let left = checkedLimit(o.limit);
    checkCount('The seq to read after', after);
    const upTo = await read(({ log }) => log.head(), { signal });
    while (left > 0 && after < upTo) {
      const limit = left;
      const from = after;
      const { events, scanned } = await read(({ log }) => log.readLog(o, { after: from, upTo, limit }), { signal });
      if (events.length > 0) yield events;
      after = scanned;
      left -= events.length;
    }
  }

  async function* follow(o: Opt & Filter & { readonly after: number }): Batches {
    filterParts(o);
    checkCount('The seq to follow after', o.after);
    const { signal } = o;
    let after = o.after;
    for (;;) {
      const { tick } = wake.log;
      const from = after;
      const tail = { filter: o, after: from };
      const page = await read(({ log }) => readTail(log, o, from), { signal, tail });
      if (page.events.length > 0) yield page.events;
      after = Math.max(after, page.scanned);
      if (page.events.length === 0) await wake.log.wait(tick, { ms: pollMs, signal });
    }
  }

  return {
    async head({ stream, signal } = {}) {
      if (stream !== undefined) checkStreamId(stream);
      return read(({ log }) => (stream === undefined ? log.head() : log.version(stream)), { signal });
    },
    async streams({ kind, after = '', limit = 1_000, signal } = {}) {
      return read(({ log }) => log.streams({ kind, after, limit: checkedLimit(limit) }), { signal });
    },
    read: readStream,
    readAll,
    follow,
  };
}

function readTail(
  log: Rows['log'],
  filter: Filter,
  after: number,
): { readonly events: readonly EventEnvelope[]; readonly scanned: number } {
  return log.readLog(filter, { after, upTo: log.head(), limit: Number.MAX_SAFE_INTEGER });
}

function checkedLimit(limit: number | undefined): number {
  if (limit === undefined) return Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(limit) && limit >= 0) return limit;
  throw new ConductorError('VALIDATION_FAILED', `A limit must be a whole number from 0, not ${limit}`);
}
