import type { ArtifactId, Artifacts } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { memoryArtifacts } from '@conductor/store/memory';
import { describe, expect, it } from 'vitest';
import { readThrough } from './read-through.js';

const clock = new FakeClock();
const bytesOf = (text: string) => new TextEncoder().encode(text);

async function read(artifacts: Artifacts, id: ArtifactId, o?: Parameters<Artifacts['get']>[1]): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of artifacts.get(id, o)) text += decoder.decode(part, { stream: true });
  return text;
}

describe('artifacts behind shared ones', () => {
  const open = () => {
    const [shared, local] = [memoryArtifacts({ clock }), memoryArtifacts({ clock })];
    return { shared, local, both: readThrough(shared, local) };
  };

  it('are read where they are, and what is put goes to the shared ones alone', async () => {
    const { shared, local, both } = open();
    const old = await local.put(bytesOf('from before'));
    const fresh = await both.put(bytesOf('for everybody'));
    expect(await read(both, old.id, { from: 5 })).toBe('before');
    expect(await read(both, fresh.id)).toBe('for everybody');
    expect(await read(shared, fresh.id)).toBe('for everybody');
    await expect(read(local, fresh.id)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    await expect(read(both, `sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  });

  it('stay when the shared ones are swept', async () => {
    const { local, both } = open();
    const old = await local.put(bytesOf('from before'));
    await both.put(bytesOf('for everybody'));
    expect(await both.sweep(() => false, { olderThanMs: -1 })).toEqual({ removed: 1, bytes: 13 });
    expect(await read(both, old.id)).toBe('from before');
  });

  it('are no answer to damage, to an error, or to a read that has begun', async () => {
    const { local, both } = open();
    const { id } = await local.put(bytesOf('the bytes'));
    const failing = (error: Error, before = ''): Artifacts => ({
      ...both,
      async *get() {
        if (before !== '') yield bytesOf(before);
        throw error;
      },
    });
    const gone = await both
      .get(`sha256:${'0'.repeat(64)}`)
      [Symbol.asyncIterator]()
      .next()
      .catch((error: Error) => error);
    await expect(read(readThrough(failing(gone as Error), local), id)).resolves.toBe('the bytes');
    await expect(read(readThrough(failing(gone as Error, 'half'), local), id)).rejects.toBe(gone);
    const lost = new Error('the server is away');
    await expect(read(readThrough(failing(lost), local), id)).rejects.toBe(lost);
  });
});
