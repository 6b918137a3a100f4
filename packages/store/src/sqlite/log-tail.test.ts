import { FakeClock } from '@conductor/core/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import type { TemporaryFolder } from '../../test/open-database.js';
import { defaultLimits } from '../rules/limits.js';
import { preparedSql } from './database.js';
import { sqliteLogRows } from './log-rows.js';
import { sqliteStore } from './store.js';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const word = fc.constantFrom('a', 'ab', 'b', 'é');
const event = fc.record({ kind: fc.constantFrom('track', 'board'), type: word, size: fc.nat(40) });
const request = fc.record({
  after: fc.nat(30),
  upTo: fc.nat(30),
  limit: fc.integer({ min: 1, max: 8 }),
  kinds: fc.option(fc.subarray(['track', 'board'])),
  types: fc.option(fc.subarray(['a', 'a*', 'é'])),
});

describe('the newest events', () => {
  it('are the same pages from memory as from the tables', async () => {
    const path = folder.file('conductor.db');
    const store = await sqliteStore({ database: openDatabase(path), clock: new FakeClock() });
    await store.close();
    const database = openDatabase(path);
    const limits = { ...defaultLimits, pageEvents: 6, pageBytes: 100 };
    const head = {
      actor: { kind: 'engine', id: 'é' },
      at: '2026-01-01T00:00:00.000Z',
      causation: undefined,
      key: undefined,
      digest: undefined,
      correlation: { track: 't' },
    } as const;
    fc.assert(
      fc.property(
        fc.array(fc.array(event, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
        fc.nat(4),
        fc.array(request),
        (commits, forgotten, requests) => {
          database.exec('DELETE FROM events; DELETE FROM commits');
          const [written, read] = [0, 1].map(() => sqliteLogRows(preparedSql(database), limits));
          let seq = 0;
          for (const [index, events] of commits.entries()) {
            if (index === forgotten) written?.forget();
            const commit =
              written?.addCommit({
                ...head,
                firstSeq: seq + 1,
                lastSeq: seq + events.length,
              }) ?? 0;
            for (const { kind, type, size } of events) {
              seq += 1;
              const data = JSON.stringify({ text: 'é'.repeat(size) });
              written?.addEvent({ seq, stream: `${kind}/1`, version: seq, type, v: 1, commit, data });
            }
          }
          for (const { after, upTo, limit, kinds, types } of requests) {
            const filter = { ...(kinds && { kinds }), ...(types && { types }) };
            const o = { after, upTo: Math.min(upTo, seq), limit };
            expect(written?.readLog(filter, o)).toEqual(read?.readLog(filter, o));
          }
        },
      ),
    );
    database.close();
  });
});
