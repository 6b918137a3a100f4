import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { Disk } from '../../../test/disk.js';
import { filled, owner, seen } from '../../../test/filled-log.js';
import { append, numbers, upTo } from '../../../test/numbered.js';
import { openDatabase, temporaryFolder } from '../../../test/open-database.js';
import { codeOf, commitOf, keys } from '../../conformance/store-fixture.js';
import { databaseLock } from '../../sqlite/database-lock.js';
import { fileStore } from './file-store.js';
import { nodeLogFiles } from './log-files.js';

const ttlMs = 60_000;
const sizeOf = (disk: Disk) => [...disk.files.values()].reduce((sum, file) => sum + file.length, 0);

describe('a log that is written anew', () => {
  it('says the same in fewer bytes, to this handle and after a restart', async () => {
    const { disk, clock } = await filled();
    const store = await disk.open({ clock });
    const before = await seen(store);
    const { bytesBefore, bytes } = await store.compact();
    expect(sizeOf(disk)).toBe(bytes);
    expect(bytes).toBeLessThan(bytesBefore * 0.6);
    expect([...disk.files.keys()].map((name) => name.slice(0, 4)).sort()).toEqual(['base', 'log-']);
    expect(await seen(store)).toEqual(before);
    const again = await disk.open({ clock });
    expect(await seen(again)).toEqual(before);
    expect(await codeOf(again.commit({ ...commitOf('track/a', 9), idempotencyKey: 'k1' }))).toBe(
      'IDEMPOTENCY_MISMATCH',
    );
    const taken = { collection: 'things', key: 'two', expectedRevision: 0, value: { name: 'n4' } };
    expect(await codeOf(again.commit({ ...commitOf('track/a', 5), records: [taken] }))).toBe('UNIQUE_VIOLATION');
    expect(await again.leases.renew(owner, ttlMs)).toMatchObject({ lost: ['s3'] });
  });

  it('never gives out a token again, also when the set of the last one is gone', async () => {
    const disk = new Disk();
    const one = await disk.open();
    const { token } = await one.leases.acquire({ set: 's', owner, keys: keys('k'), ttlMs });
    await one.leases.release('s', token);
    await one.compact();
    await one.compact();
    const next = await (await disk.open()).leases.acquire({ set: 't', owner, keys: keys('k'), ttlMs });
    expect(next.token).toBeGreaterThan(token);
  });

  it('is whole after a kill or a power loss at every step, and is written anew by the next one', async () => {
    const { disk, clock } = await filled();
    const expected = await seen(await disk.open({ clock }));
    const whole = Disk.of(disk.files);
    const store = await whole.open({ clock });
    const from = whole.steps;
    await store.compact();
    const count = whole.steps - from;
    expect(count).toBeGreaterThan(10);
    for (let step = 0; step <= count; step += 1) {
      const killed = Disk.of(disk.files);
      const dying = await killed.open({ clock });
      killed.lastStep = killed.steps + step;
      const code = await codeOf(dying.compact());
      for (const left of [killed.files, killed.synced]) {
        const survivor = Disk.of(left);
        const next = await survivor.open({ clock });
        expect([step, code, await seen(next)]).toEqual([step, code, expected]);
        await append(next, 5);
        await next.compact();
        await append(next, 6);
        const last = await survivor.open({ clock });
        expect([step, (await numbers(last)).length]).toEqual([step, 7]);
        expect([...survivor.files.keys()].filter((name) => name.startsWith('base'))).toHaveLength(1);
      }
    }
  });

  it('stays as it is where the disk is full, and takes further commits', async () => {
    const { disk, clock } = await filled();
    const store = await disk.open({ clock });
    const before = await seen(store);
    for (const room of [0, 10, 300]) {
      disk.room = room;
      expect(await codeOf(store.compact())).toBe('STORE_FULL');
      disk.room = Infinity;
      expect(await seen(await disk.open({ clock }))).toEqual(before);
    }
    await append(store, 5);
    await store.compact();
    expect(await numbers(await disk.open())).toEqual(upTo(6));
  });

  it.each(['write', 'sync', 'rename'] as const)('closes the store where %s fails, and loses nothing', async (call) => {
    const { disk, clock } = await filled();
    const store = await disk.open({ clock });
    const before = await seen(store);
    disk.failing.add(call);
    expect(await codeOf(store.compact())).toBe('STORE_FAILED');
    expect(await codeOf(append(store, 5))).toBe('STORE_FAILED');
    disk.failing.clear();
    expect(await seen(await disk.open({ clock }))).toEqual(before);
  });

  it('does without the room of files that cannot be removed', async () => {
    const { disk, clock } = await filled();
    const store = await disk.open({ clock });
    const before = await seen(store);
    await store.compact();
    await append(store, 5);
    disk.failing.add('remove');
    expect(await codeOf(store.compact())).toBe('STORE_FAILED'); // the one that is being written cannot be begun
    disk.failing.clear();
    expect((await seen(await disk.open({ clock }))).events).toHaveLength(before.events.length + 1);
  });

  it('is refused when any byte of its base is wrong, and when the base is cut, also between two lines', async () => {
    const { disk, clock, store } = await filled();
    await store.compact();
    const [name = ''] = [...disk.files.keys()].filter((each) => each.startsWith('base'));
    const bytes = disk.files.get(name) ?? new Uint8Array();
    const refused = async (damaged: Uint8Array) => {
      const other = Disk.of(disk.files);
      other.files.set(name, damaged);
      return codeOf(other.open({ clock }));
    };
    for (let at = 0; at < bytes.length; at += 37) {
      const wrong = bytes.slice();
      wrong[at] = (wrong[at] ?? 0) ^ 0x10;
      expect([at, await refused(wrong)]).toEqual([at, 'STORE_CORRUPT']);
    }
    const ends = [...bytes.keys()].filter((index) => bytes[index] === 0x0a).slice(0, -1);
    for (const end of [0, 5, ...ends.map((index) => index + 1)])
      expect([end, await refused(bytes.slice(0, end))]).toEqual([end, 'STORE_CORRUPT']);
    const without = Disk.of(disk.files);
    without.files.delete(name);
    expect(await codeOf(without.open({ clock }))).toBe('STORE_CORRUPT');
  });
});

describe('other handles of a log that is written anew', () => {
  it('go on behind it, whether they had read all of it or have to begin again', async () => {
    const { disk, clock, store } = await filled();
    const ahead = await disk.open({ clock });
    const behind = await disk.open({ clock });
    const reader = await disk.open({ clock, readOnly: true });
    await append(store, 5);
    await ahead.head();
    await ahead.compact();
    await append(ahead, 6);
    await ahead.compact();
    expect(await numbers(behind)).toEqual(upTo(7));
    expect(await seen(reader)).toEqual(await seen(ahead));
    await append(behind, 7);
    await behind.compact();
    expect(await seen(store)).toEqual(await seen(behind));
    expect(await seen(reader)).toEqual(await seen(behind));
    expect(await codeOf(reader.compact())).toBe('STORE_READ_ONLY');
  });

  it('keep what they had seen while the new one cannot be read', async () => {
    const { disk, store } = await filled();
    const other = await disk.open();
    await append(store, 5);
    await store.compact();
    const [name = ''] = [...disk.files.keys()].filter((each) => each.startsWith('base'));
    const bytes = disk.files.get(name) ?? new Uint8Array();
    disk.files.set(name, bytes.slice(0, -20));
    expect(await codeOf(numbers(other))).toBe('STORE_CORRUPT');
    disk.locked = true; // nothing newer can be looked for
    expect(await numbers(other)).toEqual(upTo(5));
    disk.locked = false;
    disk.files.set(name, bytes);
    expect(await numbers(other)).toEqual(upTo(6));
  });

  it('notice it on a real disk, where a file that was removed stays open', async () => {
    const folder = temporaryFolder();
    const lock = openDatabase(folder.file('lock.db'));
    const tryLock = databaseLock(lock).tryLock; // one for both: they stand for two processes, and take turns
    const open = (readOnly = false) =>
      fileStore({
        files: nodeLogFiles(folder.file('log'), { readOnly }),
        lock: { tryLock, close: () => undefined },
        clock: new FakeClock(),
        readOnly,
      });
    const one = await open();
    await append(one, 0);
    const two = await open();
    const reader = await open(true);
    await append(one, 1);
    await one.compact();
    await append(one, 2);
    await one.compact();
    await append(two, 3);
    expect([await numbers(two), await numbers(reader), await numbers(one)]).toEqual([upTo(4), upTo(4), upTo(4)]);
    for (const store of [one, two, reader]) await store.close();
    lock.close();
    folder.remove();
  });
});

describe('a log that is used', () => {
  it('does not grow with the renewals of leases: it is written anew when half of it says nothing any more', async () => {
    const disk = new Disk();
    const compactBytes = 4_000;
    const store = await disk.open({ compactBytes });
    await store.leases.openOwner({ owner: 'a', host: 'h', bootId: 'b' });
    await store.leases.acquire({ set: 's', owner: 'a', keys: keys('k'), ttlMs });
    for (let count = 0; count < 5; count += 1) await append(store, count);
    for (let count = 0; count < 400; count += 1) await store.leases.renew('a', ttlMs + count);
    expect(sizeOf(disk)).toBeLessThan(2 * compactBytes + 2_000);
    const again = await disk.open();
    expect(await numbers(again)).toEqual(upTo(5));
    expect(await again.leases.list()).toEqual(await store.leases.list());
  });

  it('is not written anew for what it says once, however much that is', async () => {
    const disk = new Disk();
    const compactBytes = 3_000;
    const store = await disk.open({ compactBytes });
    await store.records.define('$view', { version: 1, indexes: [] });
    for (let key = 0; key < 40; key += 1) {
      const records = [{ collection: '$view', key: `k${key}`, expectedRevision: 0, value: 'x'.repeat(200) }];
      await store.commit({ ...commitOf('track/a', 0), appends: [], records });
    }
    const steps = disk.steps;
    for (const again of [store, await disk.open({ compactBytes })]) await append(again, await again.head());
    expect(disk.steps - steps).toBe(4); // two lines written, and synced
  });

  it('takes commits also while there is no room to write it anew', async () => {
    const disk = new Disk();
    const store = await disk.open({ compactBytes: 1_000 });
    for (let count = 0; count < 5; count += 1) await append(store, count);
    for (let count = 0; count < 30; count += 1) {
      disk.room = 500; // enough for a line, not for a log
      const { token } = await store.leases.acquire({ set: 's', owner, keys: keys('k'), ttlMs });
      await store.leases.release('s', token);
      disk.room = Infinity;
    }
    await append(store, 5);
    expect(await numbers(await disk.open())).toEqual(upTo(6));
  });
});
