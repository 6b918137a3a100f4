/**
 * The text of a file that some program wrote: UTF-8, or UTF-16 with a byte order mark or recognisable by its zero bytes
 * (editors on Windows). Never throws: what is no text comes out with replacement characters. The mark itself is left out.
 */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [first = -1, second = -1] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // JSON and Markdown begin with ASCII; one half of each of its UTF-16 units is zero.
  if (second === 0 && first > 0) return 'utf-16le';
  return first === 0 && second > 0 ? 'utf-16be' : 'utf-8';
}

/** A text without its byte order mark, for a reader that was handed a text. */
export function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
