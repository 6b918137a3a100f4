import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMetadata } from '@conductor/core/files';
import type { Clock, Workspace } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { fileWorkspace } from '@conductor/store/file';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'conductor-locks-'));
});
afterEach(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));

/** A clock that moves by what it is asked to sleep, and notes it. */
function sleeping(onSleep: (times: number) => Promise<void> = async () => undefined) {
  const fake = new FakeClock();
  const slept: number[] = [];
  const clock: Clock = {
    now: () => fake.now(),
    monotonic: () => fake.monotonic(),
    turn: () => fake.turn(),
    async sleep(ms) {
      slept.push(ms);
      await fake.advance(ms);
      await onSleep(slept.length);
    },
  };
  return { clock, slept, advance: (ms: number) => fake.advance(ms) };
}

const lock = 'track/.metadata.lock';
const refused = { code: 'LOCK_TIMEOUT' };

/** The mutex of a workspace on disk, with nothing said about its times. */
async function keepsItsTimes(): Promise<void> {
  const { clock, slept, advance } = sleeping();
  const files = fileWorkspace({ root, clock });
  const first = await files.mutex(lock);
  await expect(files.mutex(lock)).rejects.toMatchObject(refused);
  expect(slept).toEqual(Array.from({ length: 50 }, () => 100)); // 5 s, in looks of 100 ms
  await advance(30_000 - 5_000);
  await expect(files.mutex(lock, { waitMs: 0 })).rejects.toMatchObject(refused);
  await advance(1);
  const second = await files.mutex(lock, { waitMs: 0 }); // after 30 s it is left behind
  await first.release(); // no longer the owner's to give back
  await expect(files.mutex(lock, { waitMs: 0 })).rejects.toMatchObject(refused);
  await second.release();
  expect(await readdir(join(root, 'track'))).toEqual([]);
}

async function isHadAtTheNextLook(): Promise<void> {
  const { clock, slept } = sleeping(async (times) => (times === 3 ? (await held).release() : undefined));
  const files = fileWorkspace({ root, clock });
  const held = files.mutex(lock);
  await held;
  await (await files.mutex(lock)).release();
  expect(slept).toEqual([100, 100, 100]);
}

/** Operations that change several documents of one track, and of two, while no time passes: one that waited for itself would not end. */
async function isNotWaitedForByWhoHasIt(): Promise<void> {
  const clock = new FakeClock();
  const disk = fileWorkspace({ root, clock });
  const taken: string[] = [];
  const workspace: Workspace = {
    ...disk,
    mutex: (folder, o) => (taken.push(folder), disk.mutex(folder, o)),
  };
  const { api, store, read, close } = await createTestEngine({ ports: { clock, workspace } });
  const tasks = [{ text: 'Write a', files: ['a.txt'] }];
  const [one, two] = [await api.tracks.create({ goal: 'One', tasks }), await api.tracks.create({ goal: 'Two', tasks })];
  for (const { id } of [one, two]) await api.tracks.move(id, { to: 'ready' });
  await api.tracks.move(one.id, { to: 'active' });
  await api.tracks.pause(one.id);
  await api.tracks.resume(one.id);
  await api.tracks.move(two.id, { to: 'active', switch: true });
  const lifecycles = async () => (await api.tracks.list()).items.map(({ id, lifecycle }) => [id, lifecycle]);
  expect(await lifecycles()).toEqual(
    expect.arrayContaining([
      [one.id, 'paused'],
      [two.id, 'active'],
    ]),
  );

  // Who holds a lease has it again at once, and the same one.
  const wish = { set: 's', owner: 'foreign:me', keys: [{ key: 'k', mode: 'exclusive' as const }], ttlMs: 30_000 };
  const grant = await store.leases.acquire(wish);
  expect(await store.leases.acquire(wish)).toEqual(grant);
  expect(clock.monotonic()).toBe(new FakeClock().monotonic());

  await close(); // writes what is left to write, under the lock of each track
  for (const { id } of [one, two]) {
    expect(taken).toContain(`conductor/tracks/${id}/.metadata.lock`);
    const text = (await read(`conductor/tracks/${id}/metadata.json`)) ?? '';
    expect(parseMetadata(text).metadata?.trackId).toBe(id);
  }
}

it('waits for a lock 5 s, looks each 100 ms, takes it over after 30 s, lets only its owner give it back, and no operation waits for its own', async () => {
  await keepsItsTimes();
  await isHadAtTheNextLook();
  await isNotWaitedForByWhoHasIt();
});
