import { describe, expect, it } from 'vitest';
import { sha256Hex } from '@conductor/core/hash';
import type { Artifacts } from '@conductor/core/ports';
import { importMark } from '@conductor/core/ports';
import { at, bytesOf, exported, inChunks, memorySide, meta, same, textOf, write } from '../../test/log-sides.js';
import { codeOf } from '../conformance/store-fixture.js';
import { toBase64 } from './base64.js';
import { checkLog, importLog } from './import-log.js';

/** A whole artifact, as an export writes it. */
function artifactLine(text: string): string {
  const bytes = bytesOf(text);
  const id = `sha256:${sha256Hex(bytes)}`;
  return `${JSON.stringify({ kind: 'artifact', id, at: 0, data: toBase64(bytes), last: true })}\n`;
}

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
      artifacts: body.split('"last":true}\n').length - 1,
      missing: [...body.matchAll(/"missing","id":"([^"]+)"/gu)].map(([, id]) => id),
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
    [
      'an artifact that nothing refers to',
      (text) => text.replace('{"kind":"commit"', `${artifactLine('a stray')}{"kind":"commit"`),
    ],
    [
      'an artifact before a commit that does not refer to it',
      (text) => text.replace(/(\{"kind":"commit"[^]*?)(\{"kind":"artifact".*\n)/u, '$2$1'),
    ],
    ['an artifact behind the last commit', (text) => `${text}${artifactLine('a stray')}`],
    [
      'something missing that nothing refers to',
      (text) =>
        text.replace('{"kind":"commit"', `{"kind":"missing","id":"sha256:${'0'.repeat(64)}"}\n{"kind":"commit"`),
    ],
    [
      'an artifact in smaller parts',
      (text) =>
        text.replace(
          /"at":0,"data":"YSByZXBvcnQ=","last":true\}\n/u,
          (_all, at: number) =>
            `"at":0,"data":"YSBy","last":false}\n{"kind":"artifact","id":${text.slice(at - 74, at - 1)},"at":3,"data":"ZXBvcnQ=","last":true}\n`,
        ),
    ],
    [
      'an empty part at the end of an artifact',
      (text) =>
        text.replace(
          /(\{"kind":"artifact","id":"[^"]+",)"at":0,"data":"YSByZXBvcnQ=","last":true\}\n/u,
          '$1"at":0,"data":"YSByZXBvcnQ=","last":false}\n$1"at":8,"data":"","last":true}\n',
        ),
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

  it('is let go of at once, wherever it is found out', async () => {
    const text = textOf(await small());
    for (const refused of ['conductor.log', 'commit', 'event', 'artifact', 'end']) {
      let open = 0;
      async function* source() {
        open += 1;
        try {
          yield bytesOf(text.replace(`{"kind":"${refused}"`, '{"kind":"missing"'));
          yield bytesOf('\n'); // never asked for
        } finally {
          open -= 1;
        }
      }
      expect([refused, await codeOf(checkLog(source())), open]).toEqual([refused, 'FILE_INVALID', 0]);
    }
    let open = true;
    const full: Artifacts = { ...memorySide().artifacts, put: () => Promise.reject(new Error('no room')) };
    async function* again() {
      open = true;
      try {
        yield bytesOf(text);
      } finally {
        open = false;
      }
    }
    await expect(importLog({ ...memorySide(), artifacts: full }, again)).rejects.toThrow('no room');
    expect(open).toBe(false);
  });

  it('is read as well from a source that fills one Buffer again and again', async () => {
    const text = await small();
    async function* refilling() {
      const memory = Buffer.alloc(7);
      for (let at = 0; at < text.length; at += 7) {
        const part = text.subarray(at, at + 7);
        memory.set(part);
        yield memory.subarray(0, part.length);
      }
    }
    expect((await checkLog(refilling())).events).toBe(4);
  });

  it('is read no further once the signal aborts', async () => {
    const text = await small();
    const stop = new AbortController();
    let chunks = 0;
    async function* slowly() {
      for (let at = 0; at < text.length; at += 100) {
        chunks += 1;
        if (chunks === 4) stop.abort(new Error('enough'));
        yield text.subarray(at, at + 100);
      }
    }
    await expect(checkLog(slowly(), { signal: stop.signal })).rejects.toThrow('enough');
    expect(chunks).toBeLessThan(9);
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
