import { ConductorError, canonicalJson, isJson } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Commit, CommitResult, Fence, Grant, LeaseOp, RecordOp, StreamId } from '@conductor/core/ports';
import { checkCount, checkName, checkStreamId, kindOf } from './checks.js';
import { acquireNow, checkRequest, releaseSet } from './leases.js';
import { utf8Bytes } from './limits.js';
import type { StoreLimits } from './limits.js';
import { applyRecord, isLocal } from './records.js';
import type { CommitRow, LogRows, Rows } from './rows.js';

interface PreparedAppend {
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
  const appends = prepareAppends(commit, limits);
  const bytes = appends.bytes + recordBytes(records, limits);
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
    records,
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

function recordBytes(records: readonly RecordOp[], limits: StoreLimits): number {
  let bytes = 0;
  for (const { collection, key, value } of records) {
    if (value === undefined) continue;
    const size = utf8Bytes(jsonText(`The record ${key} of ${collection}`, value));
    if (size > limits.eventBytes) {
      throw new ConductorError('EVENT_TOO_LARGE', `The record ${key} of ${collection} has ${size} bytes`, {
        details: { maxBytes: limits.eventBytes },
      });
    }
    bytes += size;
  }
  return bytes;
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

/** Applies a prepared commit inside a transaction, in the order that the port promises. O(rows written). */
export function applyCommit(rows: Rows, commit: PreparedCommit, nowMs: number): CommitResult {
  const repeated = findRepeated(rows.log, commit);
  if (repeated !== undefined) return repeated;
  for (const fence of commit.fence) checkFence(rows, fence, nowMs);
  const versions = checkVersions(rows.log, commit.appends);
  const grants = applyLeases(rows, commit.leases, nowMs);
  const firstSeq = rows.log.head() + 1;
  const lastSeq = firstSeq + commit.count - 1;
  for (const record of commit.records) applyRecord(rows.records, record, lastSeq);
  appendEvents(rows.log, commit, versions, firstSeq, lastSeq);
  return { lastSeq, versions, grants, deduplicated: false };
}

function findRepeated(log: LogRows, { row: { key, digest } }: PreparedCommit): CommitResult | undefined {
  const first = key === undefined ? undefined : log.commitOfKey(key);
  if (first === undefined) return undefined;
  if (first.digest !== digest)
    throw new ConductorError('IDEMPOTENCY_MISMATCH', `The key ${key} was used for another commit`);
  const versions = new Map(log.versionsBetween(first.firstSeq, first.lastSeq));
  return { lastSeq: first.lastSeq, versions, grants: [], deduplicated: true };
}

function checkFence({ leases }: Rows, { set, token }: Fence, nowMs: number): void {
  const grant = leases.grant(token);
  if (grant === undefined || grant.lost || grant.set !== set)
    throw new ConductorError('FENCED', `The lease ${set} with token ${token} is no longer held`, {
      details: { set, token },
    });
  if (grant.expiresAtMs <= nowMs) {
    throw new ConductorError('LEASE_EXPIRED', `The lease ${set} with token ${token} has expired`, {
      hint: 'Renew it, then commit again.',
      details: { set, token },
    });
  }
}

function checkVersions(log: LogRows, appends: readonly PreparedAppend[]): Map<StreamId, number> {
  const versions = new Map<StreamId, number>();
  for (const { stream, expectedVersion: expected } of appends) {
    const actual = log.version(stream, expected);
    if (expected !== 'any' && expected !== actual) {
      throw new ConductorError('VERSION_CONFLICT', `The stream ${stream} is at version ${actual}, not ${expected}`, {
        details: { stream, expected, actual },
      });
    }
    versions.set(stream, actual);
  }
  return versions;
}

function applyLeases(rows: Rows, ops: readonly LeaseOp[], nowMs: number): readonly Grant[] {
  const grants: Grant[] = [];
  for (const op of ops) {
    if (op.op === 'acquire') grants.push(acquireNow(rows.leases, op, nowMs));
    else releaseSet(rows.leases, op.set, op.token, nowMs);
  }
  return grants;
}

/** Writes the commit row and its events, and moves `versions` to what the streams have afterwards. */
function appendEvents(
  log: LogRows,
  { appends, count, row }: PreparedCommit,
  versions: Map<StreamId, number>,
  firstSeq: number,
  lastSeq: number,
): void {
  // A commit of leases or local rows alone leaves no row, unless its key has to be remembered.
  if (count === 0 && row.key === undefined) return;
  const commit = log.addCommit({ ...row, firstSeq, lastSeq });
  let seq = firstSeq;
  for (const { stream, events } of appends) {
    let version = versions.get(stream) ?? 0;
    for (const { type, v, data } of events) {
      version += 1;
      log.addEvent({ seq, stream, version, type, v, commit, data });
      seq += 1;
    }
    log.setVersion(stream, version);
    versions.set(stream, version);
  }
}
