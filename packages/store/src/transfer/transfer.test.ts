import { mkdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Artifacts, Commit, Json, Store } from '@conductor/core/ports';
import { importMark, requireWholeLog } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import { all, codeOf } from '../conformance/store-fixture.js';
import { transferSuite } from '../conformance/transfer.suite.js';
import { fileArtifacts } from '../file/artifacts.js';
import { fileStore } from '../file/log/file-store.js';
import { nodeLogFiles } from '../file/log/log-files.js';
import { memoryArtifacts } from '../memory/artifacts.js';
import { memoryStore } from '../memory/store.js';
import { databaseLock } from '../sqlite/database-lock.js';
import { sqliteStore } from '../sqlite/store.js';
import { exportLog } from './export-log.js';
import type { LogSummary } from './format.js';
import { checkLog, importLog } from './import-log.js';

interface Side {
  readonly store: Store;
  readonly artifacts: Artifacts;
  close(): Promise<void>;
}

const clock = new FakeClock();

function memorySide(): Side {
  const store = memoryStore({ clock });
  return { store, artifacts: memoryArtifacts({ clock }), close: () => store.close() };
}

async function sqliteSide(): Promise<Side> {
  const folder = temporaryFolder();
  const store = await sqliteStore({ database: openDatabase(folder.file('conductor.db')), clock });
  const close = async () => (await store.close(), folder.remove());
  return { store, artifacts: fileArtifacts({ directory: folder.file('artifacts'), clock }), close };
}

async function filesSide(): Promise<Side> {
  const folder = temporaryFolder();
  mkdirSync(folder.file('log'), { recursive: true });
  const lock = databaseLock(openDatabase(folder.file('lock.db')));
  const store = await fileStore({ files: nodeLogFiles(folder.file('log')), lock, clock });
  const close = async () => (await store.close(), folder.remove());
  return { store, artifacts: fileArtifacts({ directory: folder.file('artifacts'), clock }), close };
}

async function exported(
  side: Side,
  o: { readonly track?: string } = {},
): Promise<{ text: Uint8Array; summary: LogSummary }> {
  const parts: Uint8Array[] = [];
  const summary = await exportLog(side, (bytes) => void parts.push(bytes.slice()), o);
  return { text: new Uint8Array(Buffer.concat(parts)), summary };
}

/** The text in chunks that end anywhere, each in memory that is filled again. */
async function* inChunks(text: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(size);
  for (let at = 0; at < text.length; at += size) {
    const part = text.subarray(at, at + size);
    memory.set(part);
    yield memory.subarray(0, part.length);
  }
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

interface Step {
  readonly appends: readonly { readonly stream: string; readonly data: readonly Json[] }[];
  readonly meta: Commit['meta'];
}

async function write({ store }: Side, { appends, meta }: Step): Promise<void> {
  const list = [];
  for (const { stream, data } of appends) {
    const events = data.map((each, index) => ({ type: 'thing.happened', v: 1 + (index % 2), data: each }));
    list.push({ stream, expectedVersion: await store.head({ stream }), events });
  }
  await store.commit({ appends: list, meta });
}

const at = '2026-01-02T03:04:05.678Z';
const meta = { at, actor: { kind: 'user', id: 'ana', org: 'o', via: 'cli' } } as const;

/** A log of two tracks, with artifacts, a board, causes, and an event of a plugin. */
async function filled(side: Side): Promise<void> {
  const long = await side.artifacts.put(new Uint8Array(150_000).map((_, index) => (index * 7) % 251));
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
  await step('track/b', [{ report: { artifact: long.id, bytes: 150_000 } }], { causation: 'project@3' });
  await step('board/b1', [{ of: 'b' }], { correlation: { track: 'b' }, at: '2020-01-01T00:00:00.000Z' });
  await step('track/a', [{ log: [empty.id, long.id], lost: `sha256:${'0'.repeat(64)}` }]);
}

async function imported(text: Uint8Array, target: Side): Promise<Side> {
  await importLog(target, () => inChunks(text));
  return target;
}

transferSuite('memory', async () => memorySide());
transferSuite('sqlite', async () => sqliteSide());
transferSuite('files', async () => filesSide());

describe('exportLog and importLog', () => {
  it('go memory to SQLite to files to memory, with the same bytes at every stop', async () => {
    const sides = [memorySide(), await sqliteSide(), await filesSide(), memorySide()];
    const [first, ...others] = sides as [Side, ...Side[]];
    await filled(first);
    const { text, summary } = await exported(first);
    expect(summary).toMatchObject({
      events: 8,
      commits: 6,
      artifacts: 2,
      lastSeq: 8,
      missing: [`sha256:${'0'.repeat(64)}`],
    });
    const events = await all(first.store.readAll());
    let carried = text;
    for (const side of others) {
      await imported(carried, side);
      carried = (await exported(side)).text;
      expect(same(carried, text)).toBe(true);
      expect(await all(side.store.readAll())).toEqual(events);
    }
    for (const side of sides) await side.close();
  });

  it('keeps any log as it was: streams, versions, seq, times, actors, causes, commits and data', async () => {
    const data = fc
      .jsonValue({ maxDepth: 4 })
      .filter((value) => !/"(?:__proto__|constructor|prototype)"/u.test(JSON.stringify(value)));
    const append = fc.record({
      stream: fc.constantFrom('project', 'track/a', 'track/ä b', 'audit/1'),
      data: fc.array(data, { minLength: 1, maxLength: 3 }),
    });
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
    const step = fc.record({
      appends: fc.uniqueArray(append, { minLength: 1, maxLength: 3, selector: ({ stream }) => stream }),
      meta: fc.record({
        at: fc
          .date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
          .map((date) => date.toISOString()),
        actor: fc.record(
          { kind: fc.constantFrom('user', 'engine'), id: word, org: word },
          { requiredKeys: ['kind', 'id'] },
        ),
        correlation: fc.record({ session: word, track: word }, { requiredKeys: [] }),
        causation: fc.option(word, { nil: undefined }),
      }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.integer({ min: 1, max: 300 }), async (steps, chunk) => {
        const [from, to] = [memorySide(), memorySide()];
        for (const each of steps) await write(from, each as Step);
        const { text, summary } = await exported(from);
        const result = await importLog(to, () => inChunks(text, chunk));
        expect(result).toEqual({ ...summary, resumedAfter: 0 });
        const [before, after] = [await all(from.store.readAll()), await all(to.store.readAll())];
        expect(JSON.parse(JSON.stringify(after))).toEqual(JSON.parse(JSON.stringify(before)));
        expect(same((await exported(to)).text, text)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('has a text that people and other tools can read, and whose checksum sha256sum repeats', async () => {
    const side = memorySide();
    await filled(side);
    const { text, summary } = await exported(side);
    const lines = textOf(text)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string });
    expect(lines[0]).toEqual({ kind: 'conductor.log', schemaVersion: 1 });
    expect(lines[1]).toEqual({
      kind: 'commit',
      events: 1,
      at,
      actor: { id: 'ana', kind: 'user', org: 'o', via: 'cli' },
      correlation: {},
    });
    expect(lines[2]).toMatchObject({
      kind: 'event',
      seq: 1,
      stream: 'project',
      version: 1,
      type: 'project.created',
      v: 1,
    });
    expect(lines.at(-1)).toEqual({ kind: 'end', ...summary });
    const { createHash } = await import('node:crypto');
    const beforeEnd = text.subarray(0, text.lastIndexOf(10, text.length - 2) + 1);
    expect(summary.sha256).toBe(createHash('sha256').update(beforeEnd).digest('hex'));
  });

  it('writes one track as the log of a project that has no other, and takes that in as a project', async () => {
    const from = memorySide();
    await filled(from);
    const { text, summary } = await exported(from, { track: 'b' });
    expect(summary).toMatchObject({ events: 5, commits: 4, artifacts: 1, missing: [], lastSeq: 5 });
    const to = await imported(text, memorySide());
    const events = await all(to.store.readAll());
    expect(events.map(({ id, seq, causation }) => [seq, id, causation])).toEqual([
      [1, 'project@1', undefined],
      [2, 'track/b@1', undefined],
      [3, 'project@2', undefined],
      [4, 'track/b@2', 'project@2'],
      [5, 'board/b1@1', undefined],
    ]);
  });

  it('holds an event of 8 MB, and refuses a longer line', async () => {
    const [from, to] = [memorySide(), memorySide()];
    const big = 'x'.repeat(8 * 1024 * 1024 - 100);
    await write(from, { appends: [{ stream: 'track/a', data: [{ big }] }], meta });
    const { text } = await exported(from);
    await importLog(to, () => inChunks(text, 65_536));
    const [event] = await all(to.store.readAll());
    expect(JSON.stringify(event?.data).length).toBe(big.length + '{"big":""}'.length);

    const longer = bytesOf(textOf(text).replace(big, `${big}${'x'.repeat(200_000)}`));
    expect(await codeOf(checkLog(inChunks(longer, 65_536)))).toBe('FILE_INVALID');
  });

  it('carries an empty log', async () => {
    const { text, summary } = await exported(memorySide());
    expect(summary).toMatchObject({ events: 0, commits: 0, lastSeq: 0 });
    const to = await imported(text, memorySide());
    expect(await to.store.head()).toBe(0);
    await requireWholeLog(to.store);
  });

  it('leaves out what is appended while it runs', async () => {
    const side = memorySide();
    await filled(side);
    const parts: Uint8Array[] = [];
    const summary = await exportLog(side, async (bytes) => {
      parts.push(bytes);
      if (parts.length === 1) await write(side, { appends: [{ stream: 'track/late', data: [1] }], meta });
    });
    expect(summary.lastSeq).toBe(8);
    expect(await checkLog(inChunks(new Uint8Array(Buffer.concat(parts))))).toEqual(summary);
  });

  it('rejects with the reason of a signal that has aborted', async () => {
    const side = memorySide();
    await filled(side);
    const { text } = await exported(side);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(exportLog(side, () => {}, { signal })).rejects.toThrow('enough');
    await expect(importLog(memorySide(), () => inChunks(text), { signal })).rejects.toThrow('enough');
  });

  it('refuses to write out a log with a gap', async () => {
    const side = memorySide();
    await filled(side);
    const gap: Store = {
      ...side.store,
      async *readAll(o) {
        for await (const page of side.store.readAll(o)) yield page.filter(({ seq }) => seq !== 4);
      },
    };
    expect(await codeOf(exportLog({ ...side, store: gap }, () => {}))).toBe('STORE_CORRUPT');
  });
});

describe('a file that is not as it was written', () => {
  /** A small log, without a part of 48 KiB. */
  async function small(): Promise<Uint8Array> {
    const side = memorySide();
    const { id } = await side.artifacts.put(bytesOf('a report'));
    await write(side, { appends: [{ stream: 'project', data: [{ a: 1 }] }], meta });
    await write(side, {
      appends: [
        { stream: 'track/a', data: [{ ref: id }, 2] },
        { stream: 'project', data: ['x'] },
      ],
      meta,
    });
    return (await exported(side)).text;
  }

  /** Nothing may have been written: no event, no mark, no artifact. */
  async function refused(text: Uint8Array, code = 'FILE_INVALID'): Promise<void> {
    let puts = 0;
    const side = memorySide();
    const artifacts: Artifacts = { ...side.artifacts, put: (...given) => ((puts += 1), side.artifacts.put(...given)) };
    expect(await codeOf(importLog({ store: side.store, artifacts }, () => inChunks(text)))).toBe(code);
    expect([
      await side.store.head(),
      puts,
      await side.store.records.get(importMark.collection, importMark.key),
    ]).toEqual([0, 0, undefined]);
  }

  it('is refused when it was torn at any byte, and writes nothing', async () => {
    const text = await small();
    for (let end = 0; end < text.length; end += 1) {
      expect([end, await codeOf(checkLog(inChunks(text.subarray(0, end))))]).toEqual([end, 'FILE_INVALID']);
      if (end % 100 === 0) await refused(text.subarray(0, end));
    }
  });

  it('is refused when any byte was changed, and writes nothing', async () => {
    const text = await small();
    for (let index = 0; index < text.length; index += 1) {
      const changed = text.slice();
      changed[index] = (changed[index] ?? 0) ^ 1;
      const code = await codeOf(checkLog(inChunks(changed)));
      expect([index, code === 'FILE_INVALID' || code === 'STORE_NEWER']).toEqual([index, true]);
      if (index % 100 === 0 && code !== undefined) await refused(changed, code);
    }
  });

  it('is refused when lines were swapped, doubled, left out or added', async () => {
    const lines = textOf(await small())
      .trimEnd()
      .split('\n');
    const joined = (list: readonly string[]) => bytesOf(`${list.join('\n')}\n`);
    for (let index = 0; index < lines.length; index += 1) {
      const line = lines[index] ?? '';
      await refused(joined(lines.toSpliced(index, 1)));
      await refused(joined(lines.toSpliced(index, 0, line)));
      await refused(joined(lines.toSpliced(index, 0, '{"kind":"later"}')));
      await refused(joined(lines.toSpliced(index, 0, '')));
      if (index > 0)
        await refused(joined([...lines.slice(0, index - 1), line, lines[index - 1] ?? '', ...lines.slice(index + 1)]));
    }
    await refused(joined([...lines, '']));
  });

  /** With counts and checksum mended, as somebody would who wants to be believed. */
  async function forged(change: (text: string) => string): Promise<Uint8Array> {
    const { createHash } = await import('node:crypto');
    const lines = textOf(await small())
      .trimEnd()
      .split('\n');
    const body = change(`${lines.slice(0, -1).join('\n')}\n`);
    const end = {
      ...(JSON.parse(lines.at(-1) ?? '') as object),
      sha256: createHash('sha256').update(body).digest('hex'),
    };
    return bytesOf(`${body}${JSON.stringify(end)}\n`);
  }

  it.each<readonly [string, (text: string) => string]>([
    ['a prototype key', (text) => text.replace('{"a":1}', '{"__proto__":{"admin":true}}')],
    ['a prototype key in the actor', (text) => text.replace('"org":"o"', '"__proto__":{}')],
    ['another member', (text) => text.replace('"v":1', '"v":1,"extra":true')],
    ['a gap in seq', (text) => text.replace('"seq":2', '"seq":3')],
    ['a gap in a stream', (text) => text.replace('"version":2', '"version":3')],
    ['a stream id that no store takes', (text) => text.replaceAll('track/a', 'track/../a')],
    [
      'a stream twice in a commit',
      (text) => text.replace('"stream":"track/a","version":1', '"stream":"project","version":2'),
    ],
    ['an actor of no kind', (text) => text.replace('"kind":"user"', '"kind":"root"')],
    ['a time that is none', (text) => text.replace(at, 'yesterday')],
    ['a commit of more events than there are', (text) => text.replace('"events":3', '"events":4')],
    ['a commit of fewer events than there are', (text) => text.replace('"events":3', '"events":2')],
    ['bytes that are not those of the artifact', (text) => text.replace('YSByZXBvcnQ=', 'YSByZXBvcnR=')],
    ['base64 with spaces', (text) => text.replace('YSByZXBvcnQ=', 'YSBy ZXBvcnQ=')],
    [
      'an artifact that came after it was needed',
      (text) => text.replace(/(\{"kind":"artifact".*\n)((?:.*\n)*)/u, '$2$1'),
    ],
    ['other spaces', (text) => text.replace('"v":1', '"v": 1')],
    ['members in another order', (text) => text.replace(/"seq":2,("stream":"[^"]+"),/u, '$1,"seq":2,')],
    ['an actor in another order', (text) => text.replace('"id":"ana","kind":"user"', '"kind":"user","id":"ana"')],
    ['a member twice', (text) => text.replace('{"a":1}', '{"a":0,"a":1}')],
    ['a version of no shape', (text) => text.replace('"v":1', '"v":0')],
  ])('is refused with %s, even where the checksum fits', async (_what, change) => {
    const text = await forged(change);
    expect(same(text, await small())).toBe(false);
    await refused(text);
  });

  it('is refused when it is not UTF-8', async () => {
    const text = await small();
    const changed = text.slice();
    changed[text.lastIndexOf('x'.charCodeAt(0))] = 0xff;
    await refused(changed);
    await refused(new Uint8Array([0xef, 0xbb, 0xbf, ...text])); // a byte order mark is none of ours
  });

  it('is believed with counts and checksum mended, so that the refusals above are not about those', async () => {
    expect((await checkLog(inChunks(await forged((text) => text)))).events).toBe(4);
  });

  it('is refused with STORE_NEWER when a later version wrote it', async () => {
    await refused(await forged((text) => text.replace('"schemaVersion":1', '"schemaVersion":2')), 'STORE_NEWER');
  });

  it.each([
    '',
    '\n',
    'not a log\n',
    '[]\n',
    'null\n',
    '{"kind":"constructor"}\n',
    '{"kind":"end"}\n',
    '\u0000\u0000\n',
  ])('is refused when it is %j', (text) => refused(bytesOf(text)));
});

describe('the target of an import', () => {
  it('must be empty', async () => {
    const from = memorySide();
    await filled(from);
    const { text } = await exported(from);
    const to = memorySide();
    await write(to, { appends: [{ stream: 'project', data: [1] }], meta });
    expect(await codeOf(importLog(to, () => inChunks(text)))).toBe('INVALID_STATE');
    expect(await to.store.head()).toBe(1);
    await requireWholeLog(to.store);
  });

  it('is refused by whoever opens it after an import was killed anywhere, and whole after the same import again', async () => {
    const from = memorySide();
    await filled(from);
    const { text } = await exported(from);
    const other = (await exported(from, { track: 'a' })).text;
    for (let killedAt = 1; ; killedAt += 1) {
      const to = memorySide();
      let calls = 0;
      // What comes after the kill never happens.
      const dying: Store = {
        ...to.store,
        commit: async (commit, o) => {
          calls += 1;
          if (calls >= killedAt) throw new Error('killed');
          return to.store.commit(commit, o);
        },
      };
      const killed = await importLog({ ...to, store: dying }, () => inChunks(text)).catch(
        (error: Error) => error.message,
      );
      if (killed !== 'killed') break;
      const head = await to.store.head();
      // Before the first commit there is no mark, and nothing to be mistaken for a log.
      expect(await codeOf(requireWholeLog(to.store))).toBe(killedAt === 1 ? undefined : 'INVALID_STATE');
      if (killedAt > 1) {
        expect(await codeOf(exportLog(to, () => {}))).toBe('INVALID_STATE');
        expect(await codeOf(importLog(to, () => inChunks(other)))).toBe('INVALID_STATE');
      }
      expect(await importLog(to, () => inChunks(text))).toMatchObject({ resumedAfter: head, lastSeq: 8 });
      expect(same((await exported(to)).text, text)).toBe(true);
      await requireWholeLog(to.store);
    }
  });

  it('stays refused when the file became another one between the two readings', async () => {
    const from = memorySide();
    await filled(from);
    const [text, other] = [(await exported(from)).text, (await exported(from, { track: 'b' })).text];
    const to = memorySide();
    let readings = 0;
    const changing = () => inChunks((readings += 1) === 1 ? text : other);
    expect(await codeOf(importLog(to, changing))).toBe('FILE_CHANGED');
    expect(await codeOf(requireWholeLog(to.store))).toBe('INVALID_STATE');
  });

  it('stays refused when it gives back another log than it was handed', async () => {
    const from = memorySide();
    await filled(from);
    const { text } = await exported(from);
    const to = memorySide();
    const forgetful: Store = {
      ...to.store,
      async *readAll(o) {
        for await (const page of to.store.readAll(o))
          yield page.map((event) => ({ ...event, at: '2026-01-01T00:00:00.000Z' }));
      },
    };
    expect(await codeOf(importLog({ ...to, store: forgetful }, () => inChunks(text)))).toBe('STORE_CORRUPT');
    expect(await codeOf(requireWholeLog(to.store))).toBe('INVALID_STATE');
  });

  it('is found out when it changes the order of its calls', async () => {
    const from = memorySide();
    await filled(from);
    const { text } = await exported(from);
    const to = memorySide();
    let calls = 0;
    let ahead: () => void = () => {};
    const overtaken = new Promise<void>((resolve) => (ahead = resolve));
    const swapping: Store = {
      ...to.store,
      commit: async (commit, o) => {
        const call = (calls += 1);
        if (call === 2) await overtaken; // the first commit of events: the mark came before it
        return to.store.commit(commit, o).finally(() => call === 3 && ahead());
      },
    };
    expect(await codeOf(importLog({ ...to, store: swapping }, () => inChunks(text)))).toBe('VERSION_CONFLICT');
    expect(await codeOf(requireWholeLog(to.store))).toBe('INVALID_STATE');
  });

  it('is told when somebody else writes into it meanwhile', async () => {
    const from = memorySide();
    await filled(from);
    const { text } = await exported(from);
    const to = memorySide();
    let intruded = false;
    const busy: Store = {
      ...to.store,
      commit: async (commit, o) => {
        if (!intruded && commit.appends.length > 0) {
          intruded = true;
          await write(to, { appends: [{ stream: 'track/intruder', data: [1] }], meta });
        }
        return to.store.commit(commit, o);
      },
    };
    expect(await codeOf(importLog({ ...to, store: busy }, () => inChunks(text)))).toBe('VERSION_CONFLICT');
    expect(await codeOf(requireWholeLog(to.store))).toBe('INVALID_STATE');
  });
});
