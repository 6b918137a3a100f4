import picomatch from 'picomatch';
import { safeGlob } from './safe-path.js';

/** Folders that no glob enters: not the project's own text, and large. */
export const skippedFolders = Object.freeze(['.git', 'node_modules']);

const skipped = new Set(skippedFolders);

/**
 * True for the paths that any of these globs names: `*`, `**`, `?`, `[…]`, `{a,b}`; a leading dot must be written. Nothing
 * inside `.git` and `node_modules` is ever named. The same rules for every workspace. Throws PATH_UNSAFE.
 */
export function pathMatcher(globs: readonly string[]): (path: string) => boolean {
  const named = picomatch(globs.map(safeGlob), { dot: false, nonegate: true });
  return (path) => named(path) && !path.split('/').some((segment) => skipped.has(segment));
}

/** The folder that a glob certainly stays in, '' for the root, and how many levels below it the glob reaches. */
export function globReach(glob: string): { readonly base: string; readonly depth: number } {
  const { base, glob: rest } = picomatch.scan(safeGlob(glob));
  const plain = rest === '';
  // A glob without magic is a file: what must be looked at is its folder.
  const folder = plain ? base.split('/').slice(0, -1).join('/') : base;
  // Alternatives may hide separators.
  const depth = /\*\*|[{(]/.test(rest) ? Infinity : rest.split('/').length - 1;
  return { base: folder === '.' ? '' : folder, depth };
}
