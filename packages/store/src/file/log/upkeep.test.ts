import { describe, expect, it } from 'vitest';
import { Disk } from '../../../test/disk.js';
import { filled } from '../../../test/filled-log.js';
import { append, numbers, upTo } from '../../../test/numbered.js';
import { codeOf, commitOf } from '../../conformance/store-fixture.js';

describe('the files of a log', () => {
  it('are sound after everything that a store does, before and after they are written anew', async () => {
    const { disk, clock } = await filled();
    const store = await disk.open({ clock });
    expect(await store.verify()).toEqual([]);
    await store.compact();
    await append(store, 5);
    expect(await store.verify()).toEqual([]);
  });

  it('are told to be damaged, with the place, when a byte has changed since they were read', async () => {
    const { disk, clock } = await filled();
    for (const name of [...disk.files.keys()]) {
      const damaged = Disk.of(disk.files);
      const store = await damaged.open({ clock });
      const bytes = damaged.files.get(name)?.slice() ?? new Uint8Array();
      if (bytes.length === 0) continue;
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      damaged.files.set(name, bytes);
      expect(await store.verify()).toEqual([expect.stringContaining(`${name} is damaged at byte`)]);
    }
  });

  it('are looked through by a store that was opened for reading too, which changes nothing', async () => {
    const { disk, clock } = await filled();
    const name = [...disk.files.keys()].toSorted().at(-1) ?? '';
    const whole = disk.files.get(name) ?? new Uint8Array();
    for (const tail of [new Uint8Array(), whole.slice(0, 30)]) {
      const torn = Disk.of(disk.files);
      torn.files.set(name, new Uint8Array([...whole, ...tail]));
      const reader = await torn.open({ clock, readOnly: true });
      const { steps } = torn;
      expect(await reader.verify()).toEqual([]);
      expect((await reader.references()).size).toBe(0);
      expect(await numbers(reader)).toEqual(upTo(5));
      for (const write of [reader.compact, reader.tidy]) expect(await codeOf(write())).toBe('STORE_READ_ONLY');
      expect(torn.steps).toBe(steps);
    }
  });

  it('lose dead letters and traces of leases when their time is over, and nothing else', async () => {
    const { disk, clock } = await filled();
    const store = await disk.open({ clock });
    const day = 24 * 60 * 60_000;
    expect(await store.tidy()).toMatchObject({ deadLetters: 0, leases: 0 });
    await clock.advance(2 * day);
    expect(await store.tidy()).toMatchObject({ deadLetters: 0, leases: 2 }); // two that were lost to others
    await clock.advance(29 * day);
    expect(await store.tidy()).toMatchObject({ deadLetters: 1, leases: 0 });
    const again = await disk.open({ clock });
    expect((await again.subscriptions.status('n')).dead).toEqual([]);
    expect((await again.leases.list()).grants.map(({ set }) => set)).toEqual(['r', 'w']);
    expect(await numbers(again)).toEqual(upTo(5));
  });
});

describe('artifacts that are named', () => {
  it('are found in events and in rows of a log, before and after it is written anew', async () => {
    const store = await new Disk().open();
    const id = (digit: string) => `sha256:${digit.repeat(64)}`;
    await store.records.define('$view', { version: 1, indexes: [] });
    await store.commit(commitOf('track/a', 0, [{ type: 'x', v: 1, data: { deep: [id('a')] } }]));
    const records = [{ collection: '$view', key: 'k', expectedRevision: 0, value: { [id('c')]: 1 } }];
    await store.commit({ ...commitOf('track/a', 0), appends: [], records });
    for (let tries = 0; tries < 2; tries += 1) {
      expect([...(await store.references())].sort()).toEqual([id('a'), id('c')]);
      await store.compact();
    }
  });
});
