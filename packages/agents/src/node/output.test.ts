import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineSplitter, outputLog, tailOf } from './output.js';

describe('tailOf', () => {
  it('keeps the last bytes and counts what it let go, however the output is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 20 })), fc.integer({ min: 1, max: 40 }), (parts, max) => {
        const tail = tailOf(max);
        const chunks = parts.map((part) => Buffer.from(part.replaceAll(/[^ -~]/g, '.')));
        const dropped = chunks.reduce((sum, chunk) => sum + tail.add(chunk), 0);
        const all = Buffer.concat(chunks).toString();
        expect(tail.text()).toBe(all.slice(-max));
        expect(dropped).toBe(Math.max(0, all.length - max));
      }),
    );
  });

  it('begins with a whole character', () => {
    const tail = tailOf(4);
    tail.add(Buffer.from('aé日'));
    expect(tail.text()).toBe('日');
  });
});

describe('outputLog', () => {
  it('keeps all of what fits', () => {
    const log = outputLog(10);
    for (const part of ['01234', '56789']) log.add(Buffer.from(part));
    expect(log.text()).toBe('0123456789');
  });

  it('keeps beginning and end of what does not', () => {
    const log = outputLog(10);
    for (let digit = 0; digit < 100; digit += 1) log.add(Buffer.from(String(digit % 10)));
    expect(log.text()).toBe('01234\n… 90 bytes left out …\n56789');
  });
});

describe('lineSplitter', () => {
  const split = (max: number, ...chunks: readonly Buffer[]) => {
    const lines: [string, boolean][] = [];
    const splitter = lineSplitter(max, (line, cut) => lines.push([line, cut]));
    for (const chunk of chunks) splitter.add(chunk);
    splitter.end();
    return lines;
  };

  it('finds the same lines however the output is cut, also within a character', () => {
    const text = 'one\r\nzwölf\n\n日本';
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const lines = split(100, bytes.subarray(0, cut), bytes.subarray(cut)).map(([line]) => line);
      expect(lines).toEqual(['one', 'zwölf', '', '日本']);
    }
  });

  it('drops the rest of a line that is too long, and marks it', () => {
    expect(split(3, Buffer.from('abcdef'), Buffer.from('gh\nabc\n'), Buffer.from('x'))).toEqual([
      ['abc', true],
      ['abc', false],
      ['x', false],
    ]);
  });
});
