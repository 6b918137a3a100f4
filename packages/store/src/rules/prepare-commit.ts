import { ConductorError, canonicalJson, isJson } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Commit, Fence, Json, LeaseOp, RecordOp, StreamId } from '@conductor/core/ports';
import { checkCount, checkName, checkStreamId, kindOf } from './checks.js';
import { checkMeta } from './commit-meta.js';
import { checkRequest } from './leases.js';
import { utf8Bytes } from './limits.js';
import type { StoreLimits } from './limits.js';
import { isLocal } from './records.js';
import type { CommitRow } from './rows.js';

export interface PreparedAppend {
  readonly stream: StreamId;
  readonly expectedVersion: number | 'any';
  readonly events: readonly { readonly type: string; readonly v: number; readonly data: string }[];
}

/** A commit that was checked and made into text, so that the transaction itself only writes. */
export interface PreparedCommit {
  readonly appends: readonly PreparedAppend[];
  readonly leases: readonly LeaseOp[];
  readonly records: readonly RecordOp[];
  readonly fence: readonly Fence[];
  /** How many events there are. */
  readonly count: number;
  readonly row: Omit<CommitRow, 'firstSeq' | 'lastSeq'>;
}

const anyVersionKinds: ReadonlySet<string> = new Set(['run', 'audit']);

/**
 * Everything about a commit that needs no store: shape, sizes, text. Throws ID_INVALID, VALIDATION_FAILED,
 * EVENT_TOO_LARGE, COMMIT_TOO_LARGE, RECORD_WITHOUT_EVENT.
 */
export function prepareCommit(commit: Commit, limits: StoreLimits): PreparedCommit {
  const { leases = [], records = [], fence = [], idempotencyKey: key } = commit;
  if (key !== undefined) checkName('an idempotency key', key, 255);
  checkMeta(commit.meta);
  const appends = prepareAppends(commit, limits);
  const kept = prepareRecords(records, limits);
  const bytes = appends.bytes + kept.bytes;
  if (bytes > limits.commitBytes || appends.count > limits.commitEvents) {
    throw new ConductorError(
      'COMMIT_TOO_LARGE',
      `A commit of ${appends.count} events and ${bytes} bytes is too large`,
      {
        details: { maxEvents: limits.commitEvents, maxBytes: limits.commitBytes },
      },
    );
  }
  for (const op of leases) if (op.op === 'acquire') checkRequest(op);
  checkRecords(records, appends.count);
  if (appends.count === 0 && leases.length === 0 && records.length === 0)
    throw new ConductorError('VALIDATION_FAILED', 'An empty commit writes nothing');
  const { at, actor, correlation = {}, causation } = commit.meta;
  const digest = key === undefined ? undefined : digestOf(commit);
  return {
    appends: appends.list,
    leases,
    records: kept.list,
    fence,
    count: appends.count,
    row: { at, actor, correlation, causation, key, digest },
  };
}

function prepareAppends({ appends }: Commit, limits: StoreLimits) {
  const seen = new Set<StreamId>();
  let count = 0;
  let bytes = 0;
  const list = appends.map(({ stream, expectedVersion, events }): PreparedAppend => {
    checkStreamId(stream);
    if (seen.has(stream))
      throw new ConductorError('VALIDATION_FAILED', `The stream ${stream} stands twice in a commit`);
    seen.add(stream);
    checkExpected(stream, expectedVersion);
    if (events.length === 0) throw new ConductorError('VALIDATION_FAILED', `No events for the stream ${stream}`);
    count += events.length;
    return {
      stream,
      expectedVersion,
      events: events.map(({ type, v, data }) => {
        checkName('the type of an event', type);
        checkCount('The version of an event', v, 1);
        const text = jsonText(`The event ${type}`, data);
        const size = utf8Bytes(text);
        if (size > limits.eventBytes) {
          throw new ConductorError('EVENT_TOO_LARGE', `The event ${type} has ${size} bytes`, {
            details: { maxBytes: limits.eventBytes, stream, type },
          });
        }
        bytes += size;
        return { type, v, data: text };
      }),
    };
  });
  return { list, count, bytes };
}

function checkExpected(stream: StreamId, expected: number | 'any'): void {
  if (expected !== 'any') return checkCount('The expected version', expected);
  if (anyVersionKinds.has(kindOf(stream))) return;
  throw new ConductorError('VALIDATION_FAILED', `The stream ${stream} needs an expected version`, {
    hint: 'Only streams of the kinds run and audit take `any`.',
  });
}

function checkRecords(records: readonly RecordOp[], events: number): void {
  for (const { collection, key, expectedRevision } of records) {
    checkName('the name of a collection', collection);
    checkName('the key of a record', key, 1_024);
    if (expectedRevision !== 'any') checkCount('The expected revision', expectedRevision);
    if (events > 0 || isLocal(collection)) continue;
    throw new ConductorError(
      'RECORD_WITHOUT_EVENT',
      `The record ${key} of ${collection} needs an event in its commit`,
      {
        hint: 'Append the event that logs the change; only collections that start with $ need none.',
      },
    );
  }
}

/** The values are copies: the caller may go on with his own before the transaction begins. */
function prepareRecords(records: readonly RecordOp[], limits: StoreLimits) {
  let bytes = 0;
  const list = records.map((record): RecordOp => {
    const { collection, key, value } = record;
    if (value === undefined) return record;
    const text = jsonText(`The record ${key} of ${collection}`, value);
    const size = utf8Bytes(text);
    if (size > limits.eventBytes) {
      throw new ConductorError('EVENT_TOO_LARGE', `The record ${key} of ${collection} has ${size} bytes`, {
        details: { maxBytes: limits.eventBytes },
      });
    }
    bytes += size;
    return { ...record, value: JSON.parse(text) as Json }; // the text was made of JSON
  });
  return { list, bytes };
}

function jsonText(what: string, value: unknown): string {
  if (isJson(value)) return JSON.stringify(value);
  throw new ConductorError('VALIDATION_FAILED', `${what} holds something that JSON cannot keep`, {
    hint: 'Leave out undefined members, NaN, class instances, prototype keys, and nesting above 64 levels.',
  });
}

/**
 * What "the same content" means: who says what about which streams, records and leases. The time and the expected
 * versions are left out, because an honest repetition is made later, on what the first try has already changed. The keys
 * stand here in canonical order, which is the quick case of `canonicalJson`.
 */
function digestOf({ appends, records = [], leases = [], meta }: Commit): string {
  const { actor, correlation = {}, causation = null } = meta;
  return sha256Hex(
    canonicalJson({
      actor: keysSorted(actor),
      appends: appends.map(({ stream, events }) => ({
        events: events.map(({ type, v, data }) => ({ data, type, v })),
        stream,
      })),
      causation,
      correlation: keysSorted(correlation),
      leases: leases.map((op) =>
        op.op === 'acquire' ? { acquire: op.set, keys: op.keys.map((key) => ({ ...key })) } : { release: op.set },
      ),
      records: records.map(({ collection, key, value }) =>
        value === undefined ? { collection, deleted: true, key } : { collection, key, value },
      ),
    }),
  );
}

function keysSorted(flat: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(flat).sort(([a], [b]) => (a < b ? -1 : 1)));
}
