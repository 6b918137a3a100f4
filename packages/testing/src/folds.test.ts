import { silentLogger } from '@conductor/core/ports';
import type { Artifacts, EventEnvelope, Json, Logger, Snapshots } from '@conductor/core/ports';
import { FakeClock, sequentialIds } from '@conductor/core/testing';
import { storedSnapshots } from '@conductor/store';
import { memoryArtifacts, memoryStore } from '@conductor/store/memory';
import { exportLog } from '@conductor/store/transfer';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import { dataOf, facts, replayed, steeredWorkers } from './scenario.js';

const tasks = ['1.1', '1.2', '1.3', '1.4'].map((id) => ({ id, text: `Write ${id}`, files: [`${id}.txt`] }));
const files = Object.fromEntries(tasks.map(({ id }) => [`${id}.txt`, id]));

/** Pages of eight events and a snapshot every five: a track of a few tasks is a long stream. */
function longStreams() {
  const clock = new FakeClock();
  const ids = sequentialIds();
  const store = memoryStore({ clock, ids, limits: { pageEvents: 8 } });
  const inner = memoryArtifacts({ clock });
  const told = { reads: 0, put: 0, warnings: [] as string[], damaged: false };
  const artifacts: Artifacts = {
    ...inner,
    async *get(id, o) {
      for await (const part of inner.get(id, o)) yield told.damaged ? part.map((byte) => byte ^ 1) : part;
    },
  };
  const kept = storedSnapshots({ store, artifacts, ids });
  const snapshots: Snapshots = {
    ...kept,
    put: (...given) => ((told.put += 1), kept.put(...given)),
    read: (...given) => ((told.reads += 1), kept.read(...given)),
  };
  const logger: Logger = {
    ...silentLogger,
    warn: (message) => void told.warnings.push(message),
    with: () => logger,
  };
  return { told, ports: { clock, ids, store, artifacts, snapshots }, logger, snapshots: kept };
}

const limits = { foldSnapshotEvery: 5, snapshotsKept: 2, taskRetryDelayMs: 0 };

/** A track with a task that fails once, run to its end. */
async function ran(given: ReturnType<typeof longStreams>) {
  const workers = steeredWorkers();
  let failures = 0;
  workers.play('1.2', () => ((failures += 1) === 1 ? { status: 'failed', summary: 'It did not work' } : 'Did 1.2'));
  const { ports, logger } = given;
  const test = await createTestEngine({ ports, logger, agents: workers.agents, files, limits });
  const { id } = await test.api.tracks.create({ goal: 'Some files', tasks });
  await test.api.tracks.run(id);
  await test.clock.runUntil(test.api.tracks.waitFor(id));
  await test.engine.ended(id);
  await test.close();
  return { id, log: await facts(test, id), replayed: await replayed(test, id) };
}

describe('fold snapshots', () => {
  it('are kept while a track runs and when it stops, and the rest of its stream is folded from there', async () => {
    const given = longStreams();
    const { id, log, replayed: expected } = await ran(given);
    const heads = await given.snapshots.list({ subject: `track/${id}` });
    expect([heads.length, heads.at(-1)?.version]).toEqual([2, log.length]); // pruned to what is kept; the last one at the stop
    expect(given.told.put).toBeGreaterThan(2);

    const again = await createTestEngine({ ports: given.ports, files, limits });
    given.told.reads = 0;
    expect(await again.api.tracks.get(id)).toEqual(expected);
    expect(given.told.reads).toBe(1);
    await again.close();
  });

  it('change nothing but time when they are damaged: thrown away, and folded from the log', async () => {
    const given = longStreams();
    const { id, replayed: expected } = await ran(given);
    given.told.damaged = true;
    const again = await createTestEngine({ ports: given.ports, logger: given.logger, files, limits });
    for (let left = 2; left >= 0; left -= 1) {
      expect(await again.api.tracks.get(id)).toEqual(expected);
      expect((await given.snapshots.list()).length).toBe(Math.max(0, left - 1));
    }
    expect(given.told.warnings).toContain('A damaged snapshot of a track is thrown away');
    await again.close();
  });

  it('of another version of the fold are left alone, and one that is none of the track is thrown away', async () => {
    const given = longStreams();
    const { id, replayed: expected } = await ran(given);
    const state = '{"id":"not","version":9999}';
    const about = {
      subject: `track/${id}`,
      kind: 'fold',
      at: '2026-01-01T00:00:00.000Z',
      seq: 1,
      pinned: false,
    } as const;
    await given.snapshots.put({ ...about, version: 9_999, foldVersion: 2, state });
    const again = await createTestEngine({ ports: given.ports, files, limits });
    expect(await again.api.tracks.get(id)).toEqual(expected);
    expect((await given.snapshots.list()).map(({ version }) => version)).toContain(9_999); // of another build: not ours to judge
    // Of this version, sound, and still not of this track: thrown away.
    await given.snapshots.put({ ...about, version: 9_998, foldVersion: 1, state });
    expect(await again.api.tracks.get(id)).toEqual(expected);
    expect((await given.snapshots.list()).map(({ version }) => version)).not.toContain(9_998);
    await again.close();
  });

  it('are not missed when they cannot be kept or read', async () => {
    const given = longStreams();
    const broken = async () => {
      throw new Error('no disk');
    };
    const snapshots: Snapshots = { ...given.snapshots, put: broken, latest: broken };
    const { id, replayed: expected } = await ran({ ...given, ports: { ...given.ports, snapshots } });
    expect(given.told.warnings).toContain('A snapshot of a track could not be kept');
    const again = await createTestEngine({ ports: { ...given.ports, snapshots }, logger: given.logger, files, limits });
    expect(await again.api.tracks.get(id)).toEqual(expected);
    expect(given.told.warnings).toContain('The snapshots of a track could not be read');
    await again.close();
  });
});

describe('events of older shapes', () => {
  /** A track that was paused while it ran, and its log. */
  async function paused() {
    const workers = steeredWorkers();
    workers.hold('1.2');
    const test = await createTestEngine({ agents: workers.agents, files });
    const { id } = await test.api.tracks.create({ goal: 'Some files', tasks });
    await test.api.tracks.run(id);
    await test.api.tracks.pause(id, { reason: 'lunch' });
    workers.letGo('1.2');
    await test.clock.runUntil(test.api.tracks.waitFor(id));
    await test.engine.ended(id);
    await test.close();
    return { id, log: await test.events(), track: await replayed(test, id) };
  }

  /** A store with these events, as a build of another age had written them. */
  async function stored(
    log: readonly EventEnvelope[],
    change: (event: EventEnvelope) => Pick<EventEnvelope, 'v' | 'data'>,
  ) {
    const store = memoryStore({ clock: new FakeClock() });
    for (const event of log) {
      const { stream, type, version, at, actor, correlation, causation } = event;
      const { v, data } = change(event);
      await store.commit({
        appends: [{ stream, expectedVersion: version - 1, events: [{ type, v, data }] }],
        meta: { at, actor, correlation, causation },
      });
    }
    return store;
  }

  const isPause = ({ type }: EventEnvelope) => type === 'track.paused';
  const asOld = (event: EventEnvelope) => {
    const { mode: _, ...data } = dataOf(event) as { readonly [key: string]: Json };
    return isPause(event) ? { v: 1, data } : event;
  };

  it('lead to the same state, and the feed shows them in the newest; the rows and an export stay as they were', async () => {
    const { id, log, track } = await paused();
    const store = await stored(log, asOld);
    const test = await createTestEngine({ ports: { store }, files });
    expect(await test.api.tracks.get(id)).toEqual(track);
    const seen = (await test.api.events.list({ types: ['track.paused'] })).items;
    expect(seen.map(({ v, data }) => ({ v, data }))).toEqual([{ v: 2, data: { mode: 'drain', reason: 'lunch' } }]);

    const parts: Uint8Array[] = [];
    await exportLog(test, (bytes) => void parts.push(bytes));
    const lines = new TextDecoder().decode(Buffer.concat(parts)).split('\n');
    const line = lines.find((each) => each.includes('"track.paused"')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ v: 1, data: { reason: 'lunch' } });
    expect(line).not.toContain('"mode"');
    // The track goes on as any other.
    await test.api.tracks.move(id, { to: 'active' });
    await test.close();
  });

  it('of later versions mark the track as not understood: shown, and neither run nor written', async () => {
    const { id, log } = await paused();
    const later = (event: EventEnvelope) => (isPause(event) ? { v: 9, data: { unheard: 'of' } } : event);
    const store = await stored([...log], later);
    const test = await createTestEngine({ ports: { store }, files });
    const [seen] = (await test.api.events.list({ types: ['track.paused'] })).items;
    expect(seen).toMatchObject({ v: 9, data: { unheard: 'of' } });
    const before = await store.head({ stream: `track/${id}` });
    await expect(test.api.tracks.run(id)).rejects.toMatchObject({ code: 'STORE_NEWER' });
    expect(await store.head({ stream: `track/${id}` })).toBe(before);
    await test.close();
  });
});
