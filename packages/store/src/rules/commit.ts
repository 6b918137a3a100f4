import { ConductorError } from '@conductor/core';
import type { CommitResult, Fence, Grant, LeaseOp, StreamId } from '@conductor/core/ports';
import { acquireNow, releaseSet } from './leases.js';
import type { PreparedAppend, PreparedCommit } from './prepare-commit.js';
import { applyRecord } from './records.js';
import type { LogRows, Rows } from './rows.js';

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
    const actual = log.version(stream);
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
    for (const event of events) {
      version += 1;
      log.addEvent({ ...event, seq, stream, version, commit });
      seq += 1;
    }
    log.setVersion(stream, version);
    versions.set(stream, version);
  }
}
