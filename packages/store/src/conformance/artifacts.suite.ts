import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemClock } from '@conductor/core';
import type { Artifacts, Clock } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';

/** A driver under test, and how to let go of it. */
export interface OpenArtifacts {
  readonly artifacts: Artifacts;
  close(): Promise<void>;
}

const hour = 3_600_000;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const idOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}

async function* inParts(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield part;
}

/** The contract of the Artifacts port. `open` makes an empty store that tells the time by the given clock. */
export function artifactsSuite(name: string, open: (o: { readonly clock: Clock }) => Promise<OpenArtifacts>): void {
  async function using<T>(work: (artifacts: Artifacts, clock: FakeClock) => Promise<T>): Promise<T> {
    const clock = new FakeClock();
    const { artifacts, close } = await open({ clock });
    try {
      return await work(artifacts, clock);
    } finally {
      await close();
    }
  }

  describe(`Artifacts contract: ${name}`, () => {
    it('names bytes by their SHA-256 and gives them back', () =>
      using(async (artifacts) => {
        const bytes = bytesOf('a transcript\u0000 with a zero');
        expect(await artifacts.put(bytes, { mediaType: 'text/plain' })).toEqual({
          id: idOf(bytes),
          bytes: bytes.length,
        });
        expect(await collect(artifacts.get(idOf(bytes)))).toEqual(bytes);
      }));

    it('takes a stream that fills one piece of memory again and again', () =>
      using(async (artifacts) => {
        async function* refilling() {
          const memory = Buffer.alloc(3);
          for (const text of ['abc', 'def', 'ghi']) {
            memory.write(text);
            yield memory;
          }
        }
        const { id } = await artifacts.put(refilling());
        expect(await collect(artifacts.get(id))).toEqual(bytesOf('abcdefghi'));
      }));

    it('takes a stream, and names it as it names the same bytes in one piece', () =>
      using(async (artifacts) => {
        const whole = new Uint8Array(200_000).map((_, index) => index % 251);
        const { id } = await artifacts.put(
          inParts(whole.subarray(0, 70_000), new Uint8Array(), whole.subarray(70_000)),
        );
        expect(id).toBe(idOf(whole));
        expect((await artifacts.put(whole)).id).toBe(id);
        expect(await collect(artifacts.get(id))).toEqual(whole);
      }));

    it('keeps the empty artifact', () =>
      using(async (artifacts) => {
        const { id, bytes } = await artifacts.put(new Uint8Array());
        expect([id, bytes]).toEqual([idOf(new Uint8Array()), 0]);
        expect(await collect(artifacts.get(id))).toEqual(new Uint8Array());
      }));

    it('lets many put the same bytes at once', () =>
      using(async (artifacts) => {
        const bytes = bytesOf('the same');
        const puts = await Promise.all(Array.from({ length: 20 }, () => artifacts.put(bytes)));
        expect(new Set(puts.map(({ id }) => id))).toEqual(new Set([idOf(bytes)]));
        expect(await collect(artifacts.get(idOf(bytes)))).toEqual(bytes);
      }));

    it.each([
      ['bytes', bytesOf('before')],
      ['a Buffer', Buffer.from('before')],
    ])('does not share memory with the caller: %s', (_what, bytes) =>
      using(async (artifacts) => {
        const { id } = await artifacts.put(bytes);
        bytes.fill(0);
        (await collect(artifacts.get(id))).fill(0);
        expect(await collect(artifacts.get(id))).toEqual(bytesOf('before'));
      }),
    );

    it('keeps nothing under an id that is not its own, whatever the caller does to his bytes meanwhile', () =>
      using(async (artifacts) => {
        const bytes = new Uint8Array(1_500_000);
        let put: string | undefined;
        const pending = artifacts.put(bytes).then(({ id }) => (put = id));
        for (let round = 1; put === undefined; round += 1) {
          bytes.fill(round);
          await systemClock().turn();
        }
        const id = await pending;
        expect(idOf(await collect(artifacts.get(id)))).toBe(id);
      }));

    it.each([
      [2, 5, '234'],
      [7, undefined, '789'],
      [undefined, 3, '012'],
      [8, 100, '89'],
      [3, Infinity, '3456789'],
      [5, 5, ''],
      [10, undefined, ''],
      [20, 30, ''],
    ])('reads from byte %s up to, without, byte %s', (from, to, expected) =>
      using(async (artifacts) => {
        const { id } = await artifacts.put(bytesOf('0123456789'));
        const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
        expect(await collect(artifacts.get(id, range))).toEqual(bytesOf(expected));
      }),
    );

    it.each([
      [5, 2],
      [-1, undefined],
      [undefined, -1],
      [1.5, undefined],
      [undefined, 2.5],
      [Number.NaN, undefined],
      [undefined, Number.NaN],
      [-Infinity, Infinity],
      [Infinity, Infinity],
      [2 ** 53, undefined],
    ])('refuses to read from byte %s up to byte %s', (from, to) =>
      using(async (artifacts) => {
        const { id } = await artifacts.put(bytesOf('0123456789'));
        const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
        await expect(collect(artifacts.get(id, range))).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
      }),
    );

    it('refuses bytes that are not the expected ones, and keeps nothing of them', () =>
      using(async (artifacts) => {
        const expect_ = idOf(bytesOf('what was promised'));
        await expect(artifacts.put(bytesOf('what came'), { expect: expect_ })).rejects.toMatchObject({
          code: 'ARTIFACT_CORRUPT',
        });
        for (const id of [expect_, idOf(bytesOf('what came'))])
          await expect(collect(artifacts.get(id))).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
      }));

    it.each([
      idOf(bytesOf('never put')),
      '',
      'sha256:',
      'sha256:../../etc/passwd',
      `sha256:${'A'.repeat(64)}`,
      `sha256:${'a'.repeat(64)}\n`,
      '__proto__',
      `md5:${'a'.repeat(32)}`,
    ])('has no artifact %j', (id) =>
      using(async (artifacts) => {
        await expect(collect(artifacts.get(id))).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
      }),
    );

    it('sweeps what nobody refers to once it is old enough', () =>
      using(async (artifacts, clock) => {
        const kept = await artifacts.put(bytesOf('kept'));
        const old = await artifacts.put(bytesOf('old'));
        await clock.advance(2 * hour);
        const young = await artifacts.put(bytesOf('young'));
        expect(await artifacts.sweep((id) => id === kept.id, { olderThanMs: hour })).toEqual({ removed: 1, bytes: 3 });
        await expect(collect(artifacts.get(old.id))).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
        expect(await collect(artifacts.get(kept.id))).toEqual(bytesOf('kept'));
        expect(await collect(artifacts.get(young.id))).toEqual(bytesOf('young'));
      }));

    it('sweeps nothing when it is told no age', () =>
      using(async (artifacts) => {
        const { id } = await artifacts.put(bytesOf('young'));
        const sweep = artifacts.sweep(() => false, { olderThanMs: Number.NaN });
        await expect(sweep).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
        expect(await collect(artifacts.get(id))).toEqual(bytesOf('young'));
      }));

    it('gives bytes that are put again their whole time before a sweep', () =>
      using(async (artifacts, clock) => {
        const { id } = await artifacts.put(bytesOf('again'));
        await clock.advance(2 * hour);
        await artifacts.put(bytesOf('again'));
        expect(await artifacts.sweep(() => false, { olderThanMs: hour })).toEqual({ removed: 0, bytes: 0 });
        expect(await collect(artifacts.get(id))).toEqual(bytesOf('again'));
      }));

    it('rejects with the reason of a signal that has aborted, and keeps nothing', () =>
      using(async (artifacts) => {
        const signal = AbortSignal.abort(new Error('enough'));
        const { id } = await artifacts.put(bytesOf('there'));
        await expect(artifacts.put(bytesOf('not'), { signal })).rejects.toThrow('enough');
        await expect(collect(artifacts.get(id, { signal }))).rejects.toThrow('enough');
        await expect(artifacts.sweep(() => false, { signal, olderThanMs: -hour })).rejects.toThrow('enough');
        await expect(collect(artifacts.get(idOf(bytesOf('not'))))).rejects.toMatchObject({
          code: 'ARTIFACT_NOT_FOUND',
        });
        expect(await collect(artifacts.get(id))).toEqual(bytesOf('there'));
      }));

    it('ends a put whose stream is aborted or fails half-way, and keeps nothing', () =>
      using(async (artifacts) => {
        const controller = new AbortController();
        async function* aborting() {
          yield bytesOf('half');
          controller.abort(new Error('enough'));
          yield bytesOf('done');
        }
        await expect(artifacts.put(aborting(), { signal: controller.signal })).rejects.toThrow('enough');
        async function* failing() {
          yield bytesOf('half');
          throw new Error('the source broke');
        }
        await expect(artifacts.put(failing())).rejects.toThrow('the source broke');
        // As it is, and not as a fault of this driver's own disk.
        const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' });
        async function* unreadable() {
          yield bytesOf('half');
          throw missing;
        }
        await expect(artifacts.put(unreadable())).rejects.toBe(missing);
        for (const text of ['half', 'halfdone'])
          await expect(collect(artifacts.get(idOf(bytesOf(text))))).rejects.toMatchObject({
            code: 'ARTIFACT_NOT_FOUND',
          });
      }));
  });
}
