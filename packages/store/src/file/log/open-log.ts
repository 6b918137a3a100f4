import { ConductorError } from '@conductor/core';
import type { Ids } from '@conductor/core/ports';
import { createJournal } from '../../memory/journaled-map.js';
import type { Journal } from '../../memory/journaled-map.js';
import { memoryLeaseRows } from '../../memory/lease-rows.js';
import type { LeaseState } from '../../memory/lease-rows.js';
import { memoryLogRows } from '../../memory/log-rows.js';
import { memoryRecordRows } from '../../memory/record-rows.js';
import { memorySubscriptionRows } from '../../memory/subscription-rows.js';
import type { SubscriptionState } from '../../memory/subscription-rows.js';
import type { StoreLimits } from '../../rules/limits.js';
import type { EventRow, Rows } from '../../rules/rows.js';
import type { LogLine } from './line.js';
import { applyRedo, recordedRows, redosOf } from './redo.js';
import type { FileRows, Redo } from './redo.js';
import type { FoundLine, Segments } from './segments.js';

/** Format 2 may begin with a base (decision 0019). */
const newestFormat = 2;
const firstFormat = 1;

/** The first line: names the store. */
interface Header {
  readonly format: number;
  readonly id: string;
}

/** Everything of one open store that lies in memory. */
export interface OpenLog {
  /** Runs `work` in memory; the changes it made, or, when it throws, nothing has changed. */
  transaction<T>(work: () => T): T;
  /** The rows, with every change told to `changes`. */
  readonly rows: Rows;
  readonly changes: Redo[];
  catchUp(): void;
  append(redos: readonly Redo[]): void;
  grown(): boolean;
  /** The id of the store; writes the first line where there is none. After `catchUp`. */
  id(ids: Ids): string;
  /** Bytes of all lines, and of those behind the base that hold no events: said anew, most of them say nothing any more. */
  sizes(): { readonly bytes: number; readonly spentBytes: number };
  /** Everything there is of leases and subscriptions. */
  state(): { readonly leases: LeaseState; readonly subscriptions: SubscriptionState };
  /** All lines there are, read again from the disk. After `catchUp`. */
  lines(): Iterable<LogLine>;
  /** What is wrong with the files, read again from the disk, in words. Throws STORE_CORRUPT. After `catchUp`. */
  problems(): readonly string[];
  /** Writes the log anew without what is spent. After `catchUp`. */
  compact(): void;
}

interface Memory {
  readonly journal: Journal;
  readonly plain: FileRows;
  readonly recorded: Rows;
  header: Header | undefined;
  bytes: number;
  spentBytes: number;
}

/** Redos in one line of a base: few enough to be read at once. */
const redosPerLine = 1_000;

export function openLog(segments: Segments, limits: StoreLimits): OpenLog {
  const changes: Redo[] = [];
  const emptyMemory = (): Memory => {
    const journal = createJournal();
    const plain: FileRows = {
      log: memoryLogRows(journal, limits),
      leases: memoryLeaseRows(journal),
      records: memoryRecordRows(journal),
      subscriptions: memorySubscriptionRows(journal),
    };
    const recorded = recordedRows(plain, (redo) => changes.push(redo));
    return { journal, plain, recorded, header: undefined, bytes: 0, spentBytes: 0 };
  };
  let memory = emptyMemory();

  return {
    changes,
    get rows() {
      return memory.recorded;
    },
    transaction: (work) => memory.journal.transaction(work),
    grown: () => segments.grown(),
    catchUp() {
      let target = memory;
      segments.catchUp({
        take: (line) => takeLine(target, line),
        // Beside what there is: a base that cannot be read leaves this handle as it was.
        begin: () => void (target = emptyMemory()),
        end(bytes) {
          memory = target;
          memory.bytes = bytes;
          memory.spentBytes = 0;
        },
      });
    },
    append(redos) {
      const bytes = segments.append(redos);
      memory.bytes += bytes;
      if (!redos.some(isOfLog)) memory.spentBytes += bytes;
    },
    id(ids) {
      if (memory.header !== undefined) return memory.header.id;
      memory.header = { format: firstFormat, id: ids.id('store') };
      segments.append(memory.header);
      return memory.header.id;
    },
    sizes: () => memory,
    state: () => ({ leases: memory.plain.leases.state(), subscriptions: memory.plain.subscriptions.state() }),
    lines: () => segments.lines(),
    problems: () => problemsOf(segments, memory.plain.log.head()),
    compact() {
      memory.bytes = segments.replaceAll(compacted(segments, memory));
      memory.spentBytes = 0;
    },
  };
}

function takeLine(memory: Memory, { number, body, bytes }: FoundLine): void {
  memory.bytes += bytes;
  if (number === 1) {
    memory.header = checkedHeader(body);
    return;
  }
  const redos = body as readonly Redo[]; // written by `append` or `compact`, and whole: the line has its checksum
  memory.journal.transaction(() => applyRedo(memory.plain, redos));
  if (!redos.some(isOfLog)) memory.spentBytes += bytes;
}

const isOfLog = ([table]: Redo): boolean => table === 'log';

/** Events and commits as they were written, line by line; of all else how it is now. */
function* compacted(segments: Segments, { header, plain }: Memory): Generator<unknown> {
  yield { ...header, format: newestFormat };
  for (const { number, body } of segments.lines()) {
    const redos = number === 1 ? [] : (body as readonly Redo[]).filter(isOfLog); // as in takeLine
    if (redos.length > 0) yield redos;
  }
  let line: Redo[] = [];
  for (const redo of redosOf(plain)) {
    line.push(redo);
    if (line.length < redosPerLine) continue;
    yield line;
    line = [];
  }
  if (line.length > 0) yield line;
}

/** Every line with its checksum, and the events in them: one after the other, in the log and in each stream. */
function problemsOf(segments: Segments, head: number): readonly string[] {
  const problems: string[] = [];
  const versions = new Map<string, number>();
  let last = 0;
  for (const { number, body } of segments.lines()) {
    for (const [table, method, args] of number === 1 ? [] : (body as readonly Redo[])) {
      if (table !== 'log' || method !== 'addEvent') continue;
      const { seq, stream, version } = args[0] as EventRow; // as `recordedRows` told it
      if (seq !== last + 1) problems.push(`line ${number}: the event ${seq} stands behind ${last}`);
      const before = versions.get(stream) ?? 0;
      if (version !== before + 1) problems.push(`line ${number}: ${stream}@${version} stands behind ${before}`);
      last = seq;
      versions.set(stream, version);
    }
  }
  if (last !== head) problems.push(`the log ends at event ${last}, and ${head} were read when it was opened`);
  return problems;
}

function checkedHeader(body: unknown): Header {
  const { format, id } = (body ?? {}) as Partial<Header>;
  if (typeof format !== 'number' || typeof id !== 'string')
    throw new ConductorError('STORE_CORRUPT', 'The first line of the log names no store');
  if (format > newestFormat)
    throw new ConductorError('STORE_NEWER', `The log has format ${format}; this version reads up to ${newestFormat}`);
  return { format, id };
}
