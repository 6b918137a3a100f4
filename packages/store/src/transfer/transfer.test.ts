import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, Store } from '@conductor/core/ports';
import { requireWholeLog } from '@conductor/core/ports';
import {
  at,
  bytesOf,
  exported,
  filesSide,
  filled,
  imported,
  inChunks,
  memorySide,
  meta,
  same,
  sqliteSide,
  textOf,
  write,
} from '../../test/log-sides.js';
import type { Side, Step } from '../../test/log-sides.js';
import { all, codeOf } from '../conformance/store-fixture.js';
import { transferSuite } from '../conformance/transfer.suite.js';
import { exportLog } from './export-log.js';
import { checkLog, importLog } from './import-log.js';
import { readLog } from './read-log.js';

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
      { numRuns: 25 },
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

  it('names causes anew in a stream that many tracks share, and forgets those that stay behind', async () => {
    const from = memorySide();
    const audit = (track: string, data: Json, causation?: string) =>
      write(from, {
        appends: [{ stream: 'audit/2026', data: [data] }],
        meta: { ...meta, correlation: { track }, ...(causation !== undefined && { causation }) },
      });
    await audit('a', 1);
    await audit('b', 2);
    await audit('a', 3);
    await audit('a', 4, 'audit/2026@3');
    await audit('a', 5, 'audit/2026@2');
    await audit('a', 6, 'audit/2026@1');
    await audit('a', 7, 'track/b@1');
    await audit('a', 8, 'cmd:a@3');
    const { text } = await exported(from, { track: 'a' });
    const to = await imported(text, memorySide());
    expect((await all(to.store.readAll())).map(({ version, data, causation }) => [version, data, causation])).toEqual([
      [1, 1, undefined],
      [2, 3, undefined],
      [3, 4, 'audit/2026@2'],
      [4, 5, undefined],
      [5, 6, 'audit/2026@1'],
      [6, 7, undefined],
      [7, 8, 'cmd:a@3'],
    ]);
  });

  it('takes the names of all artifacts that are missing on its last line, be it longer than the line of any event', async () => {
    const from = memorySide();
    const ids = Array.from({ length: 200 }, (_, n) => `sha256:${n.toString(16).padStart(64, '0')}`);
    for (const id of ids) await write(from, { appends: [{ stream: 'track/a', data: [id] }], meta });
    const { text, summary } = await exported(from);
    const nothing = { artifact: async () => {}, commit: async () => {} };
    const read = await readLog(inChunks(text), nothing, { lineBytes: 400 });
    expect(read.summary).toEqual(summary);
    expect(read.summary.missing).toEqual(ids);
    expect(await codeOf(readLog(inChunks(text), nothing, { lineBytes: 100 }))).toBe('FILE_INVALID');
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
