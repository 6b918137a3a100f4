import { deepFreeze } from '@conductor/core';
import type { EventEnvelope, Json, StreamId } from '@conductor/core/ports';
import { kindOf } from '../rules/checks.js';
import { matcher } from '../rules/filter.js';
import { utf8Bytes } from '../rules/limits.js';
import type { StoreLimits } from '../rules/limits.js';
import type { CommitRow, EventRow, LogRows } from '../rules/rows.js';
import { JournaledMap } from './journaled-map.js';
import type { Journal } from './journaled-map.js';
import { SortedKeys } from './sorted-keys.js';

interface Stored {
  readonly event: EventEnvelope;
  readonly bytes: number;
}

/** The log as arrays: index = seq - 1, and per stream index = version - 1. */
export function memoryLogRows(journal: Journal, limits: StoreLimits): LogRows {
  const events: Stored[] = [];
  const commits: CommitRow[] = [];
  const streams = new JournaledMap<StreamId, Stored[]>(journal);
  const names = new SortedKeys();
  const keys = new JournaledMap<string, CommitRow>(journal);

  const push = <T>(list: T[], item: T) => {
    list.push(item);
    journal.record(() => list.pop());
  };
  const streamOf = (stream: StreamId) => {
    const known = streams.get(stream);
    if (known !== undefined) return known;
    const list: Stored[] = [];
    streams.set(stream, list);
    names.add(stream);
    journal.record(() => names.remove(stream));
    return list;
  };
  const page = createPage(limits);

  return {
    head: () => events.length,
    version: (stream) => streams.get(stream)?.length ?? 0,
    setVersion: () => undefined, // the length of the list is the version
    addCommit(row) {
      push(commits, row);
      if (row.key !== undefined) keys.set(row.key, row);
      return commits.length;
    },
    addEvent(row) {
      const stored = { event: envelope(row, commits[row.commit - 1]), bytes: utf8Bytes(row.data) };
      push(events, stored);
      push(streamOf(row.stream), stored);
    },
    commitOfKey: (key) => keys.get(key),
    versionsBetween(firstSeq, lastSeq) {
      const range = events.slice(firstSeq - 1, lastSeq);
      return [...new Map(range.map(({ event }) => [event.stream, event.version]))];
    },
    streams({ kind, after, limit }) {
      const found: { stream: StreamId; version: number }[] = [];
      for (const stream of names.after(after)) {
        if (found.length === limit) break;
        if (kind !== undefined && kindOf(stream) !== kind) continue;
        found.push({ stream, version: streams.get(stream)?.length ?? 0 });
      }
      return found;
    },
    readStream(stream, { after, limit, backward }) {
      const list = streams.get(stream) ?? [];
      const count = Math.min(limit, limits.pageEvents);
      // A page forward starts at index `after`; backward `after` is the first version not wanted, and 0 is before all.
      const end = Math.max(0, Math.min(list.length, after - 1));
      const part = backward ? list.slice(Math.max(0, end - count), end).reverse() : list.slice(after, after + count);
      return page(part, limit);
    },
    readLog(filter, { after, upTo, limit }) {
      const matches = matcher(filter);
      const most = Math.min(limit, limits.pageEvents);
      const part: Stored[] = [];
      let scanned = after;
      while (scanned < upTo && part.length < most) {
        const stored = events[scanned];
        scanned += 1;
        if (stored !== undefined && matches(stored.event.stream, stored.event.type)) part.push(stored);
      }
      const found = page(part, limit);
      return { events: found, scanned: found.length < part.length ? (found.at(-1)?.seq ?? after) : scanned };
    },
    event: (seq) => events[seq - 1]?.event,
    count(filter, after) {
      const matches = matcher(filter);
      return events.slice(after).filter(({ event }) => matches(event.stream, event.type)).length;
    },
  };
}

/** Cuts a list of events where a page is full: by count, or by bytes, but never to nothing. */
function createPage({ pageEvents, pageBytes }: StoreLimits) {
  return (part: readonly Stored[], limit: number): readonly EventEnvelope[] => {
    const found: EventEnvelope[] = [];
    let bytes = 0;
    for (const stored of part) {
      bytes += stored.bytes;
      if (found.length === Math.min(limit, pageEvents) || (found.length > 0 && bytes > pageBytes)) break;
      found.push(stored.event);
    }
    return found;
  };
}

/** Frozen, because every reader is handed the same object. */
function envelope(row: EventRow, commit: CommitRow | undefined): EventEnvelope {
  if (commit === undefined) throw new Error(`Commit ${row.commit} was not written before its events`);
  const { seq, stream, version, type, v } = row;
  const { at, actor, correlation, causation } = commit;
  return deepFreeze({
    id: `${stream}@${version}`,
    seq,
    stream,
    version,
    type,
    v,
    commit: row.commit,
    at,
    actor: { ...actor },
    correlation: { ...correlation },
    ...(causation === undefined ? {} : { causation }),
    data: JSON.parse(row.data) as Json, // it was made by JSON.stringify
  });
}
