import fc from 'fast-check';
import { win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import { globReach, pathMatcher } from './path-glob.js';
import { safeGlob, safePath } from './safe-path.js';

const reasonOf = (path: string, windows = false) => {
  try {
    safePath(path, { windows });
    return undefined;
  } catch (error) {
    return (error as { details?: { reason?: string } }).details?.reason;
  }
};

describe('safePath', () => {
  it.each([
    ['C:\\Windows\\x', 'it names a drive'],
    ['c:x', 'it names a drive'],
    ['\\\\server\\share\\x', 'it names a share'],
    ['\\\\?\\C:\\x', 'it names a share'],
    ['\\x', 'it is absolute'],
    ['a\\..\\b', 'it leads upwards'],
    ['a\\CON', 'it names a device'],
    ['a\\COM¹.txt', 'it names a device'],
    ['a\\con .txt', 'it names a device'],
    ['a\\b:stream', 'it holds a control character or one of : * ? " < > |'],
    ['a\\\\b', 'it has an empty segment'],
    ['a\\b.', 'a segment is or ends with a dot or a space'],
  ])('refuses %j of Windows, and also when it is read elsewhere', (path, reason) => {
    expect(reasonOf(path, true)).toBe(reason);
    expect(reasonOf(path)).toBe(reason);
  });

  it('reads a backslash as a separator only on input of Windows', () => {
    expect(safePath('a\\b', { windows: true })).toBe('a/b');
    expect(safePath('a\\b')).toBe('a\\b');
  });

  it.each([
    'a',
    'src/a.ts',
    '.env',
    '.message-bus/.locks.lock',
    'console.ts',
    'com10',
    'a b',
    '..a',
    'a..b',
    'ä/日本',
    'nul_',
  ])('takes %j as it is', (path) => expect(safePath(path)).toBe(path));

  it('counts bytes, not characters', () => {
    expect(safePath('é'.repeat(127))).toHaveLength(127);
    expect(reasonOf('é'.repeat(128))).toBe('a segment is above 255 bytes');
    expect(safePath(`${'a/'.repeat(511)}aa`)).toHaveLength(1024);
    expect(reasonOf(`${'a/'.repeat(511)}aaa`)).toBe('it is above 1024 bytes');
  });

  it('refuses what is no text at all', () => {
    expect(() => safePath({ toString: () => 'a' } as unknown as string)).toThrow(
      expect.objectContaining({ code: 'PATH_UNSAFE' }),
    );
  });

  it('says nothing of the text but the beginning, and that in one line', () => {
    expect(() => safePath(`\u001b[31m\n${'x'.repeat(5000)}`)).toThrow(/^\P{Cc}{1,400}$/u);
  });

  it('never lets a path out of its root on either system, and is its own normal form', () => {
    const piece = fc.constantFrom('a', '..', '.', '/', '\\', 'C:', ' ', 'é', 'e\u0301', 'CON', '\u0000', 'x.y');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, windows) => {
        let safe: string;
        try {
          safe = safePath(pieces.join(''), { windows });
        } catch {
          return;
        }
        expect(safePath(safe)).toBe(safe);
        expect(win32.resolve('C:\\root', safe)).toMatch(/^C:\\root\\/);
        expect(safe.normalize('NFC')).toBe(safe);
      }),
    );
  });
});

describe('safeGlob', () => {
  it.each(['**/*.ts', 'conductor/tracks/*/plan.md', 'a/{b,c}.md', '.github/**', 'a..b/*'])('takes %j', (glob) =>
    expect(safeGlob(glob)).toBe(glob),
  );
  it.each(['../**', 'a/{b,..}/*', '\\..\\/*', '/**', '+(..)/x', 'x'.repeat(1025), 'a\n*'])('refuses %j', (glob) =>
    expect(() => safeGlob(glob)).toThrow(expect.objectContaining({ code: 'PATH_UNSAFE' })),
  );
});

describe('pathMatcher', () => {
  it('names what any of its globs names, and nothing of .git and node_modules', () => {
    const named = pathMatcher(['**/*.ts', 'conductor/**', '.git/*']);
    expect(
      ['a.ts', 'x/a.ts', 'conductor/a/b', 'a.js', 'node_modules/a.ts', 'x/node_modules/a.ts', '.git/HEAD'].filter(
        named,
      ),
    ).toEqual(['a.ts', 'x/a.ts', 'conductor/a/b']);
  });
});

describe('globReach', () => {
  it.each([
    ['conductor/tracks/*/plan.md', 'conductor/tracks', 1],
    ['**/*.ts', '', Infinity],
    ['a/b.md', 'a', 0],
    ['a.md', '', 0],
    ['*.md', '', 0],
    ['a/**', 'a', Infinity],
    ['a/{b/c,d}.md', 'a', Infinity],
  ])('%s stays in %j and reaches %s levels below', (glob, base, depth) =>
    expect(globReach(glob)).toEqual({ base, depth }),
  );
});
