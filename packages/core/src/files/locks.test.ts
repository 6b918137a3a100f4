import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acquireLock,
  expiredLocks,
  formatLocks,
  parseLocks,
  releaseLock,
  releaseWorker,
  type Lock,
  type LockRequest,
} from './locks.js';
import { normalizePublishedPath } from './published-path.js';

const noon = '2026-02-01T12:00:00.000Z';
const at = (minutes: number) => new Date(Date.parse(noon) + minutes * 60_000).toISOString();
const none: ReadonlyMap<string, Lock> = new Map();

function lockAll(...requests: readonly Partial<LockRequest>[]): ReadonlyMap<string, Lock> {
  return requests.reduce<ReadonlyMap<string, Lock>>((locks, request) => {
    const answer = acquireLock(locks, { path: 'a.ts', workerId: 'w1', at: noon, ...request });
    if (!answer.granted) throw new Error(`held by ${answer.holder.workerId}`);
    return answer.locks;
  }, none);
}

describe('locks.json', () => {
  it('survives reading and writing, keys of other writers and odd paths included', () => {
    const text = `{
      "src/a.ts": { "worker_id": "w1", "acquired_at": "${noon}", "expires_at": "${at(30)}", "note": { "by": ["hand"] } },
      "src/b.ts": { "worker_id": "w2", "expires_at": "${at(5)}", "lock_type": "shared", "shared_with": ["w3"] },
      "constructor": { "worker_id": "w4", "expires_at": "${at(9)}" },
      "broken": { "worker": "w5" }
    }`;
    const read = parseLocks(text, noon);
    expect(read.findings).toMatchObject([{ code: 'FILE_DAMAGED', message: expect.stringContaining('broken') }]);
    expect([...read.entries.keys()]).toEqual(['src/a.ts', 'src/b.ts', 'constructor']);
    expect(JSON.parse(formatLocks(read))).toEqual(JSON.parse(text));
  });

  it('reads the short form as a lock that expires 30 minutes after the file was written [BUS-14]', () => {
    expect(parseLocks('{"src/a.ts": "worker-1.1-20260201120000"}', noon).entries.get('src/a.ts')).toEqual({
      workerId: 'worker-1.1-20260201120000',
      expiresAt: at(30),
      mode: 'exclusive',
      sharedWith: [],
      extra: {},
    });
  });

  it('compares times as instants, with a zone or without', () => {
    const text = `{"a": {"worker_id": "w", "acquired_at": "2026-02-01T12:00:00.123456"}, "b": {"worker_id": "w", "expires_at": "2026-02-01T14:30:00+02:00"}}`;
    const { entries } = parseLocks(text, at(-600));
    expect([entries.get('a')?.expiresAt, entries.get('b')?.expiresAt]).toEqual(['2026-02-01T12:30:00.123Z', at(30)]);
  });

  it('reports a file that is no object and refuses prototype keys, without an exception', () => {
    for (const text of ['[]', '{', '{"__proto__": "w"}', 'null'])
      expect(parseLocks(text, noon)).toMatchObject({ findings: [{ code: 'FILE_DAMAGED' }] });
    expect(parseLocks('  \n', noon)).toMatchObject({ findings: [] });
    expect(parseLocks('{"a.ts": ""}', noon).findings).toHaveLength(1);
    expect(parseLocks('{"a.ts": {"worker_id": "w"}}', noon).entries.get('a.ts')?.expiresAt).toBe(at(30));
  });
});

describe('acquireLock', () => {
  it('grants a free path, one of its own, an expired one, and refuses that of another [BUS-10]', () => {
    const held = lockAll({});
    const ask = (request: Partial<LockRequest>) =>
      acquireLock(held, { path: 'a.ts', workerId: 'w2', at: at(1), ...request });
    expect(ask({ path: 'b.ts' }).granted).toBe(true);
    expect(ask({ workerId: 'w1' }).granted).toBe(true);
    expect(ask({ at: at(30) }).granted).toBe(true);
    expect(ask({})).toMatchObject({ granted: false, holder: { workerId: 'w1' } });
    expect(ask({ path: './a.ts' }).granted).toBe(false);
  });

  it('lasts 30 minutes and is extended by its holder, who keeps the time of the first grant [BUS-11]', () => {
    expect(lockAll({}).get('a.ts')).toMatchObject({ acquiredAt: noon, expiresAt: at(30) });
    expect(lockAll({}, { at: at(20) }).get('a.ts')).toMatchObject({ acquiredAt: noon, expiresAt: at(50) });
    expect(lockAll({}, { at: at(20), ttlMs: 60_000 }).get('a.ts')?.expiresAt).toBe(at(30));
  });

  it('lets shared locks share, and nobody else', () => {
    const shared = lockAll({ mode: 'shared' }, { mode: 'shared', workerId: 'w2', at: at(10) });
    expect(shared.get('a.ts')).toMatchObject({ workerId: 'w1', sharedWith: ['w2'], expiresAt: at(40) });
    expect(acquireLock(shared, { path: 'a.ts', workerId: 'w3', at: at(11) }).granted).toBe(false);
    const brief = acquireLock(shared, { path: 'a.ts', workerId: 'w3', at: at(11), mode: 'shared', ttlMs: 1 });
    expect(brief).toMatchObject({ granted: true });
    expect(brief.granted && brief.locks.get('a.ts')?.expiresAt).toBe(at(40));
    expect(releaseLock(shared, 'a.ts', 'w1').get('a.ts')).toMatchObject({ workerId: 'w2', sharedWith: [] });
  });

  it('never has two exclusive holders of one path, in any order of wishes', () => {
    const wish = fc.record({
      workerId: fc.constantFrom('w1', 'w2', 'w3'),
      minute: fc.nat(90),
      release: fc.boolean(),
      mode: fc.constantFrom('exclusive', 'shared'),
    });
    fc.assert(
      fc.property(fc.array(wish), (wishes) => {
        let locks = none;
        const until = new Map<string, { readonly end: string; readonly mode: string }>();
        for (const { workerId, minute, release, mode } of wishes.toSorted((a, b) => a.minute - b.minute)) {
          if (release) {
            locks = releaseLock(locks, 'a', workerId);
            until.delete(workerId);
            continue;
          }
          const answer = acquireLock(locks, { path: 'a', workerId, at: at(minute), mode });
          if (!answer.granted) continue;
          const others = [...until].filter(([other, { end }]) => other !== workerId && end > at(minute));
          const heldAs = answer.locks.get('a')?.mode;
          expect(others.every(() => heldAs === 'shared')).toBe(true);
          locks = answer.locks;
          until.set(workerId, { end: locks.get('a')?.expiresAt ?? '', mode });
        }
      }),
    );
  });
});

describe('letting go', () => {
  it('is for the holder only, or for the orchestrator, who lets go of all locks of a worker [BUS-12]', () => {
    const held = lockAll({ path: 'a.ts' }, { path: 'b.ts' }, { path: 'c.ts', workerId: 'w2' });
    expect(releaseLock(held, 'a.ts', 'w2')).toBe(held);
    expect([...releaseLock(held, 'a.ts', 'w1').keys()]).toEqual(['b.ts', 'c.ts']);
    expect([...releaseWorker(held, 'w1').keys()]).toEqual(['c.ts']);
  });

  it('finds the locks that have run out', () => {
    const held = lockAll({ path: 'b.ts' }, { path: 'a.ts' }, { path: 'c.ts', at: at(1) });
    expect(expiredLocks(held, at(30))).toEqual(['a.ts', 'b.ts']);
  });
});

describe('normalizePublishedPath', () => {
  it('has one spelling for a path below the project and refuses every other [BUS-15]', () => {
    const same = ['src/a.ts', './src/a.ts', 'src\\a.ts', 'src//./a.ts'];
    expect(new Set(same.map(normalizePublishedPath))).toEqual(new Set(['src/a.ts']));
    const bad = [
      '..',
      '../a',
      'src/../../a',
      '/etc/passwd',
      'C:\\a',
      'c:a',
      '\\\\host\\share',
      '',
      '.',
      'a\u0000b',
      'x'.repeat(256),
    ];
    for (const path of bad)
      expect(() => normalizePublishedPath(path)).toThrow(expect.objectContaining({ code: 'PATH_UNSAFE' }));
  });

  it('leaves its own answers as they are', () => {
    fc.assert(
      fc.property(fc.string(), (path) => {
        let normal: string;
        try {
          normal = normalizePublishedPath(path);
        } catch {
          return;
        }
        expect(normalizePublishedPath(normal)).toBe(normal);
        expect(normal.split('/')).not.toContain('..');
      }),
    );
  });
});
