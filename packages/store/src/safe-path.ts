import { ConductorError } from '@conductor/core';

/** The rules of paths in data. Limits in UTF-8 bytes. */
const maxPathBytes = 1024;
const maxSegmentBytes = 255;

/** Where `\` separates: on input of Windows, never in data. */
export interface SafePathOptions {
  readonly windows?: boolean | undefined;
}

const utf8 = new TextEncoder();
const forbidden = /[\p{Cc}:*?"<>|]/u;
const loneSurrogate = /\p{Cs}/u;
const device = /^(?:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³]) *(?:\.|$)/i;

/**
 * A path from outside as data keeps it: relative, `/`-separated, NFC, good on every file system that Conductor knows.
 * Pure, so that win32 strings are judged the same everywhere. Throws PATH_UNSAFE with `details.reason`: absolute paths,
 * drives, UNC, `..` and `.`, empty segments, control characters, `: * ? " < > |`, a trailing dot or space, device names,
 * segments above 255 and paths above 1,024 bytes. Whether a link leads out is for the driver to see.
 */
export function safePath(input: string, { windows = false }: SafePathOptions = {}): string {
  // Paths come from JSON of others, where a type is only a wish.
  if (typeof input !== 'string') throw unsafePath(String(input), 'it is no text');
  const path = (windows ? input.replaceAll('\\', '/') : input).normalize('NFC');
  const reason = fault(path) ?? (path.includes('\\') ? fault(path.replaceAll('\\', '/')) : undefined);
  if (reason !== undefined) throw unsafePath(input, reason);
  return path;
}

/**
 * A glob that cannot leave the root: relative, without `..` in any branch, not negated, at most 1,024 bytes.
 * Throws PATH_UNSAFE.
 */
export function safeGlob(pattern: string): string {
  if (typeof pattern !== 'string' || pattern === '')
    throw unsafePath(String(pattern), 'an empty pattern names nothing');
  const reason = globFault(pattern);
  if (reason !== undefined) throw unsafePath(pattern, reason);
  return pattern.normalize('NFC');
}

/** The error of a path that is refused. */
export function unsafePath(path: string, reason: string): ConductorError {
  const shown = path.slice(0, 200);
  return new ConductorError('PATH_UNSAFE', `The path ${JSON.stringify(shown)} cannot be used: ${reason}`, {
    details: { path: shown, reason },
  });
}

function fault(path: string): string | undefined {
  if (path === '') return 'it is empty';
  // Length first: nothing below is paid for by a path of megabytes.
  if (path.length > maxPathBytes || utf8.encode(path).length > maxPathBytes) return `it is above ${maxPathBytes} bytes`;
  if (/^[a-z]:/i.test(path)) return 'it names a drive';
  if (/^[/\\]{2}/.test(path)) return 'it names a share';
  if (path.startsWith('/')) return 'it is absolute';
  if (loneSurrogate.test(path)) return 'it holds half a character';
  for (const segment of path.split('/')) {
    const reason = segmentFault(segment);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function segmentFault(segment: string): string | undefined {
  if (segment === '') return 'it has an empty segment';
  if (segment === '..') return 'it leads upwards';
  if (forbidden.test(segment)) return 'it holds a control character or one of : * ? " < > |';
  if (segment.endsWith('.') || segment.endsWith(' ')) return 'a segment is or ends with a dot or a space';
  if (device.test(segment)) return 'it names a device';
  if (utf8.encode(segment).length > maxSegmentBytes) return `a segment is above ${maxSegmentBytes} bytes`;
  return undefined;
}

function globFault(pattern: string): string | undefined {
  if (pattern.length > maxPathBytes) return `it is above ${maxPathBytes} bytes`;
  if (pattern.startsWith('!')) return 'a negated pattern lists what nobody named';
  if (/^[a-z]:/i.test(pattern) || /^[/\\]/.test(pattern)) return 'it is absolute';
  if (/\p{Cc}/u.test(pattern)) return 'it holds a control character';
  // The delimiters of alternatives too: `{a,..}/b` must not climb either. Escapes are dropped first.
  if (
    pattern
      .replaceAll('\\', '')
      .split(/[/{},()|]/)
      .includes('..')
  )
    return 'it leads upwards';
  return undefined;
}
