import { StringDecoder } from 'node:string_decoder';

/** Bytes of output, the first and the last of them when there are too many. */
export interface OutputLog {
  add(chunk: Uint8Array): void;
  /** All that was kept, with a mark where some was left out. */
  text(): string;
}

/** Keeps at most `maxBytes`: half from the beginning, where an agent says what it does, half from the end, where it fails. */
export function outputLog(maxBytes: number): OutputLog {
  const head = tailOf(Math.ceil(maxBytes / 2));
  const tail = tailOf(Math.floor(maxBytes / 2));
  let headBytes = 0;
  let omitted = 0;
  return {
    add(chunk) {
      const room = Math.max(0, Math.ceil(maxBytes / 2) - headBytes);
      headBytes += Math.min(room, chunk.length);
      if (room > 0) head.add(chunk.subarray(0, room));
      if (chunk.length > room) omitted += tail.add(chunk.subarray(room));
    },
    text() {
      const mark = omitted === 0 ? '' : `\n… ${omitted} bytes left out …\n`;
      return `${head.text()}${mark}${tail.text()}`;
    },
  };
}

/** The last `maxBytes` of an output. `add` returns how many bytes it let go. */
export function tailOf(maxBytes: number): { add(chunk: Uint8Array): number; text(): string } {
  let chunks: Buffer[] = [];
  let bytes = 0;
  return {
    add(chunk) {
      chunks.push(Buffer.from(chunk));
      bytes += chunk.length;
      // Compacted at twice the size, so that many small writes stay cheap.
      if (bytes <= maxBytes) return 0;
      let dropped = 0;
      while (chunks[0] !== undefined && bytes - chunks[0].length >= maxBytes) {
        bytes -= chunks[0].length;
        dropped += chunks.shift()?.length ?? 0;
      }
      const over = bytes - maxBytes;
      if (over > 0 && chunks[0] !== undefined) chunks[0] = chunks[0].subarray(over);
      bytes -= Math.max(0, over);
      return dropped + Math.max(0, over);
    },
    text() {
      chunks = [Buffer.concat(chunks)];
      return wholeCharacters(chunks[0] ?? Buffer.alloc(0)).toString('utf8');
    },
  };
}

/** Without the rest of a character whose beginning was cut away. */
function wholeCharacters(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start);
}

/** One line of output; `cut` when it was longer than it may be. */
export type OnLine = (line: string, cut: boolean) => void;

/** Splits output into lines of at most `maxCharacters`; the rest of a longer one is dropped. */
export function lineSplitter(maxCharacters: number, onLine: OnLine): { add(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let line = '';
  let cut = false;
  const emit = () => {
    onLine(line.endsWith('\r') ? line.slice(0, -1) : line, cut);
    line = '';
    cut = false;
  };
  const take = (text: string) => {
    const room = maxCharacters - line.length;
    if (text.length > room) cut = true;
    line += text.slice(0, Math.max(0, room));
  };
  const feed = (text: string) => {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      take(text.slice(from, end));
      emit();
      from = end + 1;
    }
    take(text.slice(from));
  };
  return {
    add: (chunk) => feed(decoder.write(chunk)),
    end() {
      feed(decoder.end());
      if (line !== '') emit();
    },
  };
}
