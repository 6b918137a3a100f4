// Characters that mean something in Markdown, by their codes: lines are looked through without a string for each character.
export const tab = 9;
export const space = 32;
export const hash = 35;
export const openParenthesis = 40;
export const closeParenthesis = 41;
export const asterisk = 42;
export const plus = 43;
export const hyphen = 45;
export const dot = 46;
export const colon = 58;
export const equals = 61;
export const greater = 62;
export const openBracket = 91;
export const closeBracket = 93;
export const underscore = 95;
export const backtick = 96;
export const bar = 124;
export const tilde = 126;

/** A space or a tab. */
export function isGap(code: number): boolean {
  return code === space || code === tab;
}

/** `0` to `9`. */
export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** A digit, `a` to `f` or `A` to `F`. */
export function isHex(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

/** A letter, or a mark upon one, of any script. */
export function isLetterAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code >= 128) return /^[\p{L}\p{M}]/u.test(text.slice(at, at + 2));
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}

/** The first place from `from` on where no space or tab stands. */
export function skipGaps(text: string, from: number): number {
  let at = from;
  while (isGap(text.charCodeAt(at))) at += 1;
  return at;
}

/** How often one character stands in a row from `from` on. */
export function runLength(text: string, from: number, end: number, code: number): number {
  let at = from;
  while (at < end && text.charCodeAt(at) === code) at += 1;
  return at - from;
}

/** Nothing but gaps stands there. */
export function onlyGaps(text: string, from: number, end: number): boolean {
  for (let at = from; at < end; at += 1) if (!isGap(text.charCodeAt(at))) return false;
  return true;
}

/** Nothing but gaps stands from `at` to the end of the line. */
export function endsLine(text: string, at: number): boolean {
  let after = at;
  while (after < text.length && isGap(text.charCodeAt(after))) after += 1;
  return after >= text.length || text[after] === '\n' || text[after] === '\r';
}

/** Nothing but gaps stands from the beginning of the line to `at`. */
export function startsLine(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isGap(text.charCodeAt(before))) before -= 1;
  return before < 0 || text[before] === '\n' || text[before] === '\r';
}

/** Where a sticky expression ends that is tried at one place, `at` when it does not match: without the objects that `exec` makes. */
export function endOfMatch(form: RegExp, text: string, at: number): number {
  form.lastIndex = at;
  return form.test(text) ? form.lastIndex : at;
}
