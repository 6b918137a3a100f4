import { ConductorError } from '../kernel/error.js';

const maxIdCharacters = 128;
const maxIdBytes = 256;
const slugCharacters = 64;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for; half a surrogate pair has no bytes
const unsafe = /[/\\:*?"<>|@\u0000-\u001f\u007f-\u009f\p{Cs}]/u;

/** True for an id that is safe as a stream name, a folder and a URL segment on every platform (contracts 1.1). */
export function isSafeId(id: string): boolean {
  return (
    id.length > 0 &&
    [...id].length <= maxIdCharacters &&
    new TextEncoder().encode(id).length <= maxIdBytes &&
    id === id.normalize('NFC') &&
    !unsafe.test(id) &&
    !/^[ .]|[ .]$/u.test(id)
  );
}

/** Returns the id. Throws `ID_INVALID`. */
export function checkId(id: string): string {
  if (isSafeId(id)) return id;
  throw new ConductorError('ID_INVALID', `${JSON.stringify(id.slice(0, maxIdCharacters))} is not a safe id`, {
    hint: 'Use 1 to 128 characters, none of / \\ : * ? " < > | @, no control characters, no space or dot at either end.',
  });
}

/**
 * How ids are compared for uniqueness: disks fold case, so ids that differ only there may not live side by side. Up and
 * down again, because lower case alone keeps ß beside ss and ſ beside s.
 */
export function foldedId(id: string): string {
  return id.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().normalize('NFC');
}

/** `[a-z0-9-]`, at most 64 characters; letters with marks lose them; nothing usable left gives `track`. */
export function slugOf(name: string): string {
  const ascii = name
    .replaceAll('ß', 'ss')
    .replaceAll(/[æÆ]/gu, 'ae')
    .replaceAll(/[øØ]/gu, 'o')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase();
  const slug = ascii
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .slice(0, slugCharacters)
    .replaceAll(/^-|-$/gu, '');
  return slug === '' ? 'track' : slug;
}

/** `<slug>_<YYYYMMDD>` of the day in `at`, with `-2`, `-3` … while `taken` says so. */
export function trackIdOf(name: string, at: string, taken: (id: string) => boolean): string {
  const base = `${slugOf(name)}_${at.slice(0, 10).replaceAll('-', '')}`;
  if (!taken(base)) return base;
  let n = 2;
  while (taken(`${base}-${n}`)) n += 1;
  return `${base}-${n}`;
}
