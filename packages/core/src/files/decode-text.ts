type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** A file's text with all that is needed to write it as it was. */
export interface TextFile {
  /** Without its byte order mark. */
  readonly text: string;
  readonly encoding: Encoding;
  readonly mark: boolean;
  /** False: some bytes are no text of this encoding, so that writing it again would lose them. */
  readonly whole: boolean;
}

/**
 * The text of a file that some program wrote: UTF-8, or UTF-16 with a byte order mark or recognisable by its zero bytes
 * (editors on Windows). Never throws: what is no text comes out with replacement characters. The mark itself is left out.
 */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

/** The same with its encoding, for a file that is written again. */
export function readTextFile(bytes: Uint8Array): TextFile {
  const encoding = encodingOf(bytes);
  const mark = withMark(bytes, encoding);
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding, mark, whole: true };
  } catch {
    return { text: new TextDecoder(encoding).decode(bytes), encoding, mark, whole: false }; // said in the answer
  }
}

/** The bytes of a text in the encoding of another file. */
export function encodeLike(text: string, { encoding, mark }: Pick<TextFile, 'encoding' | 'mark'>): Uint8Array {
  const marked = (mark ? '\ufeff' : '') + text;
  if (encoding === 'utf-8') return new TextEncoder().encode(marked);
  const bytes = new Uint8Array(marked.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < marked.length; at += 1) view.setUint16(at * 2, marked.charCodeAt(at), encoding === 'utf-16le');
  return bytes;
}

function withMark([first, second, third]: Uint8Array, encoding: Encoding): boolean {
  if (encoding === 'utf-8') return first === 0xef && second === 0xbb && third === 0xbf;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function encodingOf(bytes: Uint8Array): Encoding {
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
