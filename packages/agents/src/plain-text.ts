/** Escape sequences of terminals: colours, cursor, titles. Bounded, so that no text can make it slow. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const escapes =
  /\u001b(?:\[[0-9;?]{0,32}[A-Za-z]|\][^\u0007\u001b]{0,512}(?:\u0007|\u001b\\)?|[()][A-B0-2]|[=>78cDEHM])/g;

/** Text of others as data: no escape sequences, no control characters but newline and tab, at most `maxCharacters`. */
export function plainText(text: string, maxCharacters: number): string {
  const plain = text.replaceAll(escapes, '').replaceAll(/[^\P{Cc}\n\t]/gu, '');
  return plain.length <= maxCharacters ? plain : `${plain.slice(0, maxCharacters - 1)}…`;
}

/** The same on one line, for titles and summaries. */
export function oneLine(text: string, maxCharacters: number): string {
  return plainText(
    text
      .slice(0, maxCharacters * 4)
      .replaceAll(/\s+/g, ' ')
      .trim(),
    maxCharacters,
  );
}
