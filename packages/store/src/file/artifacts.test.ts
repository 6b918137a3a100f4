import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Artifacts } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { artifactsSuite } from '../conformance/artifacts.suite.js';
import { fileArtifacts } from './artifacts.js';

const freshFolder = () => mkdtemp(join(tmpdir(), 'conductor-artifacts-'));

artifactsSuite('file', async ({ clock }) => {
  const folder = await freshFolder();
  const artifacts = fileArtifacts({ directory: join(folder, 'artifacts'), clock });
  return { artifacts, close: () => rm(folder, { recursive: true }) };
});

describe('fileArtifacts', () => {
  let folder: string;
  const clock = new FakeClock();
  const bytes = new TextEncoder().encode('bytes');
  beforeEach(async () => {
    folder = await freshFolder();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const read = async (artifacts: Artifacts, id: string) => {
    const parts: Uint8Array[] = [];
    for await (const part of artifacts.get(id)) parts.push(part);
    return new Uint8Array(Buffer.concat(parts));
  };
  const place = (id: string) => join(folder, id.slice(7, 9), id.slice(7));

  it('puts each artifact below the first two digits of its hash, readable for its owner only', async () => {
    const { id } = await fileArtifacts({ directory: folder, clock }).put(bytes);
    expect((await stat(place(id))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual([id.slice(7, 9)]);
  });

  it('says at the end of a full read that a file was damaged, and mends it by the next put', async () => {
    const artifacts = fileArtifacts({ directory: folder, clock });
    const { id } = await artifacts.put(bytes);
    for (const damage of [() => writeFile(place(id), 'bytez'), () => truncate(place(id), 2)]) {
      await damage();
      await expect(read(artifacts, id)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
      await artifacts.put(bytes);
      expect(await read(artifacts, id)).toEqual(bytes);
    }
  });

  it('refuses what is too large and leaves nothing behind', async () => {
    const artifacts = fileArtifacts({ directory: folder, clock, limits: { artifactBytes: 4 } });
    await expect(artifacts.put(bytes)).rejects.toMatchObject({ code: 'TOO_LARGE', details: { maxBytes: 4 } });
    expect(await readdir(folder)).toEqual([]);
  });

  it('sweeps the temporary files of killed processes, and leaves what is not its own', async () => {
    const artifacts = fileArtifacts({ directory: folder, clock });
    await writeFile(join(folder, '.put.1-0.tmp'), 'half');
    await writeFile(join(folder, 'README'), 'not ours');
    expect(await artifacts.sweep(() => false, { olderThanMs: -1e12 })).toEqual({ removed: 0, bytes: 0 });
    expect(await readdir(folder)).toEqual(['README']);
  });

  it('keeps what is put while several sweep at once', async () => {
    const artifacts = fileArtifacts({ directory: folder, clock });
    const sweepers = Array.from({ length: 4 }, () => fileArtifacts({ directory: folder, clock }));
    const many = Array.from({ length: 8 }, (_, n) => new TextEncoder().encode(`bytes ${n}`));
    for (let round = 0; round < 10; round += 1) {
      const ids = await Promise.all(many.map((each) => artifacts.put(each)));
      await clock.advance(10_000);
      await Promise.all([
        ...sweepers.map((sweeper) => sweeper.sweep(() => false, { olderThanMs: 5000 })),
        ...many.map((each) => artifacts.put(each)),
      ]);
      for (const { id } of ids) await read(artifacts, id);
    }
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
