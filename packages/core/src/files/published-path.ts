import { ConductorError } from '../kernel/error.js';

const maxPathBytes = 1024;
const maxSegmentBytes = 255;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const control = /[\u0000-\u001f\u007f-\u009f]/u;

/**
 * The one spelling of a path in `locks.json` and in messages: relative to the project, forward slashes, no `./`, NFC.
 * Throws PATH_UNSAFE for what is absolute, climbs with `..`, or is no path at all.
 */
export function normalizePublishedPath(path: string): string {
  const slashed = path.normalize('NFC').replaceAll('\\', '/');
  const absolute = slashed.startsWith('/') || /^[a-z]:/iu.test(slashed);
  const segments = slashed.split('/').filter((segment) => segment !== '' && segment !== '.');
  const tooLong = bytesOf(slashed) > maxPathBytes || segments.some((segment) => bytesOf(segment) > maxSegmentBytes);
  if (absolute || tooLong || segments.length === 0 || segments.includes('..') || control.test(slashed)) {
    throw new ConductorError('PATH_UNSAFE', `${JSON.stringify(path.slice(0, 200))} is no path below the project`, {
      hint: 'Use a relative path without "..", for example src/index.ts.',
    });
  }
  return segments.join('/');
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
