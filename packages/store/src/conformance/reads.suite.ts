import { describe, expect, it } from 'vitest';
import type { EventEnvelope } from '@conductor/core/ports';
import { all, codeOf, commitOf, fixtureOf } from './store-fixture.js';
import type { OpenStore } from './store-fixture.js';

const seqs = (found: readonly EventEnvelope[]) => found.map(({ seq }) => seq);

/** Pages, filters, limits, directions, streams by name, and follow. */
export function readsSuite(name: string, open: OpenStore): void {
  const using = fixtureOf(open);

  describe(`Store contract, reads: ${name}`, () => {
    it('reads in pages of at most 1,000 events', () =>
      using(async ({ store, append }) => {
        await append('track/1', 2_500);
        const sizes: number[] = [];
        for await (const page of store.readAll()) sizes.push(page.length);
        expect(sizes).toEqual([1_000, 1_000, 500]);
        for await (const page of store.read('track/1')) sizes.push(page.length);
        expect(sizes.slice(3)).toEqual([1_000, 1_000, 500]);
      }));

    it('ends a page at 4 MiB, but a larger event comes alone', () =>
      using(async ({ store }) => {
        const sizes = [3, 3, 5, 1, 1, 1].map((mib) => mib * 1024 * 1024 - 100);
        await store.commit(
          commitOf(
            'track/1',
            0,
            sizes.map((size) => ({ type: 't', v: 1, data: 'x'.repeat(size) })),
          ),
        );
        const pages = async (batches: AsyncIterable<readonly EventEnvelope[]>) => {
          const found: number[][] = [];
          for await (const page of batches) found.push(page.map(({ version }) => version));
          return found;
        };
        expect(await pages(store.readAll())).toEqual([[1], [2], [3], [4, 5, 6]]);
        expect(await pages(store.read('track/1'))).toEqual([[1], [2], [3], [4, 5, 6]]);
        expect(await pages(store.read('track/1', { backward: true }))).toEqual([[6, 5, 4], [3], [2], [1]]);
        expect(await pages(store.readAll({ types: ['t'] }))).toEqual([[1], [2], [3], [4, 5, 6]]);
      }));

    it('reads a stream after a version, up to a limit, and backward', () =>
      using(async ({ store, append }) => {
        await append('track/1', 5);
        await append('track/2', 2);
        const versions = async (o: Parameters<typeof store.read>[1]) =>
          (await all(store.read('track/1', o))).map(({ version }) => version);
        expect(await versions({ after: 2 })).toEqual([3, 4, 5]);
        expect(await versions({ after: 1, limit: 2 })).toEqual([2, 3]);
        expect(await versions({ after: 9 })).toEqual([]);
        expect(await versions({ limit: 0 })).toEqual([]);
        expect(await versions({ backward: true, limit: 2 })).toEqual([5, 4]);
        expect(await versions({ backward: true, after: 3 })).toEqual([2, 1]);
        expect(await versions({ backward: true, after: 9 })).toEqual([5, 4, 3, 2, 1]);
        expect(await versions({ backward: true, after: 1 })).toEqual([]);
        expect(await versions({ backward: true, after: 0 })).toEqual([]);
        expect(await all(store.read('track/none'))).toEqual([]);
        expect(await codeOf(all(store.read('track/1', { limit: -1 })))).toBe('VALIDATION_FAILED');
      }));

    it('filters the whole log by kinds, types and globs of types', () =>
      using(async ({ store }) => {
        const put = (stream: string, ...types: string[]) =>
          store.commit(
            commitOf(
              stream,
              0,
              types.map((type) => ({ type, v: 1, data: null })),
            ),
          );
        await put('track/1', 'task.started', 'task.completed', 'step.started');
        await put('project', 'task.started');
        await put('acme.x/1', 'acme/task.done', 'task%started', 'task_started');
        const found = async (o: Parameters<typeof store.readAll>[0]) => seqs(await all(store.readAll(o)));
        expect(await found({ kinds: ['track'] })).toEqual([1, 2, 3]);
        expect(await found({ kinds: ['project', 'acme.x'] })).toEqual([4, 5, 6, 7]);
        expect(await found({ types: ['task.*'] })).toEqual([1, 2, 4]);
        expect(await found({ types: ['step.started', 'acme/*'] })).toEqual([3, 5]);
        expect(await found({ types: ['task%started'] })).toEqual([6]);
        expect(await found({ types: ['task_*'] })).toEqual([7]);
        expect(await found({ types: ['*'] })).toEqual([1, 2, 3, 4, 5, 6, 7]);
        expect(await found({ types: [] })).toEqual([]);
        expect(await found({ kinds: [] })).toEqual([]);
        expect(await found({ kinds: ['track'], types: ['task.*'], after: 1 })).toEqual([2]);
        expect(await found({ types: ['task.*'], limit: 2 })).toEqual([1, 2]);
      }));

    it('ends a read of everything at the event that was last when it began', () =>
      using(async ({ store, append }) => {
        await append('track/1', 1_200);
        const found: number[] = [];
        for await (const page of store.readAll()) {
          found.push(...seqs(page));
          await append('track/2', 1);
        }
        expect(found).toHaveLength(1_200);
      }));

    it('goes on reading a stream forward into what is appended meanwhile, and backward not', () =>
      using(async ({ store, append }) => {
        await append('track/1', 1_001);
        for (const backward of [false, true]) {
          const before = await store.head({ stream: 'track/1' });
          let found = 0;
          for await (const page of store.read('track/1', { backward })) {
            if (found === 0) await append('track/1', 1);
            found += page.length;
          }
          expect(found).toBe(backward ? before : before + 1);
        }
      }));

    it('lists streams by name, by kind and page by page', () =>
      using(async ({ store, append }) => {
        for (const stream of ['track/b', 'project', 'track/\uffee', 'track/😀', 'track/a', 'board/a'])
          await append(stream, 1);
        await append('track/a', 2);
        const names = async (o: Parameters<typeof store.streams>[0]) =>
          (await store.streams(o)).map(({ stream }) => stream);
        // By code point: an emoji comes behind U+FFEE, though its first UTF-16 unit is smaller.
        expect(await names({})).toEqual(['board/a', 'project', 'track/a', 'track/b', 'track/\uffee', 'track/😀']);
        expect(await names({ kind: 'track', limit: 2 })).toEqual(['track/a', 'track/b']);
        expect(await names({ kind: 'track', after: 'track/b' })).toEqual(['track/\uffee', 'track/😀']);
        expect(await names({ kind: 'tra' })).toEqual([]);
        expect(await store.streams({ kind: 'track', limit: 1 })).toEqual([{ stream: 'track/a', version: 3 }]);
      }));

    it('shows every commit to the reads that begin after it was acknowledged', () =>
      using(async ({ store }) => {
        for (let n = 0; n < 20; n += 1) {
          const { lastSeq } = await store.commit(commitOf('track/1', n));
          expect(await store.head()).toBe(lastSeq);
          expect(await all(store.readAll({ after: lastSeq - 1 }))).toHaveLength(1);
        }
      }));

    it('follows from the past into the present without a gap or a doublet', () =>
      using(async ({ store, clock, append }) => {
        await append('track/1', 1_500);
        const stop = new AbortController();
        const found: number[] = [];
        const following = (async () => {
          for await (const page of store.follow({ after: 3, signal: stop.signal })) {
            found.push(...seqs(page));
            if (found.length >= 1_697) stop.abort(new Error('enough'));
          }
        })();
        const end = following.then(
          () => 'ended',
          (error: unknown) => String(error),
        );
        for (let n = 0; n < 50; n += 1) await Promise.all([append('track/1', 2), append('track/2', 2), clock.turn()]);
        expect(await end).toContain('enough');
        expect(found).toEqual(Array.from({ length: 1_697 }, (_, index) => index + 4));
      }));

    it('wakes a follower at once, passes on what matches only, and leaves no timer behind', () =>
      using(async ({ store, clock, append }) => {
        const stop = new AbortController();
        const pages = store.follow({ after: 0, types: ['wanted'], signal: stop.signal })[Symbol.asyncIterator]();
        const next = pages.next();
        await append('track/1', 3);
        await append('track/1', [{ type: 'wanted', v: 1, data: null }]);
        expect(seqs((await next).value ?? [])).toEqual([4]);
        const end = pages.next();
        await clock.settle();
        stop.abort(new Error('stopped'));
        await expect(end).rejects.toThrow('stopped');
        expect(clock.pending).toBe(0);
      }));
  });
}
