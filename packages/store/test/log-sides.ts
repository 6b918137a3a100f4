import { mkdirSync } from 'node:fs';
import type { Artifacts, Commit, Json, Store } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { fileArtifacts } from '../src/file/artifacts.js';
import { fileStore } from '../src/file/log/file-store.js';
import { nodeLogFiles } from '../src/file/log/log-files.js';
import { memoryArtifacts } from '../src/memory/artifacts.js';
import { memoryStore } from '../src/memory/store.js';
import { databaseLock } from '../src/sqlite/database-lock.js';
import { sqliteStore } from '../src/sqlite/store.js';
import { exportLog } from '../src/transfer/export-log.js';
import type { LogSummary } from '../src/transfer/format.js';
import { importLog } from '../src/transfer/import-log.js';
import { openDatabase, temporaryFolder } from './open-database.js';

export interface Side {
  readonly store: Store;
  readonly artifacts: Artifacts;
  close(): Promise<void>;
}

export const clock = new FakeClock();

export function memorySide(): Side {
  const store = memoryStore({ clock });
  return { store, artifacts: memoryArtifacts({ clock }), close: () => store.close() };
}

export async function sqliteSide(): Promise<Side> {
  const folder = temporaryFolder();
  const store = await sqliteStore({ database: openDatabase(folder.file('conductor.db')), clock });
  const close = async () => (await store.close(), folder.remove());
  return { store, artifacts: fileArtifacts({ directory: folder.file('artifacts'), clock }), close };
}

export async function filesSide(): Promise<Side> {
  const folder = temporaryFolder();
  mkdirSync(folder.file('log'), { recursive: true });
  const lock = databaseLock(openDatabase(folder.file('lock.db')));
  const store = await fileStore({ files: nodeLogFiles(folder.file('log')), lock, clock });
  const close = async () => (await store.close(), folder.remove());
  return { store, artifacts: fileArtifacts({ directory: folder.file('artifacts'), clock }), close };
}

export async function exported(
  side: Side,
  o: { readonly track?: string } = {},
): Promise<{ text: Uint8Array; summary: LogSummary }> {
  const parts: Uint8Array[] = [];
  const summary = await exportLog(side, (bytes) => void parts.push(bytes.slice()), o);
  return { text: new Uint8Array(Buffer.concat(parts)), summary };
}

/** The text in chunks that end anywhere, each in memory that is filled again. */
export async function* inChunks(text: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(size);
  for (let at = 0; at < text.length; at += size) {
    const part = text.subarray(at, at + size);
    memory.set(part);
    yield memory.subarray(0, part.length);
  }
}

export const bytesOf = (text: string) => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
export const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

export interface Step {
  readonly appends: readonly { readonly stream: string; readonly data: readonly Json[] }[];
  readonly meta: Commit['meta'];
}

export async function write({ store }: Side, { appends, meta }: Step): Promise<void> {
  const list = [];
  for (const { stream, data } of appends) {
    const events = data.map((each, index) => ({ type: 'thing.happened', v: 1 + (index % 2), data: each }));
    list.push({ stream, expectedVersion: await store.head({ stream }), events });
  }
  await store.commit({ appends: list, meta });
}

export const at = '2026-01-02T03:04:05.678Z';
export const meta = { at, actor: { kind: 'user', id: 'ana', org: 'o', via: 'cli' } } as const;

/** A log of two tracks, with artifacts, a board, causes, and an event of a plugin. */
export async function filled(side: Side): Promise<void> {
  const long = await side.artifacts.put(new Uint8Array(60_000).map((_, index) => (index * 7) % 251));
  const empty = await side.artifacts.put(new Uint8Array());
  const step = (stream: string, data: readonly Json[], more: Partial<Commit['meta']> = {}) =>
    write(side, { appends: [{ stream, data }], meta: { ...meta, ...more } });
  await side.store.commit({
    appends: [
      {
        stream: 'project',
        expectedVersion: 0,
        events: [{ type: 'project.created', v: 1, data: { projectId: 'p', name: 'n' } }],
      },
    ],
    meta,
  });
  for (const id of ['a', 'b']) {
    const added = { type: 'registry.added', v: 1, data: { trackId: id, name: id } };
    await side.store.commit({
      appends: [
        { stream: `track/${id}`, expectedVersion: 0, events: [{ type: 'track.created', v: 1, data: { name: id } }] },
        { stream: 'project', expectedVersion: id === 'a' ? 1 : 2, events: [added] },
      ],
      meta: { ...meta, correlation: { track: id }, causation: id === 'a' ? 'cmd:key' : 'project@3' },
      idempotencyKey: `create-${id}`,
    });
  }
  await step('track/b', [{ report: { artifact: long.id, bytes: 60_000 } }], { causation: 'project@3' });
  await step('board/b1', [{ of: 'b' }], { correlation: { track: 'b' }, at: '2020-01-01T00:00:00.000Z' });
  await step('track/a', [{ log: [empty.id, long.id], lost: `sha256:${'0'.repeat(64)}` }]);
}

export async function imported(text: Uint8Array, target: Side): Promise<Side> {
  await importLog(target, () => inChunks(text));
  return target;
}
