import { describe, expect, it } from 'vitest';
import { systemClock } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Clock, Workspace, WorkspaceEntry } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';

/** A driver under test, and how to let go of it. */
export interface OpenWorkspace {
  readonly workspace: Workspace;
  close(): Promise<void>;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const long = 'x'.repeat(256);

/** Paths that no workspace takes, whatever its disk would say. */
const unsafe = [
  '', '.', '..', '../x', 'a/../b', 'a/..', './a', 'a/./b', '/etc/passwd', '//server/share', 'a//b', 'a/', 'C:/x', 'c:\\x',
  '\\\\server\\share', 'a\\..\\..\\b', 'a\u0000b', 'a\nb', 'a\u007fb', 'a\u009bb', 'a:b', 'a*', 'a?', 'a"b', '<a', 'a>', 'a|b',
  'a./b', 'a /b', 'a ', 'CON', 'con.txt', 'a/NUL.tar.gz', 'Com1', 'lpt9.md', 'aux', long, `${'a/'.repeat(512)}aa`,
  '\ud800',
]; // prettier-ignore

/** The contract of the Workspace port. `open` makes an empty workspace that tells the time by the given clock. */
export function workspaceSuite(name: string, open: (o: { readonly clock: Clock }) => Promise<OpenWorkspace>): void {
  async function using<T>(work: (files: Workspace, clock: FakeClock) => Promise<T>): Promise<T> {
    const clock = new FakeClock();
    const { workspace, close } = await open({ clock });
    try {
      return await work(workspace, clock);
    } finally {
      await close();
    }
  }

  const textOf = async (files: Workspace, path: string) => {
    const bytes = await files.read(path);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  };

  const list = async (files: Workspace, glob: string) => {
    const found: WorkspaceEntry[] = [];
    for await (const entry of files.list(glob)) found.push(entry);
    return found;
  };

  const pathsOf = async (files: Workspace, glob: string) => (await list(files, glob)).map(({ path }) => path);

  describe(`Workspace contract: ${name}`, () => {
    describe('paths', () => {
      it.each(unsafe)('refuses %j in every method', (path) =>
        using(async (files) => {
          const refused = { code: 'PATH_UNSAFE' };
          expect(() => files.key(path)).toThrow(expect.objectContaining(refused));
          await expect(files.read(path)).rejects.toMatchObject(refused);
          await expect(files.replace(path, bytesOf('x'))).rejects.toMatchObject(refused);
          await expect(files.append(path, 'x')).rejects.toMatchObject(refused);
          await expect(files.create(path, bytesOf('x'))).rejects.toMatchObject(refused);
          await expect(files.mutex(path)).rejects.toMatchObject(refused);
          await expect(files.remove(path)).rejects.toMatchObject(refused);
        }),
      );

      it.each(['../*', '/etc/*', 'a/../../*', '{..,a}/*', 'C:/*', '!a', '', 'a/@(..|b)/*'])(
        'refuses the glob %j',
        (glob) =>
          using(async (files) => {
            await expect(list(files, glob)).rejects.toMatchObject({ code: 'PATH_UNSAFE' });
            await expect(files.watch([glob])[Symbol.asyncIterator]().next()).rejects.toMatchObject({
              code: 'PATH_UNSAFE',
            });
          }),
      );

      it('takes names that only look like prototype keys', () =>
        using(async (files) => {
          await files.replace('__proto__/constructor', bytesOf('x'));
          expect(await textOf(files, '__proto__/constructor')).toBe('x');
          expect(await files.read('toString')).toBeUndefined();
        }));

      it('takes the two spellings of one accent for one file', () =>
        using(async (files) => {
          await files.replace('cafe\u0301.md', bytesOf('x'));
          expect(await textOf(files, 'caf\u00e9.md')).toBe('x');
          expect(files.key('cafe\u0301.md')).toBe(files.key('caf\u00e9.md'));
          expect(await pathsOf(files, '*.md')).toEqual(['caf\u00e9.md']);
        }));

      it('gives one key to each path and keeps different paths apart', () =>
        using(async (files) => {
          expect(files.key('src/a.ts')).toBe(files.key('src/a.ts'));
          expect(files.key('src/a.ts')).not.toBe(files.key('src/b.ts'));
        }));
    });

    describe('read and replace', () => {
      it('reads what was written, and nothing where nothing is', () =>
        using(async (files) => {
          expect(await files.read('conductor/tracks.md')).toBeUndefined();
          const bytes = new Uint8Array([0, 255, 10, 13, 0]);
          const { sha256 } = await files.replace('conductor/tracks.md', bytes);
          expect(sha256).toBe(sha256Hex(bytes));
          expect(await files.read('conductor/tracks.md')).toEqual(bytes);
          expect(await files.read('conductor/tracks.md/below')).toBeUndefined();
        }));

      it('refuses to read more than it is allowed to', () =>
        using(async (files) => {
          await files.replace('big', bytesOf('12345'));
          expect(await files.read('big', { maxBytes: 5 })).toHaveLength(5);
          await expect(files.read('big', { maxBytes: 4 })).rejects.toMatchObject({
            code: 'TOO_LARGE',
            details: { maxBytes: 4 },
          });
        }));

      it('replaces a file only when it is still the one that was read', () =>
        using(async (files) => {
          const first = await files.replace('a', bytesOf('1'), { ifHash: '' });
          const second = await files.replace('a', bytesOf('2'), { ifHash: first.sha256, durable: true });
          await expect(files.replace('a', bytesOf('3'), { ifHash: first.sha256 })).rejects.toMatchObject({
            code: 'FILE_CHANGED',
            retryable: true,
          });
          await expect(files.replace('a', bytesOf('3'), { ifHash: '' })).rejects.toMatchObject({
            code: 'FILE_CHANGED',
          });
          await expect(files.replace('b', bytesOf('3'), { ifHash: second.sha256 })).rejects.toMatchObject({
            code: 'FILE_CHANGED',
          });
          expect(await textOf(files, 'a')).toBe('2');
          expect(await pathsOf(files, '**')).toEqual(['a']);
        }));

      it('never shows a part of a file to a reader beside the writer', () =>
        using(async (files) => {
          const texts = ['a'.repeat(100_000), 'b'.repeat(200_000)];
          await files.replace('file', bytesOf(texts[0] ?? ''));
          const writing = Promise.all(
            Array.from({ length: 20 }, (_, n) => files.replace('file', bytesOf(texts[n % 2] ?? ''))),
          );
          for (let reads = 0; reads < 20; reads += 1) expect(texts).toContain(await textOf(files, 'file'));
          await writing;
          expect(await pathsOf(files, '**')).toEqual(['file']);
        }));

      it('does not share memory with the caller', () =>
        using(async (files) => {
          const bytes = bytesOf('before');
          await files.replace('a', bytes);
          bytes.fill(0);
          (await files.read('a'))?.fill(0);
          expect(await textOf(files, 'a')).toBe('before');
        }));
    });

    describe('create and remove', () => {
      it('creates a file once, whoever races for it', () =>
        using(async (files) => {
          const race = Array.from({ length: 10 }, (_, n) => files.create('owners/one', bytesOf(`${n}`)));
          const won = (await Promise.all(race)).map((made, n) => (made ? `${n}` : undefined)).filter(Boolean);
          expect(won).toHaveLength(1);
          expect(await textOf(files, 'owners/one')).toBe(won[0]);
        }));

      it('removes a file, and does not mind when there is none', () =>
        using(async (files) => {
          await files.replace('a/b', bytesOf('x'));
          await files.remove('a/b');
          await files.remove('a/b');
          await files.remove('no/such/folder');
          expect(await files.read('a/b')).toBeUndefined();
          expect(await files.create('a/b', bytesOf('y'))).toBe(true);
        }));
    });

    describe('append', () => {
      it('adds lines and tells where each begins', () =>
        using(async (files) => {
          expect(await files.append('bus/queue.jsonl', '{"n":1}')).toEqual({ offset: 0 });
          expect(await files.append('bus/queue.jsonl', '{"ä":2}\n')).toEqual({ offset: 8 });
          expect(await files.append('bus/queue.jsonl', '{}')).toEqual({ offset: 17 });
          expect(await textOf(files, 'bus/queue.jsonl')).toBe('{"n":1}\n{"ä":2}\n{}\n');
        }));

      it('begins a line of its own after a torn one', () =>
        using(async (files) => {
          await files.replace('queue', bytesOf('{"torn'));
          expect(await files.append('queue', '{}')).toEqual({ offset: 7 });
          expect(await textOf(files, 'queue')).toBe('{"torn\n{}\n');
        }));

      it('mixes no two lines that are appended at once, and tells the place of each', () =>
        using(async (files) => {
          const lines = Array.from({ length: 50 }, (_, n) => JSON.stringify({ n, text: 'x'.repeat(n * 10) }));
          const placed = await Promise.all(lines.map((line) => files.append('queue', line)));
          const bytes = (await files.read('queue')) ?? new Uint8Array();
          for (const [n, { offset }] of placed.entries()) {
            const line = lines[n] ?? '';
            expect(new TextDecoder().decode(bytes.subarray(offset, offset + line.length))).toBe(line);
          }
        }));
    });

    describe('list', () => {
      const tree = ['b.md', 'a/c.ts', 'a/b/d.ts', 'B.md', 'a/.hidden/e.ts', 'node_modules/x/f.ts', 'z.ts', '.env'];
      it.each([
        ['**/*.ts', ['a/b/d.ts', 'a/c.ts', 'z.ts']],
        ['*.md', ['B.md', 'b.md']],
        ['a/c.ts', ['a/c.ts']],
        ['a', []],
        ['a/*/d.ts', ['a/b/d.ts']],
        ['a/.hidden/*', ['a/.hidden/e.ts']],
        ['{b,z}.{md,ts}', ['b.md', 'z.ts']],
        ['nowhere/**', []],
        ['node_modules/**', []],
      ])('lists %s in order, without dot folders and installed packages', (glob, expected) =>
        using(async (files) => {
          for (const path of tree) await files.replace(path, bytesOf(path));
          expect(await pathsOf(files, glob)).toEqual(expected);
        }),
      );

      it('tells size and time of change', () =>
        using(async (files) => {
          await files.replace('a', bytesOf('12345'));
          expect(await list(files, '*')).toEqual([{ path: 'a', bytes: 5, modifiedMs: expect.any(Number) as number }]);
        }));
    });

    describe('mutex', () => {
      it('is held by one at a time and passed on', () =>
        using(async (files, clock) => {
          const order: string[] = [];
          const hold = async (who: string) => {
            const lock = await files.mutex('bus/.locks.lock');
            order.push(`${who} in`);
            await clock.sleep(50);
            order.push(`${who} out`);
            await lock.release();
          };
          const both = Promise.all([hold('a'), hold('b')]);
          await passTime(clock, both);
          await both;
          expect(order.map((entry) => entry.slice(2))).toEqual(['in', 'out', 'in', 'out']);
        }));

      it('gives up after waiting', () =>
        using(async (files, clock) => {
          await files.mutex('lock');
          const second = files.mutex('lock', { waitMs: 1000 });
          second.catch(() => {});
          await passTime(clock, second);
          await expect(second).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
        }));

      it('is taken from a holder that went stale, who cannot release it any more', () =>
        using(async (files, clock) => {
          const first = await files.mutex('lock');
          await clock.advance(30_001);
          const second = await files.mutex('lock', { waitMs: 0, staleMs: 30_000 });
          await first.release();
          await expect(files.mutex('lock', { waitMs: 0 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
          await second.release();
          await (await files.mutex('lock', { waitMs: 0 })).release();
        }));

      it('ends the wait of a signal that aborts', () =>
        using(async (files) => {
          await files.mutex('lock');
          const controller = new AbortController();
          const waiting = files.mutex('lock', { signal: controller.signal, waitMs: 60_000 });
          controller.abort(new Error('enough'));
          await expect(waiting).rejects.toThrow('enough');
        }));
    });

    describe('watch', () => {
      it('tells what changed and ends with its signal', async () => {
        // Real time: a disk tells its changes in no other.
        const clock = systemClock();
        const { workspace: files, close } = await open({ clock });
        const controller = new AbortController();
        try {
          await files.replace('tracks/one/plan.md', bytesOf('0'));
          const changes = files.watch(['tracks/*/plan.md'], { signal: controller.signal })[Symbol.asyncIterator]();
          let told: readonly string[] | undefined;
          const next = changes.next().then(({ value }) => (told = value as readonly string[]));
          for (let n = 1; told === undefined; n += 1) {
            await files.replace('tracks/one/spec.md', bytesOf(`${n}`));
            await files.replace('tracks/one/plan.md', bytesOf(`${n}`));
            await clock.sleep(5);
          }
          await next;
          expect(told).toEqual(['tracks/one/plan.md']);
          controller.abort(new Error('enough'));
          await expect(drain(changes)).rejects.toThrow('enough');
        } finally {
          controller.abort();
          await close();
        }
      });
    });

    it('rejects with the reason of a signal that has aborted, and changes nothing', () =>
      using(async (files) => {
        const signal = AbortSignal.abort(new Error('enough'));
        await files.replace('a', bytesOf('a'));
        await expect(files.read('a', { signal })).rejects.toThrow('enough');
        await expect(files.list('*', { signal })[Symbol.asyncIterator]().next()).rejects.toThrow('enough');
        await expect(files.replace('a', bytesOf('b'), { signal })).rejects.toThrow('enough');
        await expect(files.append('a', 'b', { signal })).rejects.toThrow('enough');
        await expect(files.create('b', bytesOf('b'), { signal })).rejects.toThrow('enough');
        await expect(files.mutex('c', { signal })).rejects.toThrow('enough');
        await expect(files.remove('a', { signal })).rejects.toThrow('enough');
        await expect(files.watch(['*'], { signal })[Symbol.asyncIterator]().next()).rejects.toThrow('enough');
        expect(await pathsOf(files, '**')).toEqual(['a']);
        expect(await textOf(files, 'a')).toBe('a');
      }));
  });
}

/** Lets a FakeClock run until the work, which also waits for a real disk, has settled. */
async function passTime(clock: FakeClock, work: Promise<unknown>): Promise<void> {
  let open = true;
  const close = () => (open = false);
  work.then(close, close);
  while (open) {
    await clock.turn();
    if (clock.pending > 0) await clock.advance(10);
  }
}

async function drain(changes: AsyncIterator<unknown>): Promise<void> {
  while (!(await changes.next()).done);
}
