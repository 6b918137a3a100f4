import { describe, expect, it } from 'vitest';
import { ConductorError } from '@conductor/core';
import type { Artifacts } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import { snapshotsSuite } from '../conformance/snapshots.suite.js';
import { fileArtifacts } from '../file/artifacts.js';
import { memoryArtifacts } from '../memory/artifacts.js';
import { memoryStore } from '../memory/store.js';
import { sqliteStore } from '../sqlite/store.js';
import { gzip } from './gzip.js';
import { snapshotArtifacts } from './row.js';
import { storedSnapshots } from './snapshots.js';

snapshotsSuite('memory', async ({ clock, wrap }) => {
  const store = memoryStore({ clock });
  const artifacts = wrap(memoryArtifacts({ clock }));
  return { snapshots: storedSnapshots({ store, artifacts }), artifacts, close: () => store.close() };
});

snapshotsSuite('sqlite, with artifacts in files', async ({ clock, wrap }) => {
  const folder = temporaryFolder();
  const store = await sqliteStore({ database: openDatabase(folder.file('conductor.db')), clock });
  const artifacts = wrap(fileArtifacts({ directory: folder.file('artifacts'), clock }));
  return {
    snapshots: storedSnapshots({ store, artifacts }),
    artifacts,
    async close() {
      await store.close();
      folder.remove();
    },
  };
});

describe('snapshotArtifacts', () => {
  it('names what a sweep must leave: own bodies, those of removed ones that are built on, and what states refer to', async () => {
    const clock = new FakeClock();
    const store = memoryStore({ clock });
    const artifacts = memoryArtifacts({ clock });
    const snapshots = storedSnapshots({ store, artifacts });
    const report = await artifacts.put(new TextEncoder().encode('a report'));
    const at = '2026-01-01T00:00:00.000Z';
    const about = { subject: 'project', kind: 'checkpoint', at, foldVersion: 1, pinned: false } as const;
    const text = Array.from({ length: 9_000 }, (_, index) => `line ${(index * 7919) % 10_007}`).join('\n');
    const first = await snapshots.put({ ...about, seq: 1, version: 1, state: { text, n: 1 } });
    const second = await snapshots.put({ ...about, seq: 2, version: 2, state: { text, n: 2 }, artifacts: [report.id] });
    await snapshots.remove(first.id);

    await clock.advance(1_000);
    const needed = await snapshotArtifacts(store);
    expect(needed.size).toBe(3);
    expect((await artifacts.sweep((id) => needed.has(id), { olderThanMs: 1 })).removed).toBe(0);
    expect(await snapshots.read(second.id)).toEqual({ text, n: 2 });

    await snapshots.remove(second.id);
    const nothing = await snapshotArtifacts(store);
    expect((await artifacts.sweep((id) => nothing.has(id), { olderThanMs: 1 })).removed).toBe(3);
  });
});

describe('storedSnapshots', () => {
  it('calls no snapshot damaged whose bytes could not be read this time', async () => {
    const clock = new FakeClock();
    const store = memoryStore({ clock });
    const artifacts = memoryArtifacts({ clock });
    let down = false;
    const unreliable: Artifacts = {
      ...artifacts,
      get(id, o) {
        if (down) throw new ConductorError('STORE_BUSY', 'No free descriptor');
        return artifacts.get(id, o);
      },
    };
    const snapshots = storedSnapshots({ store, artifacts: unreliable });
    const at = '2026-01-01T00:00:00.000Z';
    const about = { subject: 'project', kind: 'fold', at, foldVersion: 1, pinned: false, seq: 1, version: 1 } as const;
    const { id } = await snapshots.put({ ...about, state: 'kept' });
    down = true;
    await expect(snapshots.read(id)).rejects.toMatchObject({ code: 'STORE_BUSY' });
    down = false;
    expect(await snapshots.read(id)).toBe('kept');
  });

  it.each<readonly [string, string | Uint8Array]>([
    ['no header', 'a'.repeat(50)],
    ['a header that is no JSON', '{\n'],
    ['a header of another version', '{"schemaVersion":2,"sources":[],"pieces":[[-1],[0],[6]]}\n"kept"'],
    ['no sources', '{"schemaVersion":1,"pieces":[[-1],[0],[6]]}\n"kept"'],
    ['a source that is not there', '{"schemaVersion":1,"sources":[],"pieces":[[3],[0],[6]]}\n"kept"'],
    ['more sources than are written', forgedSources(17)],
    ['pieces outside of their source', '{"schemaVersion":1,"sources":[],"pieces":[[-1],[2],[6]]}\n"kept"'],
    ['pieces of a negative length', '{"schemaVersion":1,"sources":[],"pieces":[[-1],[6],[-6]]}\n"kept"'],
    ['pieces without a number', '{"schemaVersion":1,"sources":[],"pieces":[[-1],[null],[{}]]}\n"kept"'],
    ['one piece many times', forgedPieces(50_000)],
    [
      'more bytes than were packed',
      `{"schemaVersion":1,"sources":[],"pieces":[[-1],[0],[6]]}\n${'x'.repeat(30_000_000)}`,
    ],
    ['another state of the same length', '{"schemaVersion":1,"sources":[],"pieces":[[-1],[0],[6]]}\n"KEPT"'],
  ])('takes no forged body for a state: %s', async (_what, body) => {
    const clock = new FakeClock();
    const store = memoryStore({ clock });
    const inner = memoryArtifacts({ clock });
    const packed = await gzip(typeof body === 'string' ? new TextEncoder().encode(body) : body);
    let reads = 0;
    const artifacts: Artifacts = {
      ...inner,
      async *get() {
        reads += 1;
        yield packed;
      },
    };
    const at = '2026-01-01T00:00:00.000Z';
    const about = { subject: 'project', kind: 'fold', at, foldVersion: 1, pinned: false, seq: 1, version: 1 } as const;
    const { id } = await storedSnapshots({ store, artifacts: inner }).put({ ...about, state: 'kept' });
    await expect(storedSnapshots({ store, artifacts }).read(id)).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' });
    expect(reads).toBe(1);
  });

  it('builds on no snapshot that is removed while it is being built on: a sweep may take its bytes', async () => {
    const clock = new FakeClock();
    const store = memoryStore({ clock });
    const inner = memoryArtifacts({ clock });
    let meanwhile: (() => Promise<void>) | undefined;
    const put: typeof inner.put = async (bytes, o) => {
      const result = await inner.put(bytes, o);
      const work = meanwhile;
      meanwhile = undefined;
      await work?.();
      return result;
    };
    const snapshots = storedSnapshots({ store, artifacts: { ...inner, put } });
    const at = '2026-01-01T00:00:00.000Z';
    const about = { subject: 'project', kind: 'fold', at, foldVersion: 1, pinned: false } as const;
    const text = Array.from({ length: 9_000 }, (_, index) => `line ${(index * 7919) % 10_007}`).join('\n');
    const first = await snapshots.put({ ...about, seq: 1, version: 1, state: { text, n: 1 } });
    meanwhile = () => snapshots.remove(first.id);
    const second = await snapshots.put({ ...about, seq: 2, version: 2, state: { text, n: 2 } });

    const needed = await snapshotArtifacts(store);
    expect(needed.size).toBe(1);
    await clock.advance(1_000);
    await inner.sweep((id) => needed.has(id), { olderThanMs: 1 });
    expect(await snapshots.read(second.id)).toEqual({ text, n: 2 });
  });
});

function forgedSources(count: number): string {
  const sources = Array.from({ length: count }, (_, n) => ({
    id: `sha256:${String(n).padStart(64, '0')}`,
    bytes: 1e9,
  }));
  return `${JSON.stringify({ schemaVersion: 1, sources, pieces: [[-1], [0], [6]] })}\n"kept"`;
}

function forgedPieces(count: number): string {
  const columns = [-1, 0, 6].map((value, column) =>
    Array.from({ length: count }, (_, n) => (column === 1 && n > 0 ? -6 : value)),
  );
  return `${JSON.stringify({ schemaVersion: 1, sources: [], pieces: columns })}\n"kept"`;
}
