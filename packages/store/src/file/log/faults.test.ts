import { describe, expect, it } from 'vitest';
import { firstSeed, full, proof } from '../../../../../proof.shared.js';
import { Disk } from '../../../test/disk.js';
import { filled, seen } from '../../../test/filled-log.js';
import { append, numbers, upTo } from '../../../test/numbered.js';
import { randomOf } from '../../../test/prove/random.js';
import { codeOf, keys } from '../../conformance/store-fixture.js';
import { encodeLine } from './line.js';

const counts = { cuts: 0, flips: 0, deaths: 0, fullDisks: 0, shortWrites: 0 };
proof('disks', {
  part: 'files',
  proves:
    'A log that is cut at any byte, or that ends at any step of a process, opens to a prefix of the commits with all that were acknowledged; any wrong byte is found; a full disk and one that takes few bytes at a time leave no part of a commit.',
  facts: () => ({ seed: firstSeed, ...counts }),
});

/** A disk with one commit a line. */
async function written(count: number, segmentBytes?: number): Promise<Disk> {
  const disk = new Disk();
  const store = await disk.open({ ...(segmentBytes !== undefined && { segmentBytes }) });
  for (let version = 0; version < count; version += 1) await append(store, version);
  await store.close();
  return disk;
}

const last = (disk: Disk) => [...disk.files.keys()].sort().at(-1) ?? '';

describe('a log that was torn', () => {
  it('opens to the commits that are whole, cut at any byte, and goes on behind them', async () => {
    const disk = await written(6);
    const [name = '', bytes = new Uint8Array()] = [...disk.files][0] ?? [];
    for (let size = 0; size <= bytes.length; size += 1) {
      const torn = Disk.of(new Map([[name, bytes.slice(0, size)]]));
      const lines = bytes.subarray(0, size).filter((byte) => byte === 0x0a).length;
      const whole = Math.max(0, lines - 1); // the first line names the store
      const store = await torn.open();
      expect([size, await numbers(store)]).toEqual([size, upTo(whole)]);
      await append(store, whole);
      await store.close();
      const again = await torn.open();
      expect([size, await numbers(again)]).toEqual([size, upTo(whole + 1)]);
      await again.close();
      counts.cuts += 1;
    }
  });

  it('opens to all that it held after its last whole line, whatever that is, cut at any byte', async () => {
    const { disk, clock, store } = await filled(Infinity);
    await store.close();
    const [name = '', bytes = new Uint8Array()] = [...disk.files][0] ?? [];
    const held = async (size: number) => {
      const cut = await Disk.of(new Map([[name, bytes.slice(0, size)]])).open({ clock });
      const state = await seen(cut);
      await cut.close();
      return state;
    };
    // From where its collections and its subscription are there: `seen` asks for them.
    const ends = [...bytes.keys()]
      .filter((at) => bytes[at] === 0x0a)
      .map((at) => at + 1)
      .slice(3);
    for (const [index, end] of ends.entries()) {
      const whole = await held(end);
      for (let size = end; size < (ends[index + 1] ?? end); size += full ? 1 : 97) {
        expect([size, await held(size)]).toEqual([size, whole]);
        counts.cuts += 1;
      }
    }
  }, 600_000);

  it('has every acknowledged commit after a kill or a power loss at any step of its process', async () => {
    const count = full ? 40 : 8;
    const segmentBytes = 500;
    const whole = await written(count, segmentBytes);
    const random = randomOf(firstSeed);
    for (let lastStep = 0; lastStep <= whole.steps; lastStep += 1) {
      const disk = new Disk();
      disk.lastStep = lastStep;
      let acknowledged = 0;
      const code = await codeOf(
        disk.open({ segmentBytes }).then(async (store) => {
          for (; acknowledged < count; acknowledged += 1) await append(store, acknowledged);
        }),
      );
      expect([lastStep, code === undefined]).toEqual([lastStep, lastStep === whole.steps]);
      for (const left of [disk.files, disk.synced, disk.torn(random)]) {
        const store = await Disk.of(left).open({ segmentBytes });
        const found = await numbers(store);
        expect([lastStep, found]).toEqual([lastStep, upTo(found.length)]);
        expect([0, 1]).toContain(found.length - acknowledged);
        await append(store, found.length);
        await store.close();
        counts.deaths += 1;
      }
    }
  });

  it('drops a last line of which any byte is wrong, and refuses a log that is damaged before its end', async () => {
    const disk = await written(3);
    const [name = '', bytes = new Uint8Array()] = [...disk.files][0] ?? [];
    const ends = [...bytes.keys()].filter((index) => bytes[index] === 0x0a);
    const lastLine = (ends.at(-2) ?? 0) + 1;
    const bits = full ? [1, 2, 4, 8, 16, 32, 64, 128] : [16];
    for (let at = (ends[0] ?? 0) + 1; at < bytes.length; at += 1)
      for (const bit of bits) {
        const wrong = bytes.slice();
        wrong[at] = (wrong[at] ?? 0) ^ bit;
        counts.flips += 1;
        const opened = Disk.of(new Map([[name, wrong]])).open();
        if (at < lastLine) expect([at, await codeOf(opened)]).toEqual([at, 'STORE_CORRUPT']);
        else expect([at, await numbers(await opened)]).toEqual([at, upTo(2)]);
      }
  });

  it('refuses a log of which a file in the middle is torn or missing', async () => {
    const disk = await written(8, 500);
    const names = [...disk.files.keys()].sort();
    expect(names.length).toBeGreaterThan(2);
    const [first = '', second = ''] = names;
    const torn = Disk.of(disk.files);
    torn.files.set(first, (torn.files.get(first) ?? new Uint8Array()).slice(0, -3));
    expect(await codeOf(torn.open())).toBe('STORE_CORRUPT');
    const missing = Disk.of(disk.files);
    missing.files.delete(second);
    expect(await codeOf(missing.open())).toBe('STORE_CORRUPT');
  });

  it('reads a torn log that may not be written, and leaves it as it is', async () => {
    const disk = await written(3);
    const bytes = disk.files.get(last(disk)) ?? new Uint8Array();
    disk.files.set(last(disk), bytes.slice(0, -5));
    const store = await disk.open({ readOnly: true });
    expect(await numbers(store)).toEqual(upTo(2));
    expect(await codeOf(append(store, 2))).toBe('STORE_READ_ONLY');
    expect(disk.files.get(last(disk))).toHaveLength(bytes.length - 5);
  });

  it('refuses a log of a newer format, and one of somebody else', async () => {
    const disk = await written(1);
    for (const [from, to] of [
      ['"format":1', '"format":3'],
      ['"id":', '"is":'],
    ] as const) {
      const text = new TextDecoder().decode(disk.files.get(last(disk)));
      const [first = ''] = text.split('\n');
      const body = JSON.parse(first.slice(9).replace(from, to)) as [number, unknown];
      const other = new Disk();
      other.files.set(last(disk), encodeLine({ number: 1, body: body[1] }));
      expect(await codeOf(other.open())).toBe(from.includes('format') ? 'STORE_NEWER' : 'STORE_CORRUPT');
    }
  });
});

describe('a disk that fails', () => {
  it('is full in the middle of a line: the commit is refused, nothing of it stays, and it goes on when there is room', async () => {
    const disk = await written(2);
    const store = await disk.open();
    const before = disk.files.get(last(disk))?.length;
    for (let room = 0; room < 60; room += full ? 1 : 7) {
      counts.fullDisks += 1;
      disk.room = room;
      expect(await codeOf(append(store, 2))).toBe('STORE_FULL');
      expect(disk.files.get(last(disk))).toHaveLength(before ?? 0);
      expect(await numbers(store)).toEqual(upTo(2));
    }
    disk.room = Infinity;
    await append(store, 2);
    expect(await numbers(await disk.open())).toEqual(upTo(3));
  });

  it('takes a few bytes at a time: every commit is whole', async () => {
    for (let bite = full ? 1 : 7; bite <= (full ? 300 : 7); bite += 1) {
      const disk = new Disk();
      disk.bite = bite;
      const store = await disk.open();
      for (let version = 0; version < 4; version += 1) await append(store, version);
      expect(await numbers(await disk.open())).toEqual(upTo(4));
      counts.shortWrites += 1;
    }
  });

  it('fails to sync: the commit is refused, and so is everything after it, until the store is opened again', async () => {
    const disk = await written(2);
    const store = await disk.open();
    disk.failing.add('sync');
    expect(await codeOf(append(store, 2))).toBe('COMMIT_UNKNOWN'); // cutting it off could not be synced either
    disk.failing.clear();
    expect(await codeOf(append(store, 2))).toBe('COMMIT_UNKNOWN');
    expect(await codeOf(store.head())).toBe('COMMIT_UNKNOWN');
    const again = await disk.open();
    expect(await numbers(again)).toEqual(upTo(2));
  });

  it('fails to write: the commit is refused, nothing of it stays, and the store is closed', async () => {
    const disk = await written(2);
    const store = await disk.open();
    disk.failing.add('write');
    expect(await codeOf(append(store, 2))).toBe('STORE_FAILED');
    disk.failing.clear();
    expect(await codeOf(append(store, 2))).toBe('STORE_FAILED');
    expect(await numbers(await disk.open())).toEqual(upTo(2));
  });

  it('has no descriptor for the next file: the commit is refused, and goes through later', async () => {
    const disk = await written(2);
    const store = await disk.open({ segmentBytes: 1 });
    disk.failing.add('create');
    expect(await codeOf(append(store, 2))).toBe('STORE_BUSY');
    disk.failing.clear();
    await append(store, 2);
    expect(await numbers(await disk.open())).toEqual(upTo(3));
  });

  it('cannot be read: the store does not open, and shows no part of it', async () => {
    const disk = await written(2);
    disk.failing.add('read');
    expect(await codeOf(disk.open())).toBe('STORE_FAILED');
  });
});

describe('two handles of one log', () => {
  it('see what the other wrote, and only one wins a version', async () => {
    const disk = new Disk();
    const [one, two] = [await disk.open(), await disk.open()];
    await append(one, 0);
    await append(two, 1);
    expect(await codeOf(append(one, 1))).toBe('VERSION_CONFLICT');
    await append(one, 2);
    expect([await numbers(one), await numbers(two)]).toEqual([upTo(3), upTo(3)]);
    expect(one.id).toBe(two.id);
  });

  it('stay behind a change that only a newer version knows, and say so each time', async () => {
    const disk = await written(1);
    const store = await disk.open();
    const before = disk.files.get(last(disk)) ?? new Uint8Array();
    const more = [['log', 'setVersion', ['track/b', 0]]] as const;
    const newer = [['log', 'addHologram', []]] as const;
    const lines = [more, newer].map((body, index) => encodeLine({ number: 3 + index, body }));
    disk.files.set(last(disk), new Uint8Array(Buffer.concat([before, ...lines])));
    for (let tries = 0; tries < 2; tries += 1) expect(await codeOf(numbers(store))).toBe('STORE_NEWER');
    expect(await codeOf(append(store, 1))).toBe('STORE_NEWER');
  });

  it('never give out a token twice, across a restart too', async () => {
    const disk = new Disk();
    const [one, two] = [await disk.open(), await disk.open()];
    const tokens: number[] = [];
    for (const store of [one, two, one, await disk.open()]) {
      const grant = await store.leases.acquire({
        set: `s${tokens.length}`,
        owner: 'foreign:w',
        keys: keys('k'),
        ttlMs: 1000,
      });
      tokens.push(grant.token);
      await store.leases.release(grant.set, grant.token);
    }
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it('waits for a lock that another process has, no longer than it may', async () => {
    const disk = await written(1);
    const store = await disk.open();
    disk.locked = true;
    expect(await codeOf(append(store, 1))).toBe('STORE_BUSY');
    expect(await numbers(store)).toEqual(upTo(1)); // reading needs no lock
    disk.locked = false;
    await append(store, 1);
  });
});
